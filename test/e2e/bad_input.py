#!/usr/bin/python3
"""Bad model.json of every kind: exit 1, file:line:column, the reason, nothing written.

A case replaces one piece of BASE (or is a whole text); the mark `§` in it stands before
the place that the message has to name (its line; the column is not compared).
"""

import json
import os
import re
import sys

import numpy as np

import dlctest

BASE = """{
 "$schema": "dlc-model-1.json", "dlc": 1, "name": "base",
 "inputs": [{"name": "x", "shape": [8, 8, 3]}],
 "layers": [
  {"type": "Conv2D", "name": "c1", "filters": 4, "kernel_size": 3},
  {"type": "MaxPooling2D", "name": "p1"},
  {"type": "Flatten", "name": "f"},
  {"type": "Dense", "name": "out", "units": 5}
 ],
 "outputs": ["out"]
}
"""
CONV = '{"type": "Conv2D", "name": "c1", "filters": 4, "kernel_size": 3}'
POOL = '{"type": "MaxPooling2D", "name": "p1"}'
FLAT = '{"type": "Flatten", "name": "f"}'
DENSE = '{"type": "Dense", "name": "out", "units": 5}'
SHAPE = "[8, 8, 3]"

# name: (piece of BASE, what stands there instead, words the message has to hold)
EDITS = {
    "broken/comma": (f"{FLAT},\n  {DENSE}", f"{FLAT}\n  §{DENSE}", ""),
    "broken/quote": ('"name": "f"', '§"name: "f"', ""),
    "broken/bracket": ("\n ],\n", "\n §}\n", ""),
    "broken/trailing": ('["out"]\n}', '["out"]\n}\n§}', ""),
    "broken/word": ('"units": 5', '"units": §five', ""),
    "broken/leading_zero": ('"units": 5', '"units": §05', ""),
    "broken/nan": ('"units": 5', '"units": §NaN', ""),
    "broken/comment": (FLAT, "§// flat\n  " + FLAT, ""),
    "broken/trailing_comma": (DENSE + "\n ]", DENSE + ",\n §]", ""),
    "broken/huge_number": ('"units": 5', '"units": §1e999', ""),
    "broken/control_character": ('"name": "f"', '"name": §"f\x01"', ""),
    "broken/utf8": ('"name": "f"', '"name": §"f\udcff"', ""),
    "layer/unknown": (
        CONV,
        '{"type": §"Conv2d", "name": "c1", "filters": 4, "kernel_size": 3}',
        "did you mean.*Conv2D",
    ),
    "layer/unknown_far": (FLAT, '{"type": §"Zebra", "name": "f"}', "Zebra"),
    "layer/no_type": (FLAT, '§{"name": "f"}', "type"),
    "layer/not_an_object": (FLAT, '§"Flatten"', ""),
    "key/unknown": ('"units": 5', '§"unit": 5', "unit.*did you mean.*units"),
    "key/unknown_second": ('"filters": 4', '§"filter": 4', "c1.*filter.*did you mean.*filters"),
    "key/of_another_layer": (FLAT, '{"type": "Flatten", "name": "f", §"filters": 3}', "filters"),
    "key/unknown_top": ('"outputs"', '§"output"', "did you mean.*outputs"),
    "key/unknown_input": (SHAPE, SHAPE + ', §"shap": 3', "shap"),
    "key/missing": ('"filters": 4, ', "", "c1.*filters"),
    "key/missing_units": ('"out", "units": 5', '"out"', "out.*units"),
    "key/duplicate": ('"units": 5', '"units": 5, §"units": 6', "units"),
    "key/duplicate_top": (' "outputs"', ' §"name": "again",\n "outputs"', "name"),
    "type/string": ('"units": 5', '"units": §"5"', "units"),
    "type/fraction": ('"units": 5', '"units": §5.5', "units"),
    "type/bool": ('"units": 5', '"units": §true', "units"),
    "type/null": ('"units": 5', '"units": §null', "units"),
    "type/list": ('"units": 5', '"units": §[5]', "units"),
    "type/number_for_bool": ('"units": 5', '"units": 5, "use_bias": §1', "use_bias"),
    "type/number_for_text": ('"name": "f"', '"name": §3', "name"),
    "type/layers": ('"layers": [', '"layers": §{}, "lay": [', "layers"),
    "type/inputs": ('"inputs": [{"name": "x", "shape": [8, 8, 3]}]', '"inputs": §"x"', "inputs"),
    "type/top": (BASE, "§[1, 2]\n", ""),
    "type/kernel_of_three": ('"kernel_size": 3', '"kernel_size": §[3, 3, 3]', "kernel_size"),
    "type/padding_word": ('"kernel_size": 3', '"kernel_size": 3, "padding": §"sane"', "padding.*same"),
    "type/padding_list": ('"kernel_size": 3', '"kernel_size": 3, "padding": §[[1, 1], [1]]', "padding"),
    "type/activation": ('"units": 5', '"units": 5, "activation": §"rellu"', "did you mean.*relu"),
    "type/dtype": (SHAPE, SHAPE + ', "dtype": §"float31"', "did you mean.*float32"),
    "type/dlc_version": ('"dlc": 1', '"dlc": §2', "2"),
    "name/duplicate_layer": (FLAT, '{"type": "Flatten", "name": §"c1"}', "c1"),
    "name/layer_as_input": (FLAT, '{"type": "Flatten", "name": §"x"}', "x"),
    "name/duplicate_input": (SHAPE + "}", SHAPE + '}, {"name": §"x", "shape": [3]}', "x"),
    "name/empty": ('"name": "base"', '"name": §""', "name"),
    "name/empty_layer": ('"name": "f"', '"name": §""', "name"),
    "name/slash_in_layer": ('"name": "f"', '"name": §"../f"', "name"),
    "from/missing": (FLAT, '{"type": "Flatten", "name": "f", "from": §"p2"}', "did you mean.*p1"),
    "from/itself": (FLAT, '{"type": "Flatten", "name": "f", "from": §"f"}', "f"),
    "from/cycle": (POOL, '{"type": "Add", "name": "p1", "from": ["c1", §"f"]}', "f"),
    "from/empty": (FLAT, '{"type": "Flatten", "name": "f", "from": §[]}', "from"),
    "from/two_for_one": (FLAT, '{"type": "Flatten", "name": "f", "from": §["p1", "c1"]}', "f"),
    "from/one_for_add": (FLAT, '§{"type": "Add", "name": "f", "from": ["p1"]}', "f"),
    "from/number": (FLAT, '{"type": "Flatten", "name": "f", "from": §3}', "from"),
    "from/at_in_outside": (FLAT, '{"type": "Flatten", "name": "f", "from": §"@in"}', "@in"),
    "outputs/unknown": ('["out"]', '[§"ot"]', "did you mean.*out"),
    "outputs/empty": ('"outputs": ["out"]', '"outputs": §[]', "outputs"),
    "outputs/twice": ('["out"]', '["out", §"out"]', "out"),
    "layers/empty": (",\n  ".join((CONV, POOL, FLAT, DENSE)), "", "layers"),
    "inputs/empty": ('[{"name": "x", "shape": [8, 8, 3]}]', "§[]", "inputs"),
    "inputs/no_shape": (', "shape": [8, 8, 3]', "", "shape"),
    "share/unknown": ('"units": 5', '"units": 5, "share": §"ot"', "ot"),
    "share/other_type": ('"units": 5', '"units": 5, "share": §"c1"', "c1"),
    "repeat/zero": (
        FLAT,
        '{"repeat": §0, "name": "r", "layers": [{"type": "Flatten", "name": "f"}]}',
        "repeat",
    ),
    "repeat/huge": (
        FLAT,
        '{"repeat": §1000000000, "name": "r", "layers": [{"type": "ReLU", "name": "f"}]}',
        "repeat",
    ),
    "block/unknown": (FLAT, '{"block": §"bottle", "name": "b"}', "bottle"),
    "fit/conv_on_vector": (
        DENSE,
        '§{"type": "Conv2D", "name": "out", "filters": 4, "kernel_size": 3}',
        "out",
    ),
    "fit/add": (FLAT, '§{"type": "Add", "name": "f", "from": ["p1", "c1"]}', "f.*3.*6"),
    "fit/multiply": (FLAT, '§{"type": "Multiply", "name": "f", "from": ["p1", "c1"]}', "f"),
    "fit/concat": (FLAT, '§{"type": "Concatenate", "name": "f", "from": ["p1", "c1"]}', "f"),
    "fit/concat_axis": (
        FLAT,
        '§{"type": "Concatenate", "name": "f", "axis": 7, "from": ["p1", "p1"]}',
        "axis",
    ),
    "fit/reshape": (FLAT, '§{"type": "Reshape", "name": "f", "target_shape": [5, 7]}', "f.*36"),
    "fit/two_unknowns": (FLAT, '§{"type": "Reshape", "name": "f", "target_shape": [-1, -1]}', "-1"),
    "fit/groups": ('"filters": 4', '"filters": 4, "groups": §2', "groups"),
    "fit/groups_of_filters": ('"filters": 4', '"filters": 4, "groups": §3', "groups"),
    "fit/pool_on_vector": (DENSE, '§{"type": "MaxPooling2D", "name": "out"}', "out"),
    "fit/lrn_even": (FLAT, '§{"type": "LRN", "name": "f", "size": 4}', "size"),
    "fit/normalization": (
        FLAT,
        '§{"type": "Normalization", "name": "f", "mean": [1, 2], "variance": [1, 2]}',
        "f",
    ),
    "size/zero_filters": ('"filters": 4', '"filters": §0', "filters"),
    "size/negative_filters": ('"filters": 4', '"filters": §-4', "filters"),
    "size/zero_units": ('"units": 5', '"units": §0', "units"),
    "size/zero_kernel": ('"kernel_size": 3', '"kernel_size": §[3, 0]', "kernel_size"),
    "size/negative_kernel": ('"kernel_size": 3', '"kernel_size": §-3', "kernel_size"),
    "size/zero_stride": ('"kernel_size": 3', '"kernel_size": 3, "strides": §0', "strides"),
    "size/zero_dilation": ('"kernel_size": 3', '"kernel_size": 3, "dilation_rate": §0', "dilation_rate"),
    "size/negative_padding": (
        '"kernel_size": 3',
        '"kernel_size": 3, "padding": §[[-1, 1], [1, 1]]',
        "padding",
    ),
    "size/zero_pool": (POOL, '{"type": "MaxPooling2D", "name": "p1", "pool_size": §0}', "pool_size"),
    "size/zero_groups": ('"filters": 4', '"filters": 4, "groups": §0', "groups"),
    "size/negative_epsilon": (
        POOL,
        '{"type": "BatchNormalization", "name": "p1", "epsilon": §-1}',
        "epsilon",
    ),
    "size/dropout_rate": (POOL, '{"type": "Dropout", "name": "p1", "rate": §1.5}', "rate"),
    "size/zero_shape": (SHAPE, "[8, §0, 3]", "shape"),
    "size/negative_shape": (SHAPE, "[8, §-8, 3]", "shape"),
    "size/no_rank": (SHAPE, "§[]", "shape"),
    "size/endless_rank": (SHAPE, "§[1, 1, 1, 1, 1, 1, 1, 1, 1, 1]", "shape"),
    "size/overflow_shape": (SHAPE, "§[4000000000, 4000000000, 3]", "x"),
    "size/overflow_filters": ('"filters": 4', '"filters": §4000000000000000000', "filters"),
    "size/overflow_number": ('"filters": 4', '"filters": §99999999999999999999999', "filters"),
    "size/overflow_units": ('"units": 5', '"units": §9000000000000000000', "units"),
    "size/overflow_padding": (
        '"kernel_size": 3',
        '"kernel_size": 3, "padding": §[[9000000000000000000, 9000000000000000000], [1, 1]]',
        "padding",
    ),
    "size/overflow_stride": (
        '"kernel_size": 3',
        '"kernel_size": 3, "strides": §9300000000000000000',
        "strides",
    ),
    "size/overflow_dilation": (
        '"kernel_size": 3',
        '"kernel_size": 3, "dilation_rate": §9000000000000000000',
        "dilation_rate",
    ),
    "size/overflow_channel_pad": (
        POOL,
        '{"type": "ChannelPad", "name": "p1", "before": §9000000000000000000, "after": 9000000000000000000}',
        "p1",
    ),
    "size/overflow_reshape": (
        FLAT,
        '{"type": "Reshape", "name": "f", "target_shape": §[4294967296, 4294967296]}',
        "f",
    ),
    "kernel/larger_than_image": ('"kernel_size": 3', '"kernel_size": §9', "c1.*9.*8"),
    "kernel/dilated_out": ('"kernel_size": 3', '"kernel_size": 3, "dilation_rate": §4', "c1"),
    "kernel/pool": (POOL, '{"type": "MaxPooling2D", "name": "p1", "pool_size": §7}', "p1"),
    "kernel/depthwise": (POOL, '{"type": "DepthwiseConv2D", "name": "p1", "kernel_size": §[7, 1]}', "p1"),
}


