#!/usr/bin/python3
"""The operator vectors of ../shared/golden/ops, converted to model.json and weights.

Forward only; cases of operators that no layer of model.json expresses are left out.
They are grouped and run as those of ops.py.
"""

import glob
import json
import os
import sys

import numpy as np

import dlctest
import ops
from dlctest import Skip

CONV = ("kernel_size", "strides", "padding", "dilation_rate", "use_bias")
POOL = ("pool_size", "strides", "padding", "ceil_mode", "count_include_pad")


def pick(attrs, keys):
    return {k: attrs[k] for k in keys if k in attrs}


def activation(name):
    return lambda a, t: [{"type": "Activation", "activation": name}]


def conv2d(a, t):
    return [
        {
            "type": "Conv2D",
            "name": "c",
            "filters": t["kernel"].shape[3],
            "groups": a["groups"],
            **pick(a, CONV),
        }
    ]


def depthwise(a, t):
    return [{"type": "DepthwiseConv2D", "name": "c", **pick(a, (*CONV, "depth_multiplier"))}]


def dense(a, t):
    return [{"type": "Dense", "name": "c", "units": a["units"], "use_bias": "bias" in t}]


def batch_norm(a, t):
    return [{"type": "BatchNormalization", "name": "c", "epsilon": a["epsilon"]}]


def lrn(region):
    return lambda a, t: [
        {
            "type": "LRN",
            "size": a["size"],
            "alpha": a["alpha"],
            "beta": a["beta"],
            "bias": a["k"],
            "region": region,
        }
    ]


def softmax(a, t):
    if a["axis"] not in (-1, t["x"].ndim - 1):
        return None
    return [{"type": "Softmax"}]


def pad(a, t):
    return [{"type": "ZeroPadding2D", "padding": a["padding"]}] if a["mode"] == "constant" else None


def both(kind):
    def make(a, t):
        return [{"type": kind, "from": ["a", "b"]}] if t["a"].shape == t["b"].shape else None

    return make


def concat(a, t):
    if a["axis"] == 0:
        return None
    return [{"type": "Concatenate", "axis": a["axis"], "from": sorted(t)}]


def composition(name):
    def same(n, **more):
        return {"type": "Conv2D", "name": n, "kernel_size": 3, "padding": "same", **more}

    if name == "residual_block":
        return [
            same("first", filters=4, activation="relu"),
            same("second", filters=4),
            {"type": "Add", "from": ["second", "x"]},
            {"type": "ReLU"},
        ]
    if name == "shared_conv_twice":
        return [same("c", filters=3), {"type": "ReLU"}, same("d", filters=3, share="c")]
    if name == "separable_conv2d":
        depth = {
            "type": "DepthwiseConv2D",
            "name": "depthwise",
            "kernel_size": 3,
            "padding": "same",
            "depth_multiplier": 2,
            "use_bias": False,
        }
        return [depth, {"type": "Conv2D", "name": "pointwise", "kernel_size": 1, "filters": 5}]
    return None


LAYERS = {
    "conv2d": conv2d,
    "depthwise_conv2d": depthwise,
    "dense": dense,
    "maxpool2d": lambda a, t: [{"type": "MaxPooling2D", **pick(a, POOL)}],
    "avgpool2d": lambda a, t: [{"type": "AveragePooling2D", **pick(a, POOL)}],
    "global_avgpool2d": lambda a, t: [{"type": "GlobalAveragePooling2D"}],
    "global_maxpool2d": lambda a, t: [{"type": "GlobalMaxPooling2D"}],
    "batchnorm_inference": batch_norm,
    "lrn_across_channels": lrn("across"),
    "lrn_within_channel": lrn("within"),
    "softmax": softmax,
    "log_softmax": activation("log_softmax"),
    "relu": activation("relu"),
    "relu6": lambda a, t: [{"type": "ReLU", "max_value": 6}],
    "leaky_relu": lambda a, t: [{"type": "LeakyReLU", "negative_slope": a["alpha"]}],
    "rrelu": lambda a, t: [{"type": "RReLU", "lower": a["lower"], "upper": a["upper"]}],
    "sigmoid": activation("sigmoid"),
    "tanh": activation("tanh"),
    "exp": activation("exponential"),
    "elu": lambda a, t: [{"type": "Activation", "activation": "elu"}] if a["alpha"] == 1 else None,
    "gelu": lambda a, t: None if a["approximate"] else [{"type": "Activation", "activation": "gelu"}],
    "swish": activation("swish"),
    "softplus": activation("softplus"),
    "hard_sigmoid": lambda a, t: (
        None if a["slope"] == 0.2 else [{"type": "Activation", "activation": "hard_sigmoid"}]
    ),
    "pad2d": pad,
    "flatten": lambda a, t: [{"type": "Flatten"}],
    "reshape": lambda a, t: [{"type": "Reshape", "target_shape": a["target_shape"]}],
    "add": both("Add"),
    "mul": both("Multiply"),
    "concat": concat,
}

# Where a weight of a pack goes; the rest belongs to layer "c".
WEIGHTS = {
    "k1": "first/kernel", "b1": "first/bias", "k2": "second/kernel", "b2": "second/bias",
    "depthwise_kernel": "depthwise/kernel", "pointwise_kernel": "pointwise/kernel",
}  # fmt: skip
LIMITS = {"exp": 5e-5}


class GoldenCase(ops.Case):
    def expect(self, fields, index):
        self.inputs, self.weights, self.want = fields["arrays"], fields["tensors"], [fields["output"]]


def convert(path, index):
    """Returns the case of one .npz, or None when no layer expresses it."""
    name = os.path.splitext(os.path.basename(path))[0]
    data = np.load(path, allow_pickle=False)
    attrs = json.loads(str(data["attrs"]))
    tensors = {k[3:]: data[k] for k in data.files if k.startswith("in_")}
    make = LAYERS.get(attrs["op"])
    layers = make(attrs, tensors) if make else composition(name)
    if layers is None:
        return None
    fed = {k: v for k, v in tensors.items() if k == "x" or (k in "abc" and "x" not in tensors)}
    prefix = "pointwise/" if attrs["op"] == "separable_conv2d" else "c/"
    weights = {WEIGHTS.get(k, prefix + k): v for k, v in tensors.items() if k not in fed}
    fields = {"name": name, "inputs": {k: list(v.shape[1:]) for k, v in fed.items()}, "layers": layers}
    fields.update(
        arrays=list(fed.values()), tensors=weights, output=data["output"], batch=len(next(iter(fed.values())))
    )
    largest = max(1.0, float(np.abs(data["output"]).max()))
    fields["limit"] = LIMITS.get(attrs["op"], 1e-5) * largest
    return GoldenCase("ops.npz", index, fields)


def cases(dlc, args):
    if not os.path.isdir(os.path.join(dlctest.SHARED, "golden", "ops")):
        raise Skip("../shared/golden/ops is not here")
    keyed = []
    for index, path in enumerate(sorted(glob.glob(os.path.join(dlctest.SHARED, "golden", "ops", "*.npz")))):
        case = convert(path, index)
        if case is not None and args.filter in case.name:
            keyed.append((case.batch, case))
    return ops.grouped(keyed, lambda: ops.Group(dlc))


if __name__ == "__main__":
    sys.exit(dlctest.main(__doc__, cases))
