"""The gradients of ../shared/golden's operator packs as one module of nn functions.

`write DIR` prints a module for each pack, apart by // -----, whose @forward is the op. Between them
and the numbers stand --dlc-differentiate and `link DIR`, which makes one module of all @backward
functions with a @main that prints their results. `check DIR` compares these with the packs.
"""

import re
import sys

import numpy as np

import golden

# Parameters have static extents; everything else is data.
PARAMETERS = ("kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance", "class_weight")


def builder(a):
    """The op with its attributes, and how its types are written."""
    if a["op"] == "batchnorm_training":
        return "nn.batch_norm {epsilon = %e : f32, momentum = %.9e : f32}" % (
            a["epsilon"], a["momentum"]), "long"
    if a["op"] == "batchnorm_inference":
        return "nn.batch_norm {epsilon = %e : f32, frozen}" % a["epsilon"], "long"
    if a["op"].endswith("categorical_crossentropy"):
        flags = ["from_logits"] * a["from_logits"] + ["normalize"] * a.get("normalise", False)
        flags.append("label_smoothing = %e : f32" % a.get("label_smoothing", 0))
        return "nn.cross_entropy {%s}" % ", ".join(flags), "loss"
    if a["op"] == "crop2d":
        return "nn.slice", "crop"
    return golden.OPS[a["op"]](a)


def supported(a, pack):
    names = [name for name in pack.files if name.startswith("in_")]
    inputs = [pack[name] for name in names]
    if a["op"] == "rrelu":
        return False  # has random slopes where there are gradients
    if a["op"] in golden.OPS:
        return not golden.unsupported(a, inputs)
    if a["op"] in ("categorical_crossentropy", "sparse_categorical_crossentropy"):
        return "sum(w_i)" not in a.get("class_weight_reduction", "")
    return a["op"] in ("batchnorm_training", "crop2d")


def cases(shared):
    for name, attributes, pack in golden.packs(shared):
        if any(f.startswith("grad_") for f in pack.files) and supported(attributes, pack):
            if attributes["op"] == "concat":
                attributes["axis"] %= pack["output"].ndim
            yield name, attributes, pack


class Case:
    def __init__(self, name, attributes, pack):
        self.name, self.attributes, self.pack = name, attributes, pack
        self.inputs = [f[3:] for f in pack.files if f.startswith("in_")]
        self.isLoss = pack["output"].ndim == 0
        moved = attributes.get("perm", [0]).index(0)
        output = pack["output"]
        extents = ["?" if i == moved else str(n) for i, n in enumerate(output.shape)]
        self.result = "tensor<1xf32>" if self.isLoss else "tensor<%sxf32>" % "x".join(extents)

    def value(self, name):
        x = self.pack["in_" + name]
        return x.astype("<i4" if x.dtype.kind == "i" else "<f4")

    def type(self, name, dynamic=True):
        x = self.value(name)
        text = golden.tensor(x.shape, dynamic and name not in PARAMETERS)
        return text.replace("f32", "i32") if x.dtype.kind == "i" else text

    def mark(self, name):
        if name.startswith("moving") or name in ("target", "class_weight"):
            return '{nn.param = "%s", nn.state}' % name
        if name in PARAMETERS:
            return '{nn.param = "%s", nn.trainable}' % name
        return '{nn.input = "%s"}' % name

    def print(self):
        types = ", ".join(self.type(name) for name in self.inputs)
        signature = ", ".join("%%%s: %s %s" % (n, self.type(n), self.mark(n)) for n in self.inputs)
        text, style = builder(self.attributes)
        mnemonic, _, rest = text.partition(" ")
        operands = ", ".join("%" + name for name in self.inputs)
        print('func.func @forward(%%batch: index {nn.batch}, %s) -> (%s {nn.output = "y"}) {' % (
            signature, self.result))
        if style == "crop":
            (top, _), (left, _) = self.attributes["cropping"]
            sizes = [-1] + list(self.pack["output"].shape[1:])
            rest = "{offsets = %s, sizes = %s}" % (
                golden.array([0, top, left, 0]), golden.array(sizes))
        rows = self.type("pred").replace("x%dxf32" % self.value("pred").shape[-1],
                                         "xf32") if style == "loss" else self.result
        shown = self.result if style == "short" else "(%s) -> %s" % (types, rows)
        print("  %%y = %s %s %s : %s" % (mnemonic, operands, rest, shown))
        if style == "loss":
            count = int(np.prod(self.value("pred").shape[1:-1]))
            print("  %%s = nn.reduce_sum %%y : (%s) -> tensor<1xf32>" % rows)
            print("  %%m = nn.average %%s {per_sample = %d : i64} : tensor<1xf32>" % count)
            print("  return %m : tensor<1xf32>\n}")
        else:
            print("  return %%y : %s\n}" % self.result)
        print('func.func @loss(%%y: %s {nn.output = "y"}) -> tensor<1xf32> {' % self.result)
        print("  %%s = nn.reduce_sum %%y : (%s) -> tensor<1xf32>" % self.result)
        print("  return %s : tensor<1xf32>\n}")

    def arguments(self):
        """Of @backward: (name, array, dynamic type) of each after the batch."""
        yield "random", np.zeros(4, "<i4"), "tensor<4xi32>"
        for name in self.inputs:
            if "input" in self.mark(name):
                yield name, self.value(name), self.type(name)
        upstream = self.pack["upstream"].astype("<f4")
        yield "upstream", upstream.reshape(1) if self.isLoss else upstream, self.result
        for name in self.inputs:
            if "input" not in self.mark(name):
                yield name, self.value(name), self.type(name)
        for name in self.trainable():
            yield "old_" + name, np.zeros_like(self.value(name)), self.type(name)

    def trainable(self):
        return [name for name in self.inputs if "trainable" in self.mark(name)]

    def results(self):
        """(array or None, type) of each result."""
        for name in self.inputs:
            if "input" in self.mark(name) and self.value(name).dtype.kind == "f":
                expected = "grad_" + name in self.pack.files
                yield self.pack["grad_" + name] if expected else None, self.type(name)
        for name in self.trainable():
            yield self.pack["grad_" + name], self.type(name)
        if self.attributes["op"] == "batchnorm_training":
            for name in ("moving_mean", "moving_variance"):
                yield self.pack["out_new_" + name], self.type(name)