def model_case(dlc, name, text, words):
    def case():
        folder = dlc.folder(name)
        before, mark, after = text.partition("§")
        path = os.path.join(folder, "bad.json")
        with open(path, "wb") as f:
            f.write((before + after).encode("utf-8", "surrogateescape"))
        line = before.count("\n") + 1 if mark else r"\d+"
        dlctest.refuse(dlc, ["compile", "bad.json", "-o", "out"], folder, words, rf"bad\.json:{line}:\d+")
        assert not os.path.exists(os.path.join(folder, "out")), "made the output folder"

    return case


def edit(piece, new):
    assert BASE.count(piece) == 1, f"{piece!r} is not once in BASE"
    return BASE.replace(piece, new)


WHOLE = {  # name: (text, words)
    "broken/empty_file": ("", ""),
    "broken/only_space": (" \n\n ", ""),
    "broken/cut": (BASE[:200], ""),
    "broken/zero_bytes": ("\0" * 64, ""),
    "nested/brackets": ("§" + "[" * 200_000, "deep|nest"),
    "nested/objects": ("§" + '{"a":' * 100_000, "deep|nest"),
    "nested/closed": ("§" + "[" * 200_000 + "]" * 200_000, "deep|nest"),
    "nested/in_a_layer": (edit('"units": 5', '"units": §' + "[" * 200_000 + "]" * 200_000), "deep|nest"),
}


