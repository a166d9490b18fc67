#!/usr/bin/python3
"""The gradients of every layer, through `backward` of compiled libraries.

The cases are those of ops/*.json, against slopes of the float64 reference (single elements and
whole directions, without those that cross a kink), and the operator packs of ../shared/golden,
against their gradients. They are grouped as in ops.py; every output gets a random gradient of
its own. Random layers are compared with the numbers that the reference draws by itself.
"""

import glob
import os
import sys
import threading

import numpy as np

import dlctest
import golden_ops
import library
import ops
import reference

RELATIVE = 2e-5  # of the largest element of a gradient or of 1; of its length for a direction
ELEMENTS = 4  # of each tensor that are tried alone
STEP = 1e-5  # of central differences in float64
STATE = ("moving_mean", "moving_variance")


def batch_norm(f, weights, x):
    """With the moments of the batch, unless the layer is frozen."""
    frozen = f.get("trainable", True) is False
    given = reference.batch_norm(f, weights, x)
    if frozen:
        return given
    axis = f.get("axis", -1)
    x = np.moveaxis(x, axis, -1)
    over, channels = tuple(range(x.ndim - 1)), (x.shape[-1],)
    y = (x - x.mean(over)) / np.sqrt(x.var(over) + f.get("epsilon", 1e-3))
    y = y * weights("gamma", channels) if f.get("scale", True) else y
    y = y + weights("beta", channels) if f.get("center", True) else y
    return np.moveaxis(y, -1, axis)


def activation(f, weights, x):
    """The slope of a sign counts as 1."""
    return x if f["activation"] == "sign" else reference.LAYERS["Activation"](f, weights, x)


class TrainingNetwork(reference.Network):
    kinds = {**reference.LAYERS, "Activation": activation, "BatchNormalization": batch_norm}


class Slopes:
    """sum(outputs * upstream) of a network as a function of its inputs and weights."""

    def __init__(self, case, upstream):
        self.network, self.upstream = TrainingNetwork(case.model), upstream
        self.names = [entry["name"] for entry in case.model["inputs"]]
        self.tensors = {n: np.asarray(x, np.float64) for n, x in zip(self.names, case.inputs)}
        self.tensors.update({n: np.asarray(w, np.float64) for n, w in case.weights.items()})
        self.middle = self.value(self.tensors)

    def value(self, tensors):
        inputs = [tensors[name] for name in self.names]
        outputs = self.network.run(inputs, lambda name, shape: tensors[name])
        return sum(float((y * g).sum()) for y, g in zip(outputs, self.upstream))

    def along(self, name, direction):
        """The slope along `direction`, or None at a kink."""
        at = lambda step: self.value({**self.tensors, name: self.tensors[name] + step * direction})
        up, down = at(STEP), at(-STEP)
        slope = (up - down) / (2 * STEP)
        bend = abs(up - 2 * self.middle + down) / STEP
        return None if bend > 1e-3 * max(1.0, abs(slope)) else slope


class SlopeCase:
    """A case of ops.py whose gradients are compared with slopes."""

    def __init__(self, case, seed):
        self.case, self.name, self.rng = case, case.name, np.random.default_rng(seed)
        self.upstream = [
            self.rng.standard_normal(np.shape(y)).astype(np.float32)
            for y in TrainingNetwork(case.model).run(case.inputs, reference.Given(case.weights))
        ]

    def check(self, gradients):
        slopes, tried = Slopes(self.case, self.upstream), 0
        for name, got in gradients.items():
            largest = max(1.0, float(np.abs(got).max()))
            assert np.isfinite(got).all(), f"gradient of {name}: not finite"
            for place in self.rng.choice(got.size, min(ELEMENTS, got.size), replace=False):
                direction = np.zeros(got.shape)
                direction.flat[place] = 1
                tried += self.compare(slopes, name, direction, got.flat[place], RELATIVE * largest)
            direction = self.rng.standard_normal(got.shape)
            direction /= max(1e-9, np.linalg.norm(direction))
            limit = RELATIVE * max(1.0, float(np.linalg.norm(got)))
            tried += self.compare(slopes, name, direction, float((got * direction).sum()), limit)
        return f"{tried} slopes"

    def compare(self, slopes, name, direction, got, limit):
        want = slopes.along(name, direction)
        if want is None:
            return 0
        where = f" at element {int(direction.argmax())}" if np.count_nonzero(direction) == 1 else ""
        assert abs(got - want) <= limit, f"gradient of {name}{where}: {got:.7g}, slope {want:.7g}, limit {limit:.2g}"
        return 1


