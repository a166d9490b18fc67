"""An independent float64 evaluation of model.json, written with numpy for clarity, not speed.

It shares no code with the compiler. `Network(model).run(inputs, weights)` returns the
outputs; `weights` is any callable (name, shape) -> array, e.g. `Given(tensors)` or
`Random(seed)`, which invents plausible weights and remembers them for a file.
"""

import math
import re

import numpy as np

import dlctest


class Given:
    """Weights from a dictionary; a wrong shape is an error, so is one never asked for."""

    def __init__(self, tensors):
        self.tensors, self.used = tensors, set()

    def __call__(self, name, shape):
        value = self.tensors[name]
        assert tuple(value.shape) == tuple(shape), f"{name}: {value.shape}, layer needs {shape}"
        self.used.add(name)
        return value.astype(np.float64)


class Random:
    """Weights drawn so that activations keep about unit size; the same for the same seed."""

    def __init__(self, seed=0):
        self.rng, self.tensors = np.random.default_rng(seed), {}

    def __call__(self, name, shape):
        if name not in self.tensors:
            self.tensors[name] = self.draw(name.rsplit("/", 1)[-1], shape).astype(np.float32)
        value = self.tensors[name]
        assert value.shape == tuple(shape), f"{name}: {value.shape}, layer needs {shape}"
        return value.astype(np.float64)

    def draw(self, kind, shape):
        if kind == "kernel":
            depthwise = len(shape) == 4 and shape[3] < 3 and shape[2] > 1
            fan = shape[0] * shape[1] if depthwise else int(np.prod(shape[:-1]))
            values = self.rng.standard_normal(shape, dtype=np.float32)
            return values * np.float32(math.sqrt(2.0 / max(fan, 1)))
        low, high = {"gamma": (0.5, 1.5), "moving_variance": (0.5, 1.5)}.get(kind, (-0.3, 0.3))
        return self.rng.uniform(low, high, shape)


# model.json to a flat list of layers -----------------------------------------------------


def substitute(value, params):
    """Replaces "$name" and "$name*4" by the block's parameters, everywhere inside `value`."""
    if isinstance(value, dict):
        return {k: substitute(v, params) for k, v in value.items()}
    if isinstance(value, list):
        return [substitute(v, params) for v in value]
    if isinstance(value, str) and value.startswith("$"):
        name, factor = re.fullmatch(r"\$(\w+)(?:\*(\d+))?", value).groups()
        return params[name] if factor is None else params[name] * int(factor)
    return value


def snake(type_name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type_name).lower()


class Network:
    kinds = {}  # {type: function of fields, weights and inputs}: LAYERS, unless a subclass knows better

    def __init__(self, model):
        self.model, self.blocks = model, model.get("blocks", {})
        self.layers, self.counts = [], {}
        names = {i["name"]: i["name"] for i in model["inputs"]}
        self.names = self.expand(model["layers"], "", names, model["inputs"][0]["name"])[1]

    def expand(self, entries, prefix, outer, flow):
        """Appends layers (full name, fields, sources); returns the last value and the names."""
        entering, names = flow, dict(outer)
        for entry in entries:
            if "block" in entry or "repeat" in entry:
                flow = self.expand_group(entry, prefix, names, flow)
                if "name" in entry:
                    names[entry["name"]] = flow
                continue
            full = prefix + (entry.get("name") or self.automatic(entry["type"]))
            sources = entry.get("from", None)
            sources = [sources] if isinstance(sources, str) else sources
            sources = [entering if s == "@in" else names[s] for s in sources] if sources else [flow]
            owner = names[entry["share"]] if "share" in entry else full
            self.layers.append((full, owner, entry, sources))
            names[entry.get("name", full)] = flow = full
        return flow, names

    def expand_group(self, entry, prefix, names, flow):
        if "block" in entry:
            body = substitute(self.blocks[entry["block"]]["layers"], entry.get("with", {}))
            return self.expand(body, f"{prefix}{entry['name']}_", names, flow)[0]
        for i in range(entry["repeat"]):
            flow = self.expand(entry["layers"], f"{prefix}{entry['name']}_{i}_", names, flow)[0]
        return flow

    def automatic(self, type_name):
        name = snake(type_name)
        self.counts[name] = self.counts.get(name, -1) + 1
        return name if self.counts[name] == 0 else f"{name}_{self.counts[name]}"

    def run(self, inputs, weights):
        """inputs: arrays with the batch first, in the order of model.json; returns a list."""
        values = {d["name"]: np.asarray(x, np.float64) for d, x in zip(self.model["inputs"], inputs)}
        for full, owner, fields, sources in self.layers:
            read = lambda kind, shape, owner=owner: weights(f"{owner}/{kind}", tuple(int(s) for s in shape))
            arguments = [values[s] for s in sources]
            values[full] = self.layer(fields, read, arguments)
        return [values[self.names.get(o, o)] for o in self.outputs()]

    def layer(self, fields, read, arguments):
        """One layer; channels_first ones (but for the axis of an activation) are computed last."""
        first = fields.get("data_format") == "channels_first"
        if first:
            arguments = [np.moveaxis(x, 1, 3) for x in arguments]
        y = self.kinds[fields["type"]](fields, read, *arguments)
        if "activation" in fields and fields["type"] != "Activation":
            y = activation(fields["activation"], y)
        return np.moveaxis(y, 3, 1) if first and y.ndim == 4 else y

    def outputs(self):
        return self.model.get("outputs") or [self.layers[-1][0]]


