"""The operator packs of ../shared/golden as one module of nn functions.

`write DIR` prints the module; its @main prints every result. `check DIR` compares such a printout
on standard input with the packs, within their README's tolerance.
"""

import glob
import json
import os
import re
import sys

import numpy as np


def array(values):
    return "array<i64: %s>" % ", ".join(map(str, values))


def tensor(shape, dynamic):
    extents = ["?" if dynamic and i == 0 else str(n) for i, n in enumerate(shape)]
    return "tensor<%sxf32>" % "x".join(extents)


# What becomes of a pack: the op with its attributes; operands; whether they print with all types.
def elementwise(mnemonic, **attributes):
    text = ", ".join("%s = %.9e : f32" % item for item in attributes.items())
    return lambda a: (mnemonic + (" {%s}" % text if text else ""), "short")


def window(a):
    (top, bottom), (left, right) = a["pads_resolved"]
    return "strides = %s, padding = %s" % (array(a["strides"]), array([top, bottom, left, right]))


def conv(mnemonic):
    def build(a):
        groups = ", groups = %d : i64" % a["groups"] if a.get("groups", 1) > 1 else ""
        dilations = array(a.get("dilation_rate", [1, 1]))
        return "%s {%s, dilations = %s%s}" % (mnemonic, window(a), dilations, groups), "long"
    return build


def pool(kind):
    def build(a):
        flags = [f for f in ("ceil_mode", "count_include_pad") if a.get(f)]
        fields = ["kind = #nn.pool<%s>" % kind, "window = " + array(a["pool_size"]), window(a)]
        return "nn.pool2d {%s}" % ", ".join(fields + flags), "long"
    return build


def lrn(region):
    return lambda a: ("nn.lrn {size = %d : i64, alpha = %e : f32, beta = %e : f32, bias = %e : f32, "
                      "region = #nn.region<%s>}" % (a["size"], a["alpha"], a["beta"], a["k"], region),
                      "short")


def pad(a):
    (top, bottom), (left, right) = a["padding"]
    return "nn.pad {low = %s, high = %s, value = %e : f32}" % (
        array([0, top, left, 0]), array([0, bottom, right, 0]), a["value"]), "long"


def softmax(flag):
    return lambda a: ("nn.softmax" + flag, "short")


OPS = {
    "relu": elementwise("nn.relu"),
    "relu6": elementwise("nn.relu", max_value=6),
    "leaky_relu": lambda a: elementwise("nn.relu", negative_slope=a["alpha"])(a),
    "elu": lambda a: elementwise("nn.elu", alpha=a["alpha"])(a),
    "gelu": lambda a: ("nn.gelu" + (" {approximate}" if a["approximate"] else ""), "short"),
    "rrelu": lambda a: elementwise("nn.rrelu", lower=a["lower"], upper=a["upper"])(a),
    "dense": lambda a: ("nn.dense", "long"),
    "conv2d": conv("nn.conv2d"),
    "depthwise_conv2d": conv("nn.depthwise_conv2d"),
    "maxpool2d": pool("max"),
    "avgpool2d": pool("avg"),
    "global_avgpool2d": lambda a: ("nn.global_pool2d {kind = #nn.pool<avg>}", "long"),
    "global_maxpool2d": lambda a: ("nn.global_pool2d {kind = #nn.pool<max>}", "long"),
    "batchnorm_inference": lambda a: ("nn.batch_norm {epsilon = %e : f32}" % a["epsilon"], "long"),
    "lrn_across_channels": lrn("across"),
    "lrn_within_channel": lrn("within"),
    "softmax": softmax(""),
    "log_softmax": softmax(" {log}"),
    "pad2d": pad,
    "reshape": lambda a: ("nn.reshape", "long"),
    "flatten": lambda a: ("nn.reshape", "long"),
    "concat": lambda a: ("nn.concat {axis = %d : i64}" % a["axis"], "long"),
    "transpose": lambda a: ("nn.transpose {perm = %s}" % array(a["perm"]), "long"),
    "hard_sigmoid": elementwise("nn.hard_sigmoid"),
}
for name in "sigmoid tanh exp swish softplus add sub mul div maximum minimum".split():
    OPS[name] = elementwise("nn." + name)


