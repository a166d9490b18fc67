#!/usr/bin/python3
"""Networks drawn at random, in dlc against the float64 reference: what nobody thought of.

    test/e2e/random_nets.py [--seed N] [--count N]

The same seeds give the same networks; a failure names its seed and keeps its model.json.
"""

import os
import shutil
import sys
import tempfile

import numpy as np

import dlctest
import reference

CHANNELS = (1, 2, 3, 5, 8, 15, 16, 17, 20, 32, 33, 48)
FUNCTIONS = (
    "relu",
    "relu6",
    "sigmoid",
    "tanh",
    "elu",
    "gelu",
    "swish",
    "softplus",
    "hard_sigmoid",
    "leaky_relu",
)
RELATIVE = 5e-5
LARGEST = 20_000  # elements of one sample


class Drawer:
    """Grows a network: `values` are the names and shapes that a further layer may read."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        side = lambda: int(self.rng.integers(3, 21))
        self.values = [("x", (side(), side(), self.one(CHANNELS)))]
        self.model = {"$schema": "dlc-model-1.json", "dlc": 1, "name": f"random{seed}", "layers": []}
        self.model["inputs"] = [{"name": "x", "shape": list(self.values[0][1])}]

    def one(self, items):
        return items[int(self.rng.integers(len(items)))]

    def chance(self, share):
        return bool(self.rng.random() < share)

    def add(self, kind, sources, shape, **fields):
        """Adds a layer unless its result is empty or too large; tells whether it did."""
        if min(shape) < 1 or int(np.prod(shape)) > LARGEST:
            return False
        name = f"v{len(self.values)}"
        layer = {"type": kind, "name": name, "from": sources if len(sources) > 1 else sources[0], **fields}
        self.model["layers"].append(layer)
        self.values.append((name, shape))
        return True

    def grow(self, layers):
        while len(self.model["layers"]) < layers:
            recent = self.values[-4:] if self.chance(0.8) else self.values
            name, shape = self.one(recent)
            (self.image if len(shape) == 3 else self.vector)(name, shape)
        read = {source for layer in self.model["layers"] for source in np.atleast_1d(layer["from"])}
        self.model["outputs"] = [name for name, _ in self.values[1:] if name not in read or self.chance(0.05)]
        return self.model

    def image(self, name, shape):
        kinds = (self.conv, self.conv, self.conv, self.depthwise, self.pool, self.norm, self.function, self.merge, self.merge, self.pad, self.leave)  # fmt: skip
        self.one(kinds)(name, shape)

    def vector(self, name, shape):
        self.one((self.dense, self.dense, self.norm, self.function, self.merge, self.fold))(name, shape)

    def window(self, shape, dilated=True):
        """Fields of a window, and the extents that it leaves."""
        kernel = [int(self.rng.integers(1, 6)) for _ in range(2)]
        strides = [self.one((1, 1, 1, 2, 3)) for _ in range(2)]
        dilation = [self.one((1, 1, 1, 2)) if dilated and max(strides) == 1 else 1 for _ in range(2)]
        padding = self.one(
            ("valid", "same", "same", [[int(self.rng.integers(0, k)) for _ in range(2)] for k in kernel])
        )
        reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation)]
        pads = reference.paddings(padding, shape[:2], reach, strides)
        out = [
            (n + sum(p) - r) // s + 1 if n + sum(p) >= r else 0
            for n, p, r, s in zip(shape, pads, reach, strides)
        ]
        fields = {"strides": strides, "padding": padding}
        return kernel, {**fields, "dilation_rate": dilation} if dilated else fields, out

    def conv(self, name, shape):
        kernel, fields, out = self.window(shape)
        groups = self.one([g for g in (1, 1, 1, 2, 3, 4) if shape[2] % g == 0])
        filters = groups * self.one([c for c in CHANNELS if c * groups <= 64])
        fields.update(filters=filters, kernel_size=kernel, groups=groups, use_bias=self.chance(0.6))
        if self.chance(0.4):
            fields["activation"] = self.one(FUNCTIONS)
        self.add("Conv2D", [name], (*out, filters), **fields)

    def depthwise(self, name, shape):
        kernel, fields, out = self.window(shape)
        multiplier = self.one((1, 1, 2))
        fields.update(kernel_size=kernel, depth_multiplier=multiplier, use_bias=self.chance(0.6))
        self.add("DepthwiseConv2D", [name], (*out, shape[2] * multiplier), **fields)

    def pool(self, name, shape):
        kernel, fields, out = self.window(shape, dilated=False)
        if fields["padding"] not in ("valid", "same") and any(
            max(p) >= k for p, k in zip(fields["padding"], kernel)
        ):
            return
        kind = self.one(("MaxPooling2D", "AveragePooling2D"))
        if kind == "AveragePooling2D" and self.chance(0.5):
            fields["count_include_pad"] = True
        self.add(kind, [name], (*out, shape[2]), pool_size=kernel, **fields)

    def norm(self, name, shape):
        if len(shape) == 3 and self.chance(0.2):
            region = self.one(("across", "within"))
            self.add("LRN", [name], shape, size=self.one((1, 3, 5)), alpha=0.5, region=region)
        elif self.chance(0.15):
            self.add("Dropout", [name], shape, rate=0.5)
        else:
            self.add("BatchNormalization", [name], shape, scale=self.chance(0.8), center=self.chance(0.8))

    def function(self, name, shape):
        if self.chance(0.1):
            self.add("Softmax", [name], shape)
        elif self.chance(0.4):
            self.add("ReLU", [name], shape, **self.one(({}, {"max_value": 6}, {"negative_slope": 0.1})))
        else:
            self.add("Activation", [name], shape, activation=self.one(FUNCTIONS))

    def merge(self, name, shape):
        """Adds or joins with another value that fits; makes one where there is none."""
        same = [n for n, s in self.values if s == shape]
        joins = [(n, s) for n, s in self.values if len(s) == len(shape) and s[:-1] == shape[:-1]]
        if self.chance(0.35):
            other, other_shape = self.one(joins)
            self.add("Concatenate", [name, other], (*shape[:-1], shape[-1] + other_shape[-1]))
        elif len(same) > 1 or self.chance(0.2):
            self.add(
                self.one(("Add", "Add", "Add", "Multiply", "Subtract", "Maximum")),
                [name, self.one(same)],
                shape,
            )
        elif len(shape) == 3:
            if self.add("Conv2D", [name], shape, filters=shape[2], kernel_size=3, padding="same"):
                self.add(
                    "Add",
                    [self.values[-1][0], name] if self.chance(0.5) else [name, self.values[-1][0]],
                    shape,
                )
        elif self.add("Dense", [name], shape, units=shape[0]):
            self.add("Add", [name, self.values[-1][0]], shape)

    def pad(self, name, shape):
        if self.chance(0.5):
            before, after = self.one((0, 1, 8)), self.one((1, 2, 8))
            self.add(
                "ChannelPad", [name], (*shape[:2], shape[2] + before + after), before=before, after=after
            )
        else:
            t, b, l, r = (int(i) for i in self.rng.integers(0, 3, 4))
            self.add(
                "ZeroPadding2D",
                [name],
                (shape[0] + t + b, shape[1] + l + r, shape[2]),
                padding=[[t, b], [l, r]],
            )

    def leave(self, name, shape):
        """From an image to a vector."""
        if self.chance(0.5):
            return
        kind = self.one(("Flatten", "GlobalAveragePooling2D", "GlobalMaxPooling2D"))
        self.add(kind, [name], (int(np.prod(shape)),) if kind == "Flatten" else (shape[2],))

    def dense(self, name, shape):
        units = self.one((1, 3, 10, 16, 17, 40, 64, 100))
        fields = {"activation": self.one(FUNCTIONS)} if self.chance(0.5) else {}
        self.add("Dense", [name], (units,), units=units, **fields)

    def fold(self, name, shape):
        """From a vector back to an image."""
        if self.chance(0.3) and shape[0] % 4 == 0:
            self.add("Reshape", [name], (2, 2, shape[0] // 4), target_shape=[2, 2, -1])


def case(dlc, seed):
    def run():
        model = Drawer(seed).grow(3 + seed % 18)
        folder = dlc.folder(f"seed{seed}")
        path = dlctest.save_json(os.path.join(folder, "model.json"), model)
        # Every level of CPU, small and larger batches, one thread and more.
        options = ("--march", ("native", "x86-64-v3", "x86-64-v2")[seed % 3], "--threads", 1 + seed % 4)
        batch = (1, 2, 3, 8)[seed // 3 % 4]
        try:
            reference.check(dlc, model, path, folder, batch, seed, RELATIVE, options)
        except AssertionError as failure:
            kept = os.path.join(tempfile.gettempdir(), f"dlc-random-{seed}.json")
            shutil.copy(path, kept)
            raise AssertionError(f"{kept}: {failure}") from None

    return run


def cases(dlc, args):
    return [(f"seed{seed}", case(dlc, seed)) for seed in range(args.seed, args.seed + args.count)]


if __name__ == "__main__":
    parser = dlctest.arguments(__doc__)
    parser.add_argument("--seed", type=int, default=0, help="the first seed (default 0)")
    parser.add_argument("--count", type=int, default=40, help="how many networks (default 40)")
    sys.exit(dlctest.main(__doc__, cases, parser))