# Activations -------------------------------------------------------------------------------


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def log_softmax(x, axis=-1):
    z = x - x.max(axis, keepdims=True)
    return z - np.log(np.exp(z).sum(axis, keepdims=True))


def sigmoid(x):
    return np.where(x >= 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))))


def gelu(x):
    return 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


ACTIVATIONS = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "leaky_relu": lambda x: np.where(x >= 0, x, 0.2 * x),
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "exponential": np.exp,
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "gelu": gelu,
    "swish": lambda x: x * sigmoid(x),
    "silu": lambda x: x * sigmoid(x),
    "softplus": lambda x: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))),
    "sign": np.sign,
    "hard_sigmoid": lambda x: np.clip(x + 3, 0, 6) / 6,
    "softmax": softmax,
    "log_softmax": log_softmax,
}


def activation(name, x):
    return ACTIVATIONS[name or "linear"](x)


# Windows -----------------------------------------------------------------------------------


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def paddings(spec, size, kernel, stride):
    """((top, bottom), (left, right)) of "valid", "same" or explicit padding."""
    if spec == "valid":
        return ((0, 0), (0, 0))
    if spec == "same":
        totals = [max((-(-n // s) - 1) * s + k - n, 0) for n, k, s in zip(size, kernel, stride)]
        return tuple((t // 2, t - t // 2) for t in totals)
    return tuple(tuple(p) for p in spec)


def taps(x, fields, kernel, stride, dilation):
    """Yields (i, j, the pixels under tap i, j of every window)."""
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation)]
    pads = paddings(fields.get("padding", "valid"), x.shape[1:3], reach, stride)
    x = np.pad(x, ((0, 0), *pads, (0, 0)))
    out = [(n - r) // s + 1 for n, r, s in zip(x.shape[1:3], reach, stride)]
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            top, left = i * dilation[0], j * dilation[1]
            rows = slice(top, top + (out[0] - 1) * stride[0] + 1, stride[0])
            columns = slice(left, left + (out[1] - 1) * stride[1] + 1, stride[1])
            yield i, j, x[:, rows, columns, :]


def conv2d(f, weights, x):
    kernel, groups, filters = pair(f["kernel_size"]), f.get("groups", 1), f["filters"]
    k = weights("kernel", (*kernel, x.shape[3] // groups, filters))
    ci, co, y = x.shape[3] // groups, filters // groups, 0.0
    for i, j, pixels in taps(x, f, kernel, pair(f.get("strides", 1)), pair(f.get("dilation_rate", 1))):
        parts = [
            pixels[..., g * ci : (g + 1) * ci] @ k[i, j, :, g * co : (g + 1) * co] for g in range(groups)
        ]
        y = y + (parts[0] if groups == 1 else np.concatenate(parts, -1))
    return y + weights("bias", (filters,)) if f.get("use_bias", True) else y


def depthwise(f, weights, x):
    kernel, multiplier, channels = pair(f["kernel_size"]), f.get("depth_multiplier", 1), x.shape[3]
    k, y = weights("kernel", (*kernel, channels, multiplier)), 0.0
    for i, j, pixels in taps(x, f, kernel, pair(f.get("strides", 1)), pair(f.get("dilation_rate", 1))):
        y = y + pixels[..., None] * k[i, j]
    y = y.reshape(*y.shape[:3], channels * multiplier)
    return y + weights("bias", (channels * multiplier,)) if f.get("use_bias", True) else y


def pool(f, x, combine):
    """combine(window [N, h, w, C], cells counted when padding counts) -> [N, C]."""
    window = pair(f.get("pool_size", 2))
    stride = pair(f.get("strides") or window)
    pads = paddings(f.get("padding", "valid"), x.shape[1:3], window, stride)
    sizes, out = x.shape[1:3], []
    for n, k, s, (low, high) in zip(sizes, window, stride, pads):
        room = n + low + high - k
        count = (-(-room // s) if f.get("ceil_mode") else room // s) + 1
        if f.get("ceil_mode") and (count - 1) * s >= n + low:
            count -= 1  # the last window has to start inside the image or its left padding
        out.append(count)
    y = np.empty((x.shape[0], *out, x.shape[3]))
    for r in range(out[0]):
        for c in range(out[1]):
            spans = []
            for p, k, s, n, (low, high) in zip((r, c), window, stride, sizes, pads):
                begin = p * s - low
                spans.append((max(begin, 0), min(begin + k, n), min(begin + k, n + high) - begin))
            (t, b, h), (l, e, w) = spans
            y[:, r, c, :] = combine(x[:, t:b, l:e, :], h * w)
    return y


def max_pool(f, weights, x):
    return pool(f, x, lambda window, cells: window.max((1, 2)))


def average_pool(f, weights, x):
    def mean(window, cells):
        return window.sum((1, 2)) / (
            cells if f.get("count_include_pad") else window.shape[1] * window.shape[2]
        )

    return pool(f, x, mean)


# The other layers ---------------------------------------------------------------------------


def dense(f, weights, x):
    y = x @ weights("kernel", (x.shape[-1], f["units"]))
    return y + weights("bias", (f["units"],)) if f.get("use_bias", True) else y


def batch_norm(f, weights, x):
    axis = f.get("axis", -1)
    x, shape = np.moveaxis(x, axis, -1), (x.shape[axis],)
    y = (x - weights("moving_mean", shape)) / np.sqrt(
        weights("moving_variance", shape) + f.get("epsilon", 1e-3)
    )
    y = y * weights("gamma", shape) if f.get("scale", True) else y
    y = y + weights("beta", shape) if f.get("center", True) else y
    return np.moveaxis(y, -1, axis)


def lrn(f, weights, x):
    size, across = f.get("size", 5), f.get("region", "across") == "across"
    half, square = size // 2, x * x
    total = np.zeros_like(x)
    if across:
        for c in range(x.shape[-1]):
            total[..., c] = square[..., max(c - half, 0) : c + half + 1].sum(-1)
    else:
        for r in range(x.shape[1]):
            for c in range(x.shape[2]):
                near = square[:, max(r - half, 0) : r + half + 1, max(c - half, 0) : c + half + 1]
                total[:, r, c] = near.sum((1, 2))
    alpha = f.get("alpha", 1e-4) / (size if across else size * size)
    return x / (f.get("bias", 1.0) + alpha * total) ** f.get("beta", 0.75)


def relu(f, weights, x):
    slope, threshold = f.get("negative_slope", 0.0), f.get("threshold", 0.0)
    y = np.where(x >= threshold, x, slope * (x - threshold))
    return np.minimum(y, f["max_value"]) if f.get("max_value") is not None else y


def zero_padding(f, weights, x):
    spec = f.get("padding", 1)
    spec = [spec, spec] if isinstance(spec, int) else spec
    spec = [[s, s] if isinstance(s, int) else s for s in spec]
    return np.pad(x, ((0, 0), *map(tuple, spec), (0, 0)))


def normalization(f, weights, x):
    deviation = np.maximum(np.sqrt(np.asarray(f["variance"], float)), 1e-7)
    return (x - np.asarray(f["mean"], float)) / deviation


LAYERS = {
    "Dense": dense,
    "Conv2D": conv2d,
    "DepthwiseConv2D": depthwise,
    "MaxPooling2D": max_pool,
    "AveragePooling2D": average_pool,
    "GlobalAveragePooling2D": lambda f, w, x: x.mean((1, 2), keepdims=f.get("keepdims", False)),
    "GlobalMaxPooling2D": lambda f, w, x: x.max((1, 2), keepdims=f.get("keepdims", False)),
    "Flatten": lambda f, w, x: x.reshape(x.shape[0], -1),
    "Reshape": lambda f, w, x: x.reshape(x.shape[0], *f["target_shape"]),
    "ZeroPadding2D": zero_padding,
    "ChannelPad": lambda f, w, x: np.pad(
        x, [(0, 0)] * (x.ndim - 1) + [(f.get("before", 0), f.get("after", 0))]
    ),
    "BatchNormalization": batch_norm,
    "LRN": lrn,
    "Dropout": lambda f, w, x: x,
    "Add": lambda f, w, *xs: sum(xs[1:], xs[0]),
    "Subtract": lambda f, w, a, b: a - b,
    "Maximum": lambda f, w, *xs: np.max(xs, axis=0),
    "Minimum": lambda f, w, *xs: np.min(xs, axis=0),
    "Multiply": lambda f, w, *xs: math.prod(xs[1:], start=xs[0]),
    "Concatenate": lambda f, w, *xs: np.concatenate(xs, f.get("axis", -1)),
    "Activation": lambda f, w, x: activation(f["activation"], x),
    "ReLU": relu,
    "LeakyReLU": lambda f, w, x: np.where(x >= 0, x, f.get("negative_slope", 0.3) * x),
    "RReLU": lambda f, w, x: np.where(x >= 0, x, (f.get("lower", 1 / 8) + f.get("upper", 1 / 3)) / 2 * x),
    "Softmax": lambda f, w, x: softmax(x, f.get("axis", -1)),
    "Rescaling": lambda f, w, x: x * np.asarray(f["scale"], float) + np.asarray(f.get("offset", 0.0), float),
    "Normalization": normalization,
}


Network.kinds = LAYERS


def random_inputs(model, batch, seed=1):
    """Arrays for every input: normal float32 numbers, or the whole range of bytes."""
    rng = np.random.default_rng(seed)
    arrays = []
    for entry in model["inputs"]:
        shape, dtype = (batch, *entry["shape"]), entry.get("dtype", "float32")
        if dtype == "float32":
            arrays.append(rng.standard_normal(shape).astype(np.float32))
        else:
            arrays.append(rng.integers(0, 256 if dtype == "uint8" else 1000, shape).astype(dtype))
    return arrays


def check(dlc, model, path, folder, batch=2, seed=0, limit=2e-5, options=()):
    """Runs `model` (saved at `path`) with random weights in dlc and here; compares."""
    weights, inputs = Random(seed), random_inputs(model, batch, seed + 1)
    want = Network(model).run(inputs, weights)
    file = f"{folder}/random.safetensors"
    dlctest.write_safetensors(file, weights.tensors)
    got = dlc.run(
        path, inputs, folder, weights=file if weights.tensors else None, options=options, outputs=len(want)
    )
    got = got if len(want) > 1 else [got]
    return max(dlctest.close(g, w, dlctest.scaled(w, limit, 1e-3)) for g, w in zip(got, want))
