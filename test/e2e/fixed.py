#!/usr/bin/python3
"""Weights in fixed point, beside float64 and beside the weights as they are.

Those of dense layers, in 20 bits (24 with vectors of 4 lanes), and of Winograd convolutions, in 24, are off by
2^(1-bits) of each unit's scale at most, the power of two at or below its largest weight; `--exact-weights`
keeps them. Units of dense layers are their columns, those of Winograd convolutions the output channels at one
point of the transformed weights. A tuning file with a small last cache makes small layers take that form.
"""

import json
import os
import sys

import numpy as np

import dlctest

LEVELS = ("x86-64-v4", "x86-64-v3", "x86-64-v2")
SHAPES = ((1027, 100), (515, 131), (260, 64), (3001, 133), (700, 24))
BATCHES = (1, 2, 7, 13, 40)


# Height, width, channels, filters, side of the windows and of the tiles that are to be chosen.
CONVS = (
    (14, 14, 45, 44, 3, 4),
    (7, 7, 64, 67, 3, 2),
    (7, 7, 512, 33, 3, 2),
    (18, 17, 49, 48, 3, 6),
    (13, 12, 35, 35, 5, 2),
    (12, 8, 34, 32, 5, 4),
)


class Network:
    """Layers that are compiled in either form, with the times of a tuning file."""

    def __init__(self, dlc, shape, layers, tensors, march, **times):
        self.dlc, self.march = dlc, march
        self.folder = dlc.folder("fixed")
        model = {"dlc": 1, "name": "fixed", "inputs": [{"name": "x", "shape": shape}], "layers": layers}
        self.model = dlctest.save_json(os.path.join(self.folder, "fixed.json"), model)
        self.weights = os.path.join(self.folder, "fixed.safetensors")
        dlctest.write_safetensors(self.weights, tensors)
        rows = json.loads(dlctest.must([dlc.path, "targets", "--json"]))
        costs = {"l2": 1 << 20, "l3": 1 << 16, "direct": 1, "product": 1, "vector": 1, "byte": 1, "launch": 0}
        levels = [row["march"] for row in rows if row["target"] == "cpu"]
        self.tuning = dlctest.save_json(
            os.path.join(self.folder, "tuning.json"),
            {"dlc_tuning": 1, "targets": dict.fromkeys(levels, costs | times)},
        )

    def compile(self, *options):
        lib = os.path.join(self.folder, "lib-" + "".join(o.strip("-") for o in options))
        self.dlc.compile(self.model, lib, "--march", self.march, "--tuning", self.tuning, *options)
        return os.path.join(lib, "libfixed.so")

    def run(self, library, x, weights=None):
        return self.dlc.run(library, x, self.folder, weights or self.weights, ("--max-batch", 64))

    def tiled(self, *options):
        return dlctest.must([self.dlc.path, "compile", self.model, "--emit", "tiled", "--march", self.march, *options])


class Layer(Network):
    """One dense layer."""

    def __init__(self, dlc, weights, bias=None, hidden=None, march="native"):
        layer = {"type": "Dense", "name": "d", "units": weights.shape[1], "use_bias": bias is not None}
        layers, tensors = [layer], {"d/kernel": weights}
        if bias is not None:
            tensors["d/bias"] = bias
        if hidden is not None:  # a second layer, which reads the blocks of the first
            layers.append({"type": "Dense", "name": "e", "units": hidden.shape[1], "use_bias": False})
            tensors["e/kernel"] = hidden
        super().__init__(dlc, [weights.shape[0]], layers, tensors, march)


