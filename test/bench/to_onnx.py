#!/usr/bin/python3
"""Turns a model.json into an ONNX file with the same weights, for comparisons with other engines.

    test/bench/to_onnx.py MODEL.json OUT.onnx [--weights F.safetensors]

`Graph` walks the layers and yields ONNX-like nodes on NCHW tensors: the input is the
model's image in NCHW, kernels and the rows of a Dense after a Flatten are permuted here,
once, so nothing is transposed when the network runs. Covers the layers of models/ and
refuses the others by name. Only the ONNX file itself needs the `onnx` package.
"""

import argparse
import os
import sys

import numpy as np

BENCH = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(BENCH), "e2e"))

import dlctest  # noqa: E402
import reference  # noqa: E402
from reference import pair, paddings  # noqa: E402

OPSET = 17
POINTWISE = {"relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh", "exponential": "Exp", "softplus": "Softplus"}
MERGES = {"Add": "Add", "Subtract": "Sub", "Multiply": "Mul", "Maximum": "Max", "Minimum": "Min"}


class Unsupported(Exception):
    """A layer that this small converter does not cover; the text names it."""


class Node:
    """An operator: ONNX's name, names of its inputs (values or weights), its one output."""

    def __init__(self, op, inputs, output, attributes):
        self.op, self.inputs, self.output, self.attributes = op, inputs, output, attributes


class Value:
    """A result: `shape` of one sample, channels last as in model.json, [h, w, c] or [k].

    `order` is set on a flattened image: its [h, w, c], stored in the order c, h, w.
    """

    def __init__(self, name, shape, order=None):
        self.name, self.shape, self.order = name, tuple(shape), order


