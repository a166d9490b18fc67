"""A to_onnx.Graph as a JAX function of parameters and input, for training."""

import jax
import jax.numpy as jnp
from jax import lax

POINTWISE = {
    "Relu": jax.nn.relu,
    "Sigmoid": jax.nn.sigmoid,
    "Tanh": jnp.tanh,
    "Add": jnp.add,
    "Mul": jnp.multiply,
}


def windows(x, a, init, function):
    t, l, b, r = a["pads"]
    size, strides = (1, 1, *a["kernel_shape"]), (1, 1, *a["strides"])
    return lax.reduce_window(x, init, function, size, strides, ((0, 0), (0, 0), (t, b), (l, r)))


def average(x, a):
    ones = jnp.ones((1, 1, *x.shape[2:]), x.dtype)
    return windows(x, a, 0.0, lax.add) / windows(ones, a, 0.0, lax.add)


def convolution(a, w, x):
    t, l, b, r = a["pads"]
    y = lax.conv_general_dilated(
        x,
        w[0],
        a["strides"],
        ((t, b), (l, r)),
        rhs_dilation=a["dilations"],
        dimension_numbers=("NCHW", "OIHW", "NCHW"),
        feature_group_count=a["group"],
    )
    return y + w[1][:, None, None] if len(w) > 1 else y


def batch_norm(a, w, x):
    """Normalises by the batch."""
    mean, variance = x.mean((0, 2, 3), keepdims=True), x.var((0, 2, 3), keepdims=True)
    scale = w[0][:, None, None] * lax.rsqrt(variance + a["epsilon"])
    return (x - mean) * scale + w[1][:, None, None], mean.ravel(), variance.ravel()


def apply(graph, parameters, x):
    """The output and {name of a moving statistic: its batch's value}."""
    values, statistics = {graph.input.name: x}, {}
    for node in graph.nodes:
        a, op = node.attributes, node.op
        xs = [values[i] for i in node.inputs if i in values]
        names = [i for i in node.inputs if i not in values]
        w = [parameters[n] for n in names]
        if op == "Conv":
            y = convolution(a, w, *xs)
        elif op == "Gemm":
            y = xs[0] @ w[0] + (w[1] if len(w) > 1 else 0)
        elif op == "BatchNormalization":
            y, statistics[names[2]], statistics[names[3]] = batch_norm(a, w, *xs)
        elif op == "MaxPool":
            y = windows(xs[0], a, -jnp.inf, lax.max)
        elif op == "AveragePool":
            y = average(xs[0], a)
        elif op == "GlobalAveragePool":
            y = xs[0].mean((2, 3), keepdims=True)
        elif op == "Pad":
            y = jnp.pad(xs[0], tuple(zip(a["pads"][:4], a["pads"][4:])))
        elif op == "Concat":
            y = jnp.concatenate(xs, a["axis"])
        elif op == "Flatten":
            y = xs[0].reshape(xs[0].shape[0], -1)
        else:
            y = POINTWISE[op](*xs)
        values[node.output] = y
    return values[graph.output.name], statistics
