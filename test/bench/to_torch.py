"""A to_onnx.Graph as a PyTorch module: straight-line code of torch.nn.functional calls."""

import operator

import torch
import torch.nn.functional as F


def symmetric(pads):
    half = len(pads) // 2
    return tuple(pads[:half]) if pads[:half] == pads[half:] else None



POINTWISE = {
    "Relu": F.relu,
    "Sigmoid": torch.sigmoid,
    "Tanh": torch.tanh,
    "Exp": torch.exp,
    "Softplus": F.softplus,
    "Add": operator.add,
    "Sub": operator.sub,
    "Mul": operator.mul,
    "Max": torch.maximum,
    "Min": torch.minimum,
}


class Builder:
    """Adds each node to a torch.fx graph; `value` maps names to fx nodes."""

    def __init__(self, graph, trainable=False):
        self.source, self.fx, self.root = graph, torch.fx.Graph(), torch.nn.Module()
        self.trainable = trainable
        self.value = {graph.input.name: self.fx.placeholder("input")}
        for node in graph.nodes:
            self.value[node.output] = self.add(node, node.attributes)
        self.fx.output(self.value[graph.output.name])

    def call(self, function, *arguments, **keywords):
        return self.fx.call_function(function, arguments, keywords)

    def weight(self, name, arrange=lambda t: t):
        key = name.replace("/", "_")
        tensor = arrange(torch.from_numpy(self.source.weights[name])).clone().contiguous()
        if "/moving_" in name:
            self.root.register_buffer(key, tensor)
        else:
            self.root.register_parameter(key, torch.nn.Parameter(tensor, requires_grad=self.trainable))
        return self.fx.get_attr(key)

    def add(self, node, a):
        if node.op in POINTWISE:
            read = lambda n: self.value[n] if n in self.value else float(self.source.weights[n])
            return self.call(POINTWISE[node.op], *[read(i) for i in node.inputs])
        xs = [self.value[i] for i in node.inputs if i in self.value]
        weights = [i for i in node.inputs if i not in self.value]
        return getattr(self, "add_" + node.op)(a, weights, *xs)

    def padded(self, x, pads, fill):
        """The value and symmetric padding; an uneven one becomes an op of its own."""
        if symmetric(pads) is not None:
            return x, symmetric(pads)
        t, l, b, r = pads
        return self.call(F.pad, x, (l, r, t, b), value=fill), (0, 0)

    def add_Conv(self, a, weights, x):
        x, pads = self.padded(x, a["pads"], 0.0)
        kernel, bias = self.weight(weights[0]), self.weight(weights[1]) if len(weights) > 1 else None
        return self.call(F.conv2d, x, kernel, bias, tuple(a["strides"]), pads, tuple(a["dilations"]), a["group"])

    def add_MaxPool(self, a, weights, x):
        x, pads = self.padded(x, a["pads"], float("-inf"))
        size, strides = tuple(a["kernel_shape"]), tuple(a["strides"])
        return self.call(F.max_pool2d, x, size, strides, pads, 1, bool(a["ceil_mode"]))

    def add_AveragePool(self, a, weights, x):
        assert symmetric(a["pads"]) is not None, "an average pool with uneven padding"
        size, strides = tuple(a["kernel_shape"]), tuple(a["strides"])
        ceil, count = bool(a["ceil_mode"]), bool(a["count_include_pad"])
        return self.call(F.avg_pool2d, x, size, strides, symmetric(a["pads"]), ceil, count)

    def add_GlobalAveragePool(self, a, weights, x):
        return self.call(F.adaptive_avg_pool2d, x, 1)

    def add_GlobalMaxPool(self, a, weights, x):
        return self.call(F.adaptive_max_pool2d, x, 1)

    def add_Flatten(self, a, weights, x):
        return self.call(torch.flatten, x, 1)

    def add_Gemm(self, a, weights, x):
        bias = self.weight(weights[1]) if len(weights) > 1 else None
        return self.call(F.linear, x, self.weight(weights[0], torch.t), bias)

    def add_BatchNormalization(self, a, weights, x):
        gamma, beta, mean, variance = (self.weight(w) for w in weights)
        momentum = 1 - 0.99  # Keras's default, said PyTorch's way
        return self.call(F.batch_norm, x, mean, variance, gamma, beta, self.trainable, momentum, a["epsilon"])

    def add_LRN(self, a, weights, x):
        return self.call(F.local_response_norm, x, a["size"], a["alpha"], a["beta"], a["bias"])

    def add_Clip(self, a, weights, x):
        low, high = (float(self.source.weights[w]) for w in weights)
        return self.call(F.hardtanh, x, low, high)

    def add_LeakyRelu(self, a, weights, x):
        return self.call(F.leaky_relu, x, a["alpha"])

    def add_Softmax(self, a, weights, x):
        return self.call(F.softmax, x, a["axis"])

    def add_LogSoftmax(self, a, weights, x):
        return self.call(F.log_softmax, x, a["axis"])

    def add_Pad(self, a, weights, x):
        low, high = a["pads"][:4], a["pads"][4:]
        flat = [p for i in (3, 2, 1) for p in (low[i], high[i])]
        return self.call(F.pad, x, tuple(flat))

    def add_Concat(self, a, weights, *xs):
        return self.call(torch.cat, tuple(xs), a["axis"])


def module(graph, trainable=False):
    """A GraphModule from NCHW [batch, ...] to the output, weights as parameters.

    `trainable`: they want gradients, and batch normalisation is that of training.
    """
    builder = Builder(graph, trainable)
    return torch.fx.GraphModule(builder.root, builder.fx, "Network")