def write(shared):
    for number, case in enumerate(cases(shared)):
        if number:
            print("// -----")
        Case(*case).print()


def link(shared):
    functions = re.findall(r"^  func\.func @backward\(.*?^  }", sys.stdin.read(), re.M | re.S)
    print("func.func private @printMemrefF32(tensor<*xf32>)")
    body = []
    all_cases = [Case(*case) for case in cases(shared)]
    assert len(functions) == len(all_cases), "%d functions" % len(functions)
    for case, function in zip(all_cases, functions):
        print(function.replace("@backward(", '@"%s"(' % case.name, 1))
        prefix = "%" + re.sub(r"\W", "_", case.name)
        arguments, types = [prefix + "_batch"], ["index"]
        body.append("%s_batch = arith.constant %d : index" % (prefix, case.value(case.inputs[0]).shape[0]))
        for name, x, type in case.arguments():
            static = golden.tensor(x.shape, False).replace("f32", "i32" if x.dtype.kind == "i" else "f32")
            value = "%s_%s" % (prefix, name)
            body.append('%s_s = arith.constant dense<"0x%s"> : %s' % (value, x.tobytes().hex().upper(), static))
            body.append("%s = tensor.cast %s_s : %s to %s" % (value, value, static, type))
            arguments.append(value)
            types.append(type)
        results = [type for _, type in case.results()]
        body.append('%s_r:%d = func.call @"%s"(%s) : (%s) -> (%s)' % (
            prefix, len(results), case.name, ", ".join(arguments), ", ".join(types), ", ".join(results)))
        for i, type in enumerate(results):
            body.append("%s_u%d = tensor.cast %s_r#%d : %s to tensor<*xf32>" % (prefix, i, prefix, i, type))
            body.append("func.call @printMemrefF32(%s_u%d) : (tensor<*xf32>) -> ()" % (prefix, i))
    print("func.func @main() {\n  %s\n  return\n}" % "\n  ".join(body))


def check(shared):
    printed = sys.stdin.read().split("Unranked Memref")[1:]
    expected = [(case.name, x) for case in (Case(*c) for c in cases(shared)) for x, _ in case.results()]
    failures = 0
    for (name, want), text in zip(expected, printed):
        if want is None:
            continue
        numbers = re.findall(r"-?(?:\d[\d.]*(?:e[-+]?\d+)?|inf|nan)", text.partition("data =")[2])
        got = np.array([float(n) for n in numbers])
        error = np.inf
        if got.size == want.size:
            error = np.max(np.abs(got.reshape(want.shape) - want)) / max(1, np.max(np.abs(want)))
        if not error <= 1e-5:
            print("FAIL %s: error %g" % (name, error))
            failures += 1
    print("%d gradients, %d printed, %d failures" % (len(expected), len(printed), failures))
    return 1 if failures or len(printed) != len(expected) or not expected else 0


if __name__ == "__main__":
    sys.exit({"write": write, "link": link, "check": check}[sys.argv[1]](sys.argv[2]))