class Graph:
    """Nodes and weights of a model with one float32 input and one output.

    `weights` is (name, shape) -> array, e.g. reference.Given or reference.Random.
    `input` and `output` are Values.
    """

    def __init__(self, model, weights):
        if len(model["inputs"]) != 1 or model["inputs"][0].get("dtype", "float32") != "float32":
            raise Unsupported("only one float32 input")
        self.nodes, self.weights, self.read = [], {}, weights
        network = reference.Network(model)
        self.input = Value("input", model["inputs"][0]["shape"])
        values = {model["inputs"][0]["name"]: self.input}
        for full, owner, fields, sources in network.layers:
            self.full, self.owner = full, owner
            values[full] = self.layer(fields, *[values[s] for s in sources])
        outputs = network.outputs()
        if len(outputs) != 1:
            raise Unsupported("only one output")
        self.output = values[network.names.get(outputs[0], outputs[0])]
        if self.output.order:
            raise Unsupported("an output that is a flattened image")

    # Building blocks ------------------------------------------------------------------------

    def param(self, kind, shape, arrange=lambda a: a):
        """The weight `kind` of this layer, arranged for NCHW; returns its name in `weights`."""
        name = f"{self.full}/{kind}"
        array = self.read(f"{self.owner}/{kind}", tuple(int(s) for s in shape))
        return self.constant(name, arrange(array))

    def constant(self, name, array):
        self.weights[name] = np.array(array, np.float32, order="C")  # a scalar stays one
        return name

    def node(self, op, inputs, shape, order=None, **attributes):
        name = f"v{len(self.nodes)}"
        inputs = [i.name if isinstance(i, Value) else i for i in inputs]
        self.nodes.append(Node(op, inputs, name, attributes))
        return Value(name, shape, order)

    def layer(self, fields, *sources):
        build = getattr(self, "layer_" + fields["type"], None)
        if fields["type"] in MERGES:
            build = self.merge
        if build is None or fields.get("data_format") == "channels_first":
            raise Unsupported(f"layer {self.full}: {fields['type']} {fields.get('data_format', '')}".strip())
        y = build(fields, *sources)
        return self.activate(fields.get("activation"), y) if fields["type"] != "Activation" else y

    def activate(self, kind, x):
        if kind in (None, "linear"):
            return x
        if kind in POINTWISE:
            return self.node(POINTWISE[kind], [x], x.shape, x.order)
        if kind == "relu6":
            return self.clip(x, 6.0)
        if kind == "leaky_relu":
            return self.node("LeakyRelu", [x], x.shape, x.order, alpha=0.2)
        if kind in ("softmax", "log_softmax") and not x.order:
            op = "Softmax" if kind == "softmax" else "LogSoftmax"
            return self.node(op, [x], x.shape, axis=1)  # the channels, in NCHW and in [N, K]
        raise Unsupported(f"layer {self.full}: activation {kind}")

    def clip(self, x, high):
        bounds = [self.constant("zero", np.zeros(())), self.constant(f"limit_{high:g}", np.asarray(high))]
        return self.node("Clip", [x, *bounds], x.shape, x.order)

    def window(self, fields, x, kernel, dilation=(1, 1)):
        """ONNX's attributes of a window, and the output's (height, width) rounded down."""
        strides = pair(fields.get("strides") or 1)
        reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation)]
        pads = paddings(fields.get("padding", "valid"), x.shape[:2], reach, strides)
        attributes = {
            "kernel_shape": list(kernel),
            "strides": list(strides),
            "pads": [int(p[0]) for p in pads] + [int(p[1]) for p in pads],
        }
        out = [(n + sum(p) - r) // s + 1 for n, p, r, s in zip(x.shape, pads, reach, strides)]
        return attributes, out

    # Layers ---------------------------------------------------------------------------------

    def layer_Conv2D(self, f, x):
        kernel, groups, filters = pair(f["kernel_size"]), f.get("groups", 1), f["filters"]
        shape = (*kernel, x.shape[2] // groups, filters)
        weight = self.param("kernel", shape, lambda k: k.transpose(3, 2, 0, 1))
        return self.convolve(f, x, weight, kernel, groups, filters)

    def layer_DepthwiseConv2D(self, f, x):
        kernel, multiplier, channels = pair(f["kernel_size"]), f.get("depth_multiplier", 1), x.shape[2]
        filters = channels * multiplier
        arrange = lambda k: k.transpose(2, 3, 0, 1).reshape(filters, 1, *kernel)
        weight = self.param("kernel", (*kernel, channels, multiplier), arrange)
        return self.convolve(f, x, weight, kernel, channels, filters)

    def convolve(self, f, x, weight, kernel, groups, filters):
        dilation = pair(f.get("dilation_rate", 1))
        attributes, out = self.window(f, x, kernel, dilation)
        inputs = [x, weight] + ([self.param("bias", (filters,))] if f.get("use_bias", True) else [])
        return self.node("Conv", inputs, (*out, filters), dilations=list(dilation), group=groups, **attributes)

    def pool(self, f, x, op, **more):
        size = pair(f.get("pool_size", 2))
        attributes, _ = self.window({**f, "strides": f.get("strides") or size}, x, size)
        out = []
        for i in range(2):
            low, high = attributes["pads"][i], attributes["pads"][i + 2]
            room = x.shape[i] + low + high - size[i]
            stride = attributes["strides"][i]
            count = (-(-room // stride) if f.get("ceil_mode") else room // stride) + 1
            out.append(count - (bool(f.get("ceil_mode")) and (count - 1) * stride >= x.shape[i] + low))
        more["ceil_mode"] = int(f.get("ceil_mode", False))
        return self.node(op, [x], (*out, x.shape[2]), **attributes, **more)

    def layer_MaxPooling2D(self, f, x):
        return self.pool(f, x, "MaxPool")

    def layer_AveragePooling2D(self, f, x):
        return self.pool(f, x, "AveragePool", count_include_pad=int(f.get("count_include_pad", False)))

    def global_pool(self, f, x, op):
        y = self.node(op, [x], (1, 1, x.shape[2]))
        return y if f.get("keepdims") else self.node("Flatten", [y], (x.shape[2],), axis=1)

    def layer_GlobalAveragePooling2D(self, f, x):
        return self.global_pool(f, x, "GlobalAveragePool")

    def layer_GlobalMaxPooling2D(self, f, x):
        return self.global_pool(f, x, "GlobalMaxPool")

    def layer_Flatten(self, f, x):
        if len(x.shape) == 1:
            return x
        h, w, c = x.shape
        return self.node("Flatten", [x], (h * w * c,), x.shape if h * w > 1 and c > 1 else None, axis=1)

    def layer_Reshape(self, f, x):
        if len(f["target_shape"]) != 1:
            raise Unsupported(f"layer {self.full}: Reshape to more than one dimension")
        return self.layer_Flatten(f, x)

    def layer_Dense(self, f, x):
        if len(x.shape) != 1:
            raise Unsupported(f"layer {self.full}: Dense on an image")
        arrange = lambda k: k
        if x.order:
            arrange = lambda k: k.reshape(*x.order, -1).transpose(2, 0, 1, 3).reshape(k.shape)
        inputs = [x, self.param("kernel", (x.shape[0], f["units"]), arrange)]
        if f.get("use_bias", True):
            inputs.append(self.param("bias", (f["units"],)))
        return self.node("Gemm", inputs, (f["units"],))

    def layer_BatchNormalization(self, f, x):
        channels = x.shape[-1:]
        if f.get("axis", -1) not in (-1, len(x.shape)) or x.order:
            raise Unsupported(f"layer {self.full}: BatchNormalization of another axis")
        one = lambda kind, there, value: (
            self.param(kind, channels)
            if there
            else self.constant(f"{self.full}/{kind}", np.full(channels, value))
        )
        inputs = [x, one("gamma", f.get("scale", True), 1), one("beta", f.get("center", True), 0)]
        inputs += [self.param("moving_mean", channels), self.param("moving_variance", channels)]
        return self.node("BatchNormalization", inputs, x.shape, epsilon=float(f.get("epsilon", 1e-3)))

    def layer_LRN(self, f, x):
        if f.get("region", "across") != "across":
            raise Unsupported(f"layer {self.full}: LRN within channels")
        numbers = {k: float(f.get(k, v)) for k, v in (("alpha", 1e-4), ("beta", 0.75), ("bias", 1.0))}
        return self.node("LRN", [x], x.shape, size=f.get("size", 5), **numbers)

    def layer_ReLU(self, f, x):
        if f.get("threshold") or (f.get("negative_slope") and f.get("max_value") is not None):
            raise Unsupported(f"layer {self.full}: ReLU with a threshold or with both slope and limit")
        if f.get("negative_slope"):
            return self.node("LeakyRelu", [x], x.shape, x.order, alpha=float(f["negative_slope"]))
        return self.activate("relu", x) if f.get("max_value") is None else self.clip(x, float(f["max_value"]))

    def layer_Activation(self, f, x):
        return self.activate(f["activation"], x)

    def layer_Softmax(self, f, x):
        if f.get("axis", -1) != -1:
            raise Unsupported(f"layer {self.full}: Softmax of another axis")
        return self.activate("softmax", x)

    def layer_Dropout(self, f, x):
        return x

    def layer_Rescaling(self, f, x):
        scale, offset = np.asarray(f["scale"], float), np.asarray(f.get("offset", 0.0), float)
        if scale.ndim or offset.ndim:
            raise Unsupported(f"layer {self.full}: Rescaling by channel")
        y = self.node("Mul", [x, self.constant(f"{self.full}/scale", scale)], x.shape, x.order)
        if not offset:
            return y
        return self.node("Add", [y, self.constant(f"{self.full}/offset", offset)], x.shape, x.order)

    def layer_ZeroPadding2D(self, f, x):
        (t, b), (l, r) = [pair(p) for p in pair(f.get("padding", 1))]
        return self.pad(x, (t, l, 0), (b, r, 0))

    def layer_ChannelPad(self, f, x):
        return self.pad(x, (0, 0, f.get("before", 0)), (0, 0, f.get("after", 0)))

    def pad(self, x, low, high):
        if len(x.shape) != 3:
            raise Unsupported(f"layer {self.full}: padding of a vector")
        shape = [n + a + b for n, a, b in zip(x.shape, low, high)]
        nchw = lambda p: [0, p[2], p[0], p[1]]
        return self.node("Pad", [x], shape, pads=nchw(low) + nchw(high))

    def merge(self, f, *xs):
        y = xs[0]
        for x in xs[1:]:
            if x.order != y.order or x.shape != y.shape:
                raise Unsupported(f"layer {self.full}: {f['type']} of unlike tensors")
            y = self.node(MERGES[f["type"]], [y, x], x.shape, x.order)
        return y

    def layer_Concatenate(self, f, *xs):
        rank = len(xs[0].shape)
        axis = f.get("axis", -1) % (rank + 1) - 1  # of one sample, channels last
        if any(x.order for x in xs) or axis < 0:
            raise Unsupported(f"layer {self.full}: Concatenate of flattened images or of the batch")
        shape = list(xs[0].shape)
        shape[axis] = sum(x.shape[axis] for x in xs)
        return self.node("Concat", xs, shape, axis=1 if rank == 1 else (2, 3, 1)[axis])


# ONNX ----------------------------------------------------------------------------------------


def nchw(shape):
    """One sample's shape in the peers' layout: [h, w, c] as [c, h, w], [k] as it is."""
    return [shape[2], shape[0], shape[1]] if len(shape) == 3 else list(shape)


def to_onnx(graph, name):
    """An onnx.ModelProto with input "input" and output "output", batch "batch" symbolic."""
    import onnx
    from onnx import helper, numpy_helper

    nodes, tensors = [], [numpy_helper.from_array(a, n) for n, a in graph.weights.items()]
    rename = {graph.output.name: "output"}
    for node in graph.nodes:
        inputs, attributes = [rename.get(i, i) for i in node.inputs], dict(node.attributes)
        if node.op == "Pad":
            pads = node.output + "/pads"
            tensors.append(numpy_helper.from_array(np.asarray(attributes.pop("pads"), np.int64), pads))
            inputs.append(pads)
        nodes.append(helper.make_node(node.op, inputs, [rename.get(node.output, node.output)], **attributes))
    kind = onnx.TensorProto.FLOAT
    info = lambda n, v: helper.make_tensor_value_info(n, kind, ["batch", *nchw(v.shape)])
    inside = helper.make_graph(nodes, name, [info("input", graph.input)], [info("output", graph.output)], tensors)
    return helper.make_model(inside, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="model.json")
    parser.add_argument("out", help="the ONNX file to write")
    parser.add_argument("--weights", help="safetensors file; default: random numbers")
    args = parser.parse_args()
    model = dlctest.load_json(args.model)
    weights = reference.Random()
    if args.weights:
        weights = reference.Given(dlctest.read_safetensors(args.weights))
    try:
        graph = Graph(model, weights)
    except Unsupported as reason:
        print(f"{args.model}: {reason}: not covered by to_onnx.py", file=sys.stderr)
        return 1
    import onnx

    onnx.save(to_onnx(graph, model["name"]), args.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
