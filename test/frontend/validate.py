"""Checks model files against dlc's schema: validate.py SCHEMA.json FOLDER...

A validator of just the keywords that the schema uses, so that the test needs no package.
"""

import json
import os
import re
import sys

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def has_type(value, name):
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if name == "number":
        return number
    if name == "integer":
        return number and value == int(value)
    return isinstance(value, TYPES[name])


def accepts(schema, value, defs):
    """Whether the value satisfies the schema; fails on a keyword it does not know."""
    if isinstance(schema, bool):
        return schema
    good = lambda part: accepts(part, value, defs)
    for key, rule in schema.items():
        if key in ("$schema", "$id", "$defs", "title", "description", "default"):
            ok = True
        elif key == "$ref":
            ok = good(defs[rule.removeprefix("#/$defs/")])
        elif key == "anyOf":
            ok = any(map(good, rule))
        elif key == "oneOf":
            ok = sum(map(good, rule)) == 1
        elif key == "type":
            ok = has_type(value, rule)
        elif key == "const":
            ok = value == rule and type(value) is type(rule)
        elif key == "enum":
            ok = value in rule
        elif key == "pattern":
            ok = not isinstance(value, str) or re.search(rule, value) is not None
        elif key in ("minimum", "maximum"):
            ok = not has_type(value, "number") or (value >= rule if key == "minimum" else value <= rule)
        elif key in ("minItems", "maxItems"):
            ok = not isinstance(value, list) or (
                len(value) >= rule if key == "minItems" else len(value) <= rule
            )
        elif key == "items":
            ok = not isinstance(value, list) or all(accepts(rule, v, defs) for v in value)
        elif key == "required":
            ok = not isinstance(value, dict) or all(name in value for name in rule)
        elif key == "properties":
            ok = not isinstance(value, dict) or all(
                accepts(rule[name], v, defs) for name, v in value.items() if name in rule
            )
        elif key == "additionalProperties":
            ok = not isinstance(value, dict) or all(
                accepts(rule, v, defs)
                for name, v in value.items()
                if name not in schema.get("properties", {})
            )
        else:
            raise ValueError("unknown keyword " + key)
        if not ok:
            return False
    return True


BASE = {
    "name": "m",
    "inputs": [{"name": "x", "shape": [4]}],
    "layers": [{"type": "Dense", "units": 3}],
}


def models_in(folder):
    for name in sorted(os.listdir(folder)):
        if name.endswith(".json"):
            with open(os.path.join(folder, name)) as file:
                document = json.load(file)
            # A file of operator cases holds the layers of many models.
            for case in document.get("cases", [document]):
                model = {key: case[key] for key in case if key in ("layers", "blocks", "outputs")}
                yield name, document if case is document else BASE | model



MISTAKES = [
    {"layers": 3},
    {"name": "a/b"},
    {"inputs": []},
    {"layers": [{"type": "Dense"}]},
    {"layers": [{"type": "Dense", "units": 3, "unit": 3}]},
    {"layers": [{"type": "Conv2D", "filters": 3, "kernel_size": "three"}]},
]


def main():
    with open(sys.argv[1]) as file:
        schema = json.load(file)
    defs = schema["$defs"]
    count = 0
    for folder in sys.argv[2:]:
        for name, model in models_in(folder):
            if not accepts(schema, model, defs):
                sys.exit(f"the schema refuses {name}: {json.dumps(model)}")
            count += 1
    assert accepts(schema, BASE, defs)
    for mistake in MISTAKES:
        if accepts(schema, BASE | mistake, defs):
            sys.exit(f"the schema accepts {json.dumps(mistake)}")
    print(f"{count} models accepted, {len(MISTAKES)} mistakes refused")


main()
