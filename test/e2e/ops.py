#!/usr/bin/python3
"""Every case of ops/*.json: tiny networks in dlc against the float64 reference.

A case has "layers", an "input" shape (or named "inputs"), and optionally "batch", "dtype",
"outputs", "blocks"; weights and inputs are random unless "x", "weights" and the expected
"y" are given. Cases of one file and batch are compiled together, as one network with many
inputs and outputs; should that fail, each case of it is tried alone.
"""

import glob
import os
import sys
import threading

import numpy as np

import dlctest
import reference

GROUP = 8  # cases that share a network
RELATIVE = 1e-5  # of max(1, the largest expected number)


class Case:
    def __init__(self, file, index, fields):
        self.name = f"{os.path.splitext(os.path.basename(file))[0]}/{fields['name']}"
        self.batch, self.limit = fields.get("batch", 2), fields.get("limit")
        inputs = fields.get("inputs") or {"x": fields["input"]}
        layers = [dict(layer) for layer in fields["layers"]]
        layers[-1].setdefault("name", "out")
        self.model = {"$schema": "dlc-model-1.json", "dlc": 1, "name": "case"}
        dtype = fields.get("dtype", "float32")
        self.model["inputs"] = [{"name": n, "shape": s, "dtype": dtype} for n, s in inputs.items()]
        self.model.update({"blocks": fields["blocks"]} if "blocks" in fields else {})
        self.model["layers"] = layers
        self.model["outputs"] = fields.get("outputs") or [layers[-1]["name"]]
        self.mergeable = not any("block" in layer or "repeat" in layer for layer in layers)
        self.expect(fields, index)

    def expect(self, fields, index):
        """Draws what is not given and computes what dlc has to answer."""
        random = reference.Random(index)
        random.tensors.update({k: np.array(v, np.float32) for k, v in fields.get("weights", {}).items()})
        self.inputs = reference.random_inputs(self.model, self.batch, index + 1)
        if "x" in fields:
            self.inputs = [np.array(fields["x"], np.float32)]
            self.batch = len(self.inputs[0])
        self.want = reference.Network(self.model).run(self.inputs, random)
        self.weights = random.tensors
        if "y" in fields:
            given = np.array(fields["y"], float)
            dlctest.close(self.want[0], given, self.limit or 1e-9, "the reference itself")
            self.want = [given]

    def check(self, outputs):
        for got, want, name in zip(outputs, self.want, self.model["outputs"]):
            dlctest.close(got, want, self.limit or dlctest.scaled(want, RELATIVE), name)


def merge(cases):
    """One network that holds all `cases`, every name prefixed; and its weights."""
    model = {
        "$schema": "dlc-model-1.json",
        "dlc": 1,
        "name": "cases",
        "inputs": [],
        "layers": [],
        "outputs": [],
    }
    weights = {}
    for i, case in enumerate(cases):
        prefix = f"k{i}_"
        model["inputs"] += [{**entry, "name": prefix + entry["name"]} for entry in case.model["inputs"]]
        flow = prefix + case.model["inputs"][0]["name"]
        for j, layer in enumerate(case.model["layers"]):
            sources = layer.get("from", [])
            sources = [prefix + s for s in ([sources] if isinstance(sources, str) else sources)] or [flow]
            flow = prefix + layer.get("name", f"unnamed{j}")
            layer = {**layer, "name": flow, "from": sources if len(sources) > 1 else sources[0]}
            if "share" in layer:
                layer["share"] = prefix + layer["share"]
            model["layers"].append(layer)
        model["outputs"] += [prefix + name for name in case.model["outputs"]]
        weights.update({prefix + name: value for name, value in case.weights.items()})
    return model, weights


class Group:
    """Cases that are compiled and run together, once, by whichever of them comes first."""

    def __init__(self, dlc):
        self.dlc, self.cases, self.lock, self.outputs = dlc, [], threading.Lock(), None

    def test(self, case):
        def run():
            with self.lock:
                if self.outputs is None:
                    self.outputs = self.run(self.cases)
            outputs = self.outputs.get(case.name)
            if isinstance(outputs, Exception):
                raise outputs
            case.check(outputs)

        return case.name, run

    def run(self, cases):
        """Returns {case name: outputs, or the failure}."""
        model, weights = merge(cases) if len(cases) > 1 else (cases[0].model, cases[0].weights)
        folder = self.dlc.folder(cases[0].name)
        path = dlctest.save_json(os.path.join(folder, "model.json"), model)
        file = os.path.join(folder, "weights.safetensors")
        dlctest.write_safetensors(file, weights)
        inputs = [x for case in cases for x in case.inputs]
        try:
            outputs = self.dlc.run(
                path, inputs, folder, weights=file if weights else None, outputs=len(model["outputs"])
            )
        except AssertionError as failure:
            if len(cases) == 1:
                return {cases[0].name: failure}
            return {name: got for case in cases for name, got in self.run([case]).items()}
        outputs = iter(outputs if len(model["outputs"]) > 1 else [outputs])
        return {case.name: [next(outputs) for _ in case.model["outputs"]] for case in cases}


def grouped(keyed, make_group, size=GROUP):
    """Tests of (key, case): up to `size` cases of one key share a group. Each group's first test, which runs
    it, comes before all others, which would only wait for it."""
    groups, last = [], {}
    for key, case in keyed:
        if key not in last or len(last[key].cases) == size:
            last[key] = make_group()
            groups.append(last[key])
        last[key].cases.append(case)
    firsts = [group.test(group.cases[0]) for group in groups]
    return firsts + [group.test(case) for group in groups for case in group.cases[1:]]


def cases(dlc, args):
    keyed = []
    for file in sorted(glob.glob(os.path.join(dlctest.E2E, "ops", "*.json"))):
        for index, fields in enumerate(dlctest.load_json(file)["cases"]):
            case = Case(file, index, fields)
            if args.filter in case.name:
                keyed.append(((file, case.batch, case.mergeable or case.name), case))
    return grouped(keyed, lambda: Group(dlc), size=1 if args.alone else GROUP)


if __name__ == "__main__":
    parser = dlctest.arguments(__doc__)
    parser.add_argument("--alone", action="store_true", help="compile every case by itself")
    sys.exit(dlctest.main(__doc__, cases, parser))