class Conv(Network):
    """A convolution with bias and activation, of the Winograd form of least bytes or of least vectors."""

    def __init__(self, dlc, conv, march="native", scale=1.0):
        height, width, channels, filters, self.side, self.tile = conv
        rng = np.random.default_rng(channels)
        shape = (self.side, self.side, channels, filters)
        self.kernel = (rng.standard_normal(shape) * scale).astype(np.float32)
        self.bias = rng.standard_normal(filters).astype(np.float32)
        self.image = (height, width, channels)
        self.rng = rng
        layer = {"type": "Conv2D", "name": "c", "filters": filters, "kernel_size": [self.side] * 2, "padding": "same"}
        least = {"vector": 0, "byte": 1} if self.tile == 2 else {"vector": 1, "byte": 1e-6}
        super().__init__(
            dlc, list(self.image), [layer | {"activation": "relu"}], {"c/kernel": self.kernel, "c/bias": self.bias},
            march, direct=1000, product=0, **least,
        )  # fmt: skip

    def images(self, batch):
        return self.rng.standard_normal((batch, *self.image)).astype(np.float32)

    def expected(self, x):
        """The output in float64."""
        around = self.side // 2
        padded = np.pad(x.astype(np.float64), ((0, 0), (around, around), (around, around), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (self.side, self.side), axis=(1, 2))
        return np.maximum(np.einsum("nhwcyx,yxco->nhwo", windows, self.kernel, optimize=True) + self.bias, 0)


def scales(weights):
    return 2.0 ** np.floor(np.log2(np.abs(weights.astype(np.float64)).max(axis=0)))


def half_unit(march):
    """What weights of dense layers are rounded by at most, relative to their unit's scale."""
    return 2.0 ** (1 - (24 if march == "x86-64-v2" else 20))


def rounding(weights, march):
    """The error of sums of values of variance 1 that rounded weights are to add, on average."""
    return np.sqrt(len(weights) / 3 * np.mean(scales(weights) ** 2)) * half_unit(march)


def beside_float64(dlc, march, depth, units):
    """No farther from float64 than weights as they are but for what rounding them may do."""
    rng = np.random.default_rng(depth)
    weights = rng.standard_normal((depth, units)).astype(np.float32)
    bias = rng.standard_normal(units).astype(np.float32)
    hidden = rng.standard_normal((units, 700)).astype(np.float32)
    layer = Layer(dlc, weights, bias, march=march)
    both = Layer(dlc, weights, bias, hidden, march=march)
    assert "kernel.pack_fixed" in layer.tiled("--tuning", layer.tuning)
    fixed, exact, chained = layer.compile(), layer.compile("--exact-weights"), both.compile()
    squares = np.zeros(2)
    for batch in BATCHES:
        x = rng.standard_normal((batch, depth)).astype(np.float32)
        want = x.astype(np.float64) @ weights + bias
        error = layer.run(fixed, x) - want
        other = layer.run(exact, x) - want
        squares += [np.mean(e * e) for e in (error, other)]
        worst = half_unit(march) * scales(weights) * np.abs(x).sum(axis=1, keepdims=True) + 4 * np.abs(other).max()
        assert (np.abs(error) <= worst).all(), f"batch {batch}: {(np.abs(error) / worst).max()} of what is allowed"
        # Both layers round their weights; the largest error is some five times the usual one.
        limit = (3e-6 + 2.5 * half_unit(march)) * np.abs(want @ hidden).max()
        dlctest.close(both.run(chained, x), want @ hidden, limit)
    # Rounding weights adds what it would if each error were drawn at random.
    rms, added = np.sqrt(squares / len(BATCHES)), rounding(weights, march)
    note = f"off by {rms[0]:.2e}, {rms[1]:.2e} with exact weights; rounding {added:.2e}"
    assert rms[0] <= 1.2 * np.hypot(rms[1], added), note
    return note


def extremes(dlc, march):
    """Tiny, huge, zero and endless weights; each unit has a scale of its own."""
    rng = np.random.default_rng(6)
    weights = rng.uniform(-1, 1, (301, 67)).astype(np.float32)
    factors = np.ones(67, np.float32)
    factors[:4] = 1e-38, 1e36, 1e-30, 0
    weights *= factors
    weights[:, 4] = rng.integers(-9, 9, 301) * np.float32(2.0**-149)  # denormal
    weights[:, 5] = np.where(rng.integers(0, 2, 301), 1, -1) * np.float32(1 - 2.0**-24)  # rounds up
    weights[7, 20], weights[300, 21], weights[0, 66] = np.inf, -np.inf, np.nan
    endless = ~np.isfinite(weights).all(axis=0)
    layer = Layer(dlc, weights, march=march)
    library = layer.compile()
    for batch in (1, 5):
        x = rng.standard_normal((batch, 301)).astype(np.float32)
        got = layer.run(library, x)
        with np.errstate(invalid="ignore"):
            want = x.astype(np.float64) @ weights.astype(np.float64)
        assert np.isnan(got[:, endless]).all(), "a unit with an endless weight gives a number"
        assert (got[:, 3] == 0).all(), "weights of zero give something"
        # Of 301 products: those of float32 and five times what rounded weights add.
        limit = (3e-6 + 3 * half_unit(march)) * np.abs(weights).max(axis=0) * 17 + 2.0**-149 * np.abs(x).sum()
        off = np.abs(got - want)[:, ~endless] / limit[~endless]
        assert (off <= 1).all(), f"unit {off.max(axis=0).argmax()} is off"


def winograd(dlc, march, conv):
    """Transformed weights in 24 bits: their rounding and that of sums over few channels are alike, and
    sums over more channels have more of their own."""
    layer = Conv(dlc, conv, march)
    tiled = layer.tiled("--tuning", layer.tuning)
    assert "kernel.winograd_scales" in tiled and f"tile_size = {layer.tile} " in tiled, tiled
    fixed, exact = layer.compile(), layer.compile("--exact-weights")
    squares, size = np.zeros(2), 0
    for batch in (1, 3):
        x = layer.images(batch)
        want = layer.expected(x)
        errors = [layer.run(library, x) - want for library in (fixed, exact)]
        assert np.abs(errors[0]).max() <= 2 * np.abs(errors[1]).max()
        squares += [np.mean(e * e) for e in errors]
        size = np.sqrt(np.mean(want * want))
    rms = np.sqrt(squares / 2) / size
    note = f"off by {rms[0]:.2e} of the rms, {rms[1]:.2e} with exact weights"
    assert rms[0] <= (1.15 if conv[2] > 256 else 1.6) * rms[1], note
    return note


def winograd_extremes(dlc, march):
    """Tiny, huge, zero and endless weights; each channel has scales of its own."""
    layer = Conv(dlc, CONVS[0], march)
    factors = np.ones(layer.kernel.shape[-1], np.float32)
    factors[:4] = 1e-38, 1e35, 1e-30, 0
    layer.kernel *= factors
    layer.kernel[1, 1, 3, 20], layer.kernel[0, 0, 0, 39] = np.inf, np.nan
    layer.bias[:] = 0
    dlctest.write_safetensors(layer.weights, {"c/kernel": layer.kernel, "c/bias": layer.bias})
    x = layer.images(2)
    assert "kernel.winograd_scales" in layer.tiled("--tuning", layer.tuning)
    got = layer.run(layer.compile(), x)
    endless = ~np.isfinite(layer.kernel).all(axis=(0, 1, 2))
    assert np.isnan(got[..., endless]).any(axis=(0, 1, 2)).all(), "a channel with an endless weight gives numbers"
    assert (got[..., 3] == 0).all(), "weights of zero give something"
    with np.errstate(invalid="ignore"):
        want = layer.expected(x)
    limit = 3e-6 * np.abs(layer.kernel).max(axis=(0, 1, 2)) * 9 * 7 + 5e-41  # points are denormal sooner
    off = (np.abs(got - want) / limit)[..., ~endless]
    assert (off <= 1).all(), f"channel {off.max(axis=(0, 1, 2)).argmax()} is off by {off.max()} of what is allowed"


def winograd_kept(dlc):
    """Prepared at compile time: the same bits. Not in libraries that train, and none where it is not asked for."""
    layer = Conv(dlc, CONVS[1])
    library = layer.compile("--prepare=compile", "--weights", layer.weights)
    x = layer.images(2)
    mapped = layer.run(library, x, os.path.join(os.path.dirname(library), "libfixed.native.prepared"))
    assert mapped.tobytes() == layer.run(layer.compile(), x).tobytes()
    assert "winograd_scales" not in layer.tiled("--tuning", layer.tuning, "--exact-weights")
    assert "winograd_scales" not in layer.tiled()
    model = dlctest.load_json(layer.model)
    model["train"] = {"loss": "mse", "optimizer": {"type": "SGD", "learning_rate": 0.1}}
    dlctest.save_json(layer.model, model)
    assert "winograd_scales" not in layer.tiled("--tuning", layer.tuning, "--train")


def in_pieces(dlc):
    """A matrix so large that it is read in pieces; the last rows hold the largest weights."""
    rng = np.random.default_rng(7)
    weights = rng.standard_normal((2203, 4003)).astype(np.float32)
    weights[-2:] *= 1000
    layer = Layer(dlc, weights)
    x = rng.standard_normal((2, 2203)).astype(np.float32)
    want = x.astype(np.float64) @ weights
    # Some units have four times the scale of others.
    dlctest.close(layer.run(layer.compile(), x), want, 10 * rounding(weights, "native") + 1e-6 * np.abs(want).max())


def prepared(dlc):
    """Prepared at compile time or at load: the same bits."""
    rng = np.random.default_rng(8)
    layer = Layer(dlc, rng.standard_normal((515, 131)).astype(np.float32))
    library = layer.compile("--prepare=compile", "--weights", layer.weights)
    x = rng.standard_normal((3, 515)).astype(np.float32)
    mapped = layer.run(library, x, os.path.join(os.path.dirname(library), "libfixed.native.prepared"))
    assert mapped.tobytes() == layer.run(library, x).tobytes()


def kept_weights(dlc):
    """Networks in the cache, those that train and who asks for it keep weights as they are."""
    rng = np.random.default_rng(9)
    weights = rng.standard_normal((515, 131)).astype(np.float32)
    layer = Layer(dlc, weights)
    x = rng.standard_normal((3, 515)).astype(np.float32)
    asked = layer.run(layer.compile("--exact-weights"), x)
    dlctest.must([dlc.path, "compile", layer.model, "-o", os.path.join(layer.folder, "default")])
    small = layer.run(os.path.join(layer.folder, "default", "libfixed.so"), x)
    assert asked.tobytes() == small.tobytes(), "--exact-weights changes bits"
    ran = layer.dlc.run(layer.model, x, layer.folder, layer.weights, ("--exact-weights", "--tuning", layer.tuning))
    assert ran.tobytes() == small.tobytes(), "run --exact-weights changes bits"
    assert "kernel.pack_fixed" not in layer.tiled()
    model = dlctest.load_json(layer.model)
    model["train"] = {"loss": "mse", "optimizer": {"type": "SGD", "learning_rate": 0.1}}
    dlctest.save_json(layer.model, model)
    assert "kernel.pack_fixed" in layer.tiled("--tuning", layer.tuning)
    assert "kernel.pack_fixed" not in layer.tiled("--tuning", layer.tuning, "--train")


def cases(dlc, args):
    found = []
    for i, (depth, units) in enumerate(SHAPES):
        for march in LEVELS[: 1 + 2 * (i < 2)]:
            found.append((f"float64/{depth}x{units}/{march}", lambda d=depth, u=units, m=march: beside_float64(dlc, m, d, u)))
    for march in LEVELS:
        found.append((f"extremes/{march}", lambda m=march: extremes(dlc, m)))
        found.append((f"winograd_extremes/{march}", lambda m=march: winograd_extremes(dlc, m)))
    for i, conv in enumerate(CONVS):
        for march in LEVELS[: 1 + 2 * (i < 2)]:
            name = f"winograd/{'x'.join(map(str, conv))}/{march}"
            found.append((name, lambda c=conv, m=march: winograd(dlc, m, c)))
    return found + [(c.__name__, lambda c=c: c(dlc)) for c in (in_pieces, prepared, kept_weights, winograd_kept)]


if __name__ == "__main__":
    sys.exit(dlctest.main(__doc__, cases))