class GoldenCase:
    """An operator pack with its gradients."""

    def __init__(self, case, path):
        self.case, self.name = case, "golden/" + case.name.split("/")[-1]
        self.data = np.load(path, allow_pickle=False)
        self.upstream = [self.data["upstream"]]

    def check(self, gradients):
        compared = 0
        for key in self.data.files:
            if not key.startswith("grad_"):
                continue
            want, name = self.data[key], key[5:]
            names = [name, golden_ops.WEIGHTS.get(name), f"c/{name}", f"pointwise/{name}"]
            # Weights of frozen layers have none.
            for got in [gradients[n] for n in names if n in gradients]:
                dlctest.close(got, want, 1e-5 * max(1.0, float(np.abs(want).max())), key)
                compared += 1
        assert compared
        return f"{compared} gradients"


def trainable(model):
    """With a weight, and some loss for each output: `backward` asks for neither, but a library that
    trains has both."""
    model = {key: list(value) if isinstance(value, list) else value for key, value in model.items()}
    model["inputs"].append({"name": "spare", "shape": [1]})
    model["layers"].append({"type": "Dense", "name": "spare_out", "units": 1, "use_bias": False, "from": "spare"})
    model["outputs"].append("spare_out")
    losses = [{"type": "MeanSquaredError", "output": name} for name in model["outputs"]]
    return {**model, "train": {"loss": losses, "optimizer": "SGD"}}


def is_trainable(case, weight):
    owner, _, kind = weight.rpartition("/")
    frozen = [layer["name"] for layer in case.model["layers"] if layer.get("trainable") is False]
    return kind not in STATE and owner not in frozen


class Group(ops.Group):
    def run(self, cases):
        """Returns {case name: {tensor: gradient}, or the failure}."""
        inner = [case.case for case in cases]
        model, weights = ops.merge(inner)
        folder = self.dlc.folder("gradients")
        path = dlctest.save_json(os.path.join(folder, "model.json"), trainable(model))
        file = os.path.join(folder, "weights.safetensors")
        spare = np.zeros((inner[0].batch, 1), np.float32)
        dlctest.write_safetensors(file, {**weights, "spare_out/kernel": spare[:1]})
        try:
            self.dlc.compile(path, folder, "--train")
        except AssertionError as failure:
            if len(cases) == 1:
                return {cases[0].name: failure}
            return {name: got for case in cases for name, got in self.run([case]).items()}
        inputs = [np.ascontiguousarray(x) for case in inner for x in case.inputs] + [spare]
        upstream = [np.ascontiguousarray(g, np.float32) for case in cases for g in case.upstream] + [spare]
        with library.Library(os.path.join(folder, "libcases.so")) as lib:
            with lib.create(max_batch=inner[0].batch, training=True) as instance:
                instance.load(file)
                of_inputs = instance.backward(inputs, upstream)
                of_weights = instance.gradients()
        return self.split(cases, of_inputs, of_weights)

    @staticmethod
    def split(cases, of_inputs, of_weights):
        of_inputs, result = iter(of_inputs), {}
        for i, case in enumerate(cases):
            mine = {entry["name"]: next(of_inputs) for entry in case.case.model["inputs"]}
            mine = {name: g for name, g in mine.items() if g is not None}
            prefix = f"k{i}_"
            for name in case.case.weights:
                if is_trainable(case.case, name):
                    mine[name] = of_weights[prefix + name]
            result[case.name] = mine
        return result

    def test(self, case):
        def run():
            with self.lock:
                if self.outputs is None:
                    self.outputs = self.run(self.cases)
            gradients = self.outputs[case.name]
            if isinstance(gradients, Exception):
                raise gradients
            return case.check(gradients)

        return case.name, run


def is_random(case):
    return any(layer["type"] == "RReLU" or layer.get("rate") for layer in case.model["layers"])


def slope_cases():
    for file in sorted(glob.glob(os.path.join(dlctest.E2E, "ops", "*.json"))):
        for index, fields in enumerate(dlctest.load_json(file)["cases"]):
            case = ops.Case(file, index, fields)
            # The slope of sign is one by agreement.
            signs = any(layer.get("activation") == "sign" for layer in case.model["layers"])
            if case.mergeable and not is_random(case) and not signs:
                yield SlopeCase(case, index)