def unsupported(a, inputs):
    """Packs of a supported op that ask for more than the nn op does."""
    op = a["op"]
    shapes = {x.shape for x in inputs}
    return (op in ("add", "sub", "mul", "div", "maximum", "minimum") and len(shapes) > 1 or
            op == "hard_sigmoid" and a["slope"] == 0.2 or
            op in ("softmax", "log_softmax") and a["axis"] != -1 or
            op == "pad2d" and a["mode"] != "constant" or
            op == "concat" and (a["axis"] == 0 or "inputs" in a))


def packs(shared):
    for path in sorted(glob.glob(os.path.join(shared, "golden", "ops", "*.npz"))):
        pack = np.load(path)
        yield os.path.basename(path)[:-4], json.loads(str(pack["attrs"])), pack


def cases(shared):
    for name, attributes, pack in packs(shared):
        inputs = [pack[name] for name in pack.files if name.startswith("in_")]
        if attributes["op"] in OPS and not unsupported(attributes, inputs):
            if attributes["op"] == "concat":
                attributes["axis"] %= pack["output"].ndim
            yield name, attributes, inputs, pack["output"]


def function(name, attributes, inputs, output):
    text, style = OPS[attributes["op"]](attributes)
    mnemonic, _, rest = text.partition(" ")
    # The batch is the first extent of data, and of nothing else; where transposed, it moves.
    parameters = attributes["op"] in ("dense", "conv2d", "depthwise_conv2d", "batchnorm_inference")
    types = [tensor(x.shape, i == 0 or not parameters) for i, x in enumerate(inputs)]
    moved = attributes.get("perm", [0]).index(0)
    extents = ["?" if i == moved else str(n) for i, n in enumerate(output.shape)]
    result = "tensor<%sxf32>" % "x".join(extents)
    operands = ["%%x%d" % i for i in range(len(inputs))]
    signature = ", ".join("%s: %s" % pair for pair in zip(operands, types))
    shown = result if style == "short" else "(%s) -> %s" % (", ".join(types), result)
    print("func.func @%s(%%batch: index {nn.batch}, %s) -> %s {" % (name, signature, result))
    print("  %%y = %s %s %s : %s" % (mnemonic, ", ".join(operands), rest, shown))
    print("  return %%y : %s\n}" % result)
    return types, result


def write(shared):
    print("func.func private @printMemrefF32(tensor<*xf32>)")
    body = []
    for name, attributes, inputs, output in cases(shared):
        types, result = function(name, attributes, inputs, output)
        arguments = []
        for i, (x, type) in enumerate(zip(inputs, types)):
            static = tensor(x.shape, False)
            argument = "%%%s_x%d" % (name, i)
            body.append('%s_s = arith.constant dense<"0x%s"> : %s' % (
                argument, x.astype("<f4").tobytes().hex().upper(), static))
            body.append("%s = tensor.cast %s_s : %s to %s" % (argument, argument, static, type))
            arguments.append(argument)
        body.append("%%%s_b = arith.constant %d : index" % (name, inputs[0].shape[0]))
        body.append("%%%s = call @%s(%s) : (%s) -> %s" % (
            name, name, ", ".join(["%%%s_b" % name] + arguments), ", ".join(["index"] + types), result))
        body.append("%%%s_u = tensor.cast %%%s : %s to tensor<*xf32>" % (name, name, result))
        body.append("call @printMemrefF32(%%%s_u) : (tensor<*xf32>) -> ()" % name)
    print("func.func @main() {\n  %s\n  return\n}" % "\n  ".join(body))


def check(shared):
    printed = sys.stdin.read().split("Unranked Memref")[1:]
    failures = 0
    expected = list(cases(shared))
    for (name, _, _, output), text in zip(expected, printed):
        numbers = re.findall(r"-?(?:\d[\d.]*(?:e[-+]?\d+)?|inf|nan)", text.partition("data =")[2])
        got = np.array([float(n) for n in numbers])
        if got.size != output.size:
            error = np.inf
        else:
            error = np.max(np.abs(got.reshape(output.shape) - output)) / max(1, np.max(np.abs(output)))
        if not error <= 1e-5:
            print("FAIL %s: error %g" % (name, error))
            failures += 1
    print("%d cases, %d printed, %d failures" % (len(expected), len(printed), failures))
    return 1 if failures or len(printed) != len(expected) or not expected else 0


if __name__ == "__main__":
    sys.exit({"write": write, "check": check}[sys.argv[1]](sys.argv[2]))