# Cases that need more than a text -----------------------------------------------------------


def missing_model(dlc):
    dlctest.refuse(dlc, ["compile", "gone.json", "-o", "out"], dlc.folder("missing_model"), "gone.json")


def folder_as_model(dlc):
    dlctest.refuse(dlc, ["compile", ".", "-o", "out"], dlc.folder("folder_as_model"), "")


def names(dlc):
    """Names that are no C identifiers or are paths: refused, or made into one; no file leaves the folder."""
    for name in ("../../evil", "/tmp/evil", "a/b", "1st net!", "double", "..", "x" * 5000, "na\u00efve"):
        folder = dlc.folder("names")
        dlctest.save_json(os.path.join(folder, "m.json"), {**json.loads(BASE), "name": name})
        code, out, err = dlctest.execute([dlc.path, "compile", "m.json", "-o", "out"], cwd=folder)
        assert code in (0, 1), f"{name[:20]!r}: exit {code}\n{out}{err}"
        places = {
            os.path.relpath(d, folder) for d, _, files in os.walk(folder) for f in files if f != "m.json"
        }
        assert places <= ({"out"} if code == 0 else set()), f"{name[:20]!r}: files in {places}"
        if code == 0:
            header = next(
                f
                for f in os.listdir(os.path.join(folder, "out"))
                if f.endswith(".h") and f != "dlc_runtime.h"
            )
            assert re.fullmatch(r"[A-Za-z_]\w*\.h", header), header
        else:
            assert re.search(r"m\.json:\d+:\d+: error: |m\.json: ", err), err
    assert not os.path.exists("/tmp/evil.h")


