#!/usr/bin/python3
"""Writes model.json from the topology.json of a golden pack, one layer a line.

    tools/scripts/pack_to_model.py ../shared/golden/inference/<net> > test/e2e/models/<net>.json

Fields at their defaults are left out and `from` is written only where it is not the
layer before. The layer names are the pack's, so its weights.safetensors load unchanged.
"""

import json
import os
import sys

DEFAULTS = {
    "strides": 1,
    "padding": "valid",
    "dilation_rate": 1,
    "groups": 1,
    "use_bias": True,
    "activation": "linear",
    "epsilon": 1e-3,
    "axis": -1,
    "ceil_mode": False,
}


def short(value):
    square = isinstance(value, list) and len(value) == 2 and value[0] == value[1]
    return value[0] if square and isinstance(value[0], int) else value


def layer_line(layer, before):
    line = {"type": layer["class"], "name": layer["name"]}
    for key, value in layer.items():
        if key in ("name", "class", "inputs", "weights") or key.startswith("pads"):
            continue
        value = short(value)
        if key == "axis" and layer["class"] == "BatchNormalization":
            continue  # always the channels, which are last
        pool_stride = key == "strides" and value == short(layer.get("pool_size"))
        is_default = value == DEFAULTS.get(key) and not ("Pooling" in layer["class"] and key == "strides")
        if not pool_stride and not is_default:
            line[key] = value
    sources = layer.get("inputs", [])
    if sources and sources != [before]:
        line["from"] = sources if len(sources) > 1 else sources[0]
    return line


def main():
    folder = os.path.normpath(sys.argv[1])
    with open(os.path.join(folder, "topology.json")) as f:
        layers = json.load(f)
    entry = layers[0]
    # A leading null is time; these packs have 100 steps.
    shape = [100 if n is None else n for n in entry["shape"]]
    lines = [layer_line(layer, before["name"]) for before, layer in zip(layers, layers[1:])]
    one_line = lambda value: json.dumps(value, separators=(", ", ": "))
    print("{")
    print(' "$schema": "dlc-model-1.json", "dlc": 1, "name": %s,' % one_line(os.path.basename(folder)))
    print(' "inputs": [%s],' % one_line({"name": entry["name"], "shape": shape}))
    print(' "layers": [')
    print(",\n".join("  " + one_line(line) for line in lines))
    print(" ],")
    print(' "outputs": [%s]' % one_line(lines[-1]["name"]))
    print("}")


if __name__ == "__main__":
    main()