def golden_cases():
    for index, path in enumerate(sorted(glob.glob(os.path.join(dlctest.SHARED, "golden", "ops", "*.npz")))):
        case = golden_ops.convert(path, index)
        if case is None:
            continue
        for layer in case.model["layers"]:
            if layer["type"] == "BatchNormalization":
                layer["trainable"] = False
        if is_random(case):
            continue
        yield GoldenCase(case, path)


# Dropout and RReLU -----------------------------------------------------------------------------------


def threefry(key, counter):
    """Threefry-2x32 with 13 rounds; the answer's first half. Arrays of uint32."""
    with np.errstate(over="ignore"):
        key = [np.uint32(k) for k in key]
        key.append(key[0] ^ key[1] ^ np.uint32(0x1BD11BDA))
        x, y = counter[0].astype(np.uint32) + key[0], counter[1].astype(np.uint32) + key[1]
        for i in range(13):
            x = x + y
            bits = (13, 15, 26, 6, 17, 29, 16, 24)[i % 8]
            y = ((y << np.uint32(bits)) | (y >> np.uint32(32 - bits))) ^ x
            if i % 4 == 3:
                n = i // 4 + 1
                x, y = x + key[n % 3], y + key[(n + 1) % 3] + np.uint32(n)
    return x, y


def uniform(seed, step, site, batch, elements):
    one = np.ones(1, np.uint32)
    key = threefry((seed & 0xFFFFFFFF, seed >> 32), (one * np.uint32(step), one * np.uint32(site)))
    places = np.meshgrid(np.arange(batch), np.arange(elements), indexing="ij")
    return (threefry((key[0][0], key[1][0]), places)[0] >> np.uint32(8)) / 2.0**24


def random_layer(dlc, layer, slope, shape, batch):
    """`slope(x, numbers)` of two such layers, one after the other, the second of which sees the first's results."""

    def run():
        folder, seed = dlc.folder("random"), 0x123456789
        model = {"$schema": "dlc-model-1.json", "dlc": 1, "name": "random", "outputs": ["out"]}
        model["inputs"] = [{"name": "x", "shape": list(shape)}]
        model["layers"] = [{**layer, "from": "x"}, {**layer, "name": "out"}]
        dlc.compile(dlctest.save_json(os.path.join(folder, "m.json"), trainable(model)), folder, "--train")
        x = np.random.default_rng(1).standard_normal((batch, *shape)).astype(np.float32)
        ones, spare = np.ones_like(x), np.zeros((batch, 1), np.float32)
        with library.Library(os.path.join(folder, "librandom.so")) as lib:
            with lib.create(max_batch=batch, training=True, seed=seed) as instance:
                (got, _), (again, _) = (instance.backward([x, spare], [ones, spare]) for _ in range(2))
        want = np.ones(x.shape)
        for site in (0, 1):
            # Neither layer changes the sign of what it reads.
            want = want * slope(x, uniform(seed, 0, site, batch, int(np.prod(shape))).reshape(x.shape))
        dlctest.close(got, want, 1e-6 * want.max())
        dlctest.close(again, got, 0)
        return f"mean slope {want.mean():.3f}"

    return f"random/{layer['type']}_{'x'.join(map(str, shape))}", run


def random_cases(dlc):
    for rate, shape, batch in ((0.25, (7, 5, 3), 4), (0.5, (1000,), 3), (0.9, (33,), 1)):
        kept = lambda x, u, rate=rate: (u >= np.float32(rate)) / (1 - rate)
        yield random_layer(dlc, {"type": "Dropout", "rate": rate}, kept, shape, batch)
    slopes = lambda x, u: np.where(x >= 0, 1, 0.25 + 0.5 * u)
    yield random_layer(dlc, {"type": "RReLU", "lower": 0.25, "upper": 0.75}, slopes, (6, 9, 2), 3)


def cases(dlc, args):
    keyed = [(case.case.batch, case) for case in [*slope_cases(), *golden_cases()] if args.filter in case.name]
    return [*ops.grouped(keyed, lambda: Group(dlc), size=1 if args.alone else ops.GROUP), *random_cases(dlc)]


if __name__ == "__main__":
    parser = dlctest.arguments(__doc__)
    parser.add_argument("--alone", action="store_true", help="compile every case by itself")
    sys.exit(dlctest.main(__doc__, cases, parser))