def colliding_names(dlc):
    """Two inputs that become the same C name."""
    folder = dlc.folder("colliding")
    model = json.loads(BASE)
    model["inputs"] = [{"name": "a-b", "shape": [3]}, {"name": "a_b", "shape": [3]}]
    model["layers"] = [{"type": "Add", "name": "out", "from": ["a-b", "a_b"]}]
    dlctest.save_json(os.path.join(folder, "m.json"), model)
    dlctest.refuse(dlc, ["compile", "m.json", "-o", "out"], folder, "a_b|a-b")


def fuzz_model(dlc):
    """The model cut at, and spoilt at, every few bytes: exit 0 or 1, never a crash."""
    folder, rng = dlc.folder("fuzz_model"), np.random.default_rng(5)
    text = BASE.encode()
    for at in range(3, len(text), 23):
        spoilt = bytearray(text)
        spoilt[at] = int(rng.integers(1, 256))
        for data in (text[:at], bytes(spoilt)):
            with open(os.path.join(folder, "m.json"), "wb") as f:
                f.write(data)
            code, out, err = dlctest.execute(
                [dlc.path, "compile", "m.json", "--emit", "nn", "-o", "out"], cwd=folder
            )
            assert code in (0, 1), f"byte {at}: exit {code}\n{out}{err}\n{data!r}"


OTHERS = (missing_model, folder_as_model, names, colliding_names, fuzz_model)


def cases(dlc, args):
    found = [
        (name, model_case(dlc, name, edit(piece, new), words)) for name, (piece, new, words) in EDITS.items()
    ]
    found += [(name, model_case(dlc, name, text, words)) for name, (text, words) in WHOLE.items()]
    return found + [(f"other/{check.__name__}", lambda check=check: check(dlc)) for check in OTHERS]


if __name__ == "__main__":
    sys.exit(dlctest.main(__doc__, cases))
