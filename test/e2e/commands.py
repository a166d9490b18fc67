#!/usr/bin/python3
"""The other commands of dlc, every stage of --emit, and what the stages have to show."""

import glob
import json
import os
import re
import sys

import numpy as np

import dlctest
import reference

ZOO = os.path.join(dlctest.ROOT, "models")
DIGITS = os.path.join(ZOO, "digits_cnn.json")
STAGES = ("json", "nn", "fused", "tiled", "linalg", "vector", "llvm", "asm")


def emit(dlc, model, stage, *options):
    return dlctest.must([dlc.path, "compile", model, "--emit", stage, *options])


def stages(dlc):
    """Each stage prints, the same text each time, and goes to a file when asked to."""
    folder = dlc.folder("stages")
    for stage in STAGES:
        text = emit(dlc, DIGITS, stage)
        assert len(text) > 200, f"--emit {stage} prints {len(text)} bytes"
        assert emit(dlc, DIGITS, stage) == text, f"--emit {stage} prints other text the second time"
        path = os.path.join(folder, stage)
        emit(dlc, DIGITS, stage, "-o", path)
        with open(path) as f:
            assert f.read() == text, f"--emit {stage} -o writes other text than it prints"
    emit(dlc, DIGITS, "obj", "-o", os.path.join(folder, "x.o"))
    with open(os.path.join(folder, "x.o"), "rb") as f:
        assert f.read(4) == b"\x7fELF", "--emit obj writes no object"


def digits_from(dlc, path, want):
    x = np.load(os.path.join(ZOO, "digits_sample.npy"))
    weights = os.path.join(ZOO, "digits_cnn.safetensors")
    got = dlc.run(path, x, dlc.folder("digits"), weights)
    assert want is None or got.tobytes() == want.tobytes(), f"{os.path.basename(path)} gives other bits"
    return got


def stages_again(dlc):
    """The canonical JSON and the nn dialect are inputs too, with the same result."""
    folder, want = dlc.folder("again"), digits_from(dlc, DIGITS, None)
    for stage, name in (("json", "again.json"), ("nn", "again.mlir")):
        path = os.path.join(folder, name)
        emit(dlc, DIGITS, stage, "-o", path)
        digits_from(dlc, path, want)


def fused_resnet20(dlc):
    """No normalisation is left; every convolution has its ReLU, and residual addition, in one group."""
    text = emit(dlc, os.path.join(ZOO, "resnet20.json"), "fused")
    assert not re.search(r"nn\.batch_norm\b(?!_)", text), "a batch normalisation is left"
    groups = re.findall(r"= nn\.group .*?\n(.*?)nn\.yield", text, re.S)
    convs = [g for g in groups if "nn.conv2d" in g]
    assert len(convs) == text.count("nn.conv2d") == 19, f"{len(convs)} groups hold convolutions"
    assert all("nn.relu" in g for g in convs), "a ReLU stands outside its convolution's group"
    assert sum("nn.add" in g for g in convs) == text.count("nn.add ") == 9, "a residual stands outside"


def tiled_resnet20(dlc):
    """The folding and packing of weights is @prepare's; @forward runs kernels."""
    # The direct form: what Winograd makes of a layer has tests of its own.
    text = emit(dlc, os.path.join(ZOO, "resnet20.json"), "tiled", "--no-winograd")
    prepare, forward = (
        re.search(rf"func\.func (?:private )?@{name}\b.*?\n  }}", text, re.S)
        for name in ("prepare", "forward")
    )
    assert prepare and forward, "no @prepare or no @forward"
    assert forward[0].count("kernel.conv") >= 19, "@forward does not run its convolutions as kernels"
    packs = r"kernel\.pack <(?:conv|dense|vector)>"  # weights; <image> and <matrix> are activations
    assert len(re.findall(packs, prepare[0])) == 40, "@prepare does not pack every weight once"
    assert not re.search(packs, forward[0]), "weights are packed in @forward"


def inner_loops(text):
    """Yields the instructions of every innermost loop of an assembly listing."""
    block, label = [], None
    for line in text.split("\n"):
        line = re.split(r"(?:^|\s)#+\s|//", line)[0].strip()
        if re.match(r"[\w.$]+:$", line):
            block, label = [], line[:-1]
        elif line and not line.startswith("."):
            block.append(line)
            if re.match(r"j|b\.|[ct]bn?z", line):
                if line.split()[-1] == label:
                    yield block
                block, label = [], None


# A CPU's multiply-adds, their loads, prefetches, and what touches vectors or the stack besides.
X86 = r"vfmadd\d+ps\s.*%{0}\d+$", r"v(?:broadcastss|movups|movaps)\s+[^%]*\(.*\), %{0}\d+$", r"v|.*\(%rsp"
ASSEMBLY = {
    "x86-64-v3": [text.format("ymm") for text in X86],
    "x86-64-v4": [text.format("zmm") for text in X86],
    "aarch64": [r"fmla\s+v\d+\.4s", r"(?:ldp|ldu?r|ld1r)\s.*\[x", r"f|\w+\s+\{?\s*[vqsd]\d|.*\[sp"],
}
LAYERS = {
    "conv3x3": ([56, 56, 64], {"type": "Conv2D", "filters": 64, "kernel_size": 3, "padding": "same"}),
    "conv3x3_256": ([14, 14, 256], {"type": "Conv2D", "filters": 256, "kernel_size": 3, "padding": "same"}),
    "conv1x1": ([56, 56, 256], {"type": "Conv2D", "filters": 64, "kernel_size": 1}),
    "dense": ([4096], {"type": "Dense", "units": 4096}),
}


def assembly(dlc, name, march):
    """The inner loops are FMAs on full vectors and their loads: no store, no spill, no shuffle, and
    few instructions to count (weights that are read later may be prefetched)."""

    def case():
        shape, layer = LAYERS[name]
        model = {"$schema": "dlc-model-1.json", "dlc": 1, "name": name}
        model["inputs"] = [{"name": "x", "shape": shape}]
        model.update(layers=[{**layer, "name": "c", "activation": "relu"}], outputs=["c"])
        path = dlctest.save_json(os.path.join(dlc.folder(name), "m.json"), model)
        fma, load, vector = ASSEMBLY[march]
        found = []
        # Weights in fixed point take more than loads: test/emit/inner-loops.test.
        plain = ["--no-winograd", "--exact-weights"]
        for loop in inner_loops(emit(dlc, path, "asm", "--march", march, *plain)):
            count = sum(bool(re.match(fma, i)) for i in loop)
            if count < 8:
                continue
            found.append(count)
            rest = [i for i in loop if not re.match(f"{fma}|{load}", i)]
            prefetches = [i for i in rest if i.startswith("pr")]
            rest = [i for i in rest if i not in prefetches]
            other = [i for i in rest if re.match(vector, i)]
            assert not other, f"an inner loop also holds: {other}"
            # An address may take two; one that is bounded here, as no loop is around the channels, six.
            limit = 3 + count / 8 + (2 if march == "x86-64-v4" else 6) * len(prefetches)
            assert name == "dense" or len(rest) <= limit, f"{len(rest)} scalars for {count} FMAs: {rest}"
        assert found, "no inner loop of FMAs"
        return f"{len(found)} loops, {max(found)} FMAs in the longest"

    return case


class Shapes:
    """Counts weights instead of making them."""

    def __init__(self):
        self.sizes = {}

    def __call__(self, name, shape):
        self.sizes[name] = int(np.prod(shape))
        return (
            np.zeros(shape, np.float32) if self.sizes[name] < 1000 else np.broadcast_to(np.float32(0), shape)
        )


def inspect_zoo(dlc):
    """Parameters and shapes of every zoo network, as the reference counts them."""
    for path in sorted(glob.glob(os.path.join(ZOO, "*.json"))):
        model, shapes = dlctest.load_json(path), Shapes()
        inputs = [np.zeros((1, *entry["shape"]), np.float32) for entry in model["inputs"]]
        if model["name"] == "vgg16":
            counted = 138_357_544  # torchvision's; too much arithmetic for numpy
        else:
            reference.Network(model).run(inputs, shapes)
            counted = sum(shapes.sizes.values())
        shown = json.loads(dlctest.must([dlc.path, "inspect", path, "--json"]))
        total = sum(layer["parameters"] for layer in shown["layers"])
        assert total == counted, f"{model['name']}: {total} parameters, counted {counted}"
        with open(os.path.join(ZOO, "README.md")) as f:
            assert f"`{model['name']}`" in f.read(), f"{model['name']} is not in models/README.md"
        assert f"{total}" in dlctest.must([dlc.path, "inspect", path])


def inspect_teaching(dlc):
    """Parameter counts of courses: 784-84-10 and the 28x28 convolutional net, without biases."""
    no = {"use_bias": False}
    nets = {
        66_696: [{"type": "Dense", "units": 84, **no}, {"type": "Dense", "units": 10, **no}],
        32_970: [
            {"type": "Reshape", "target_shape": [28, 28, 1]},
            {"type": "Conv2D", "filters": 10, "kernel_size": 5, **no},
            {"type": "MaxPooling2D"},
            {"type": "Conv2D", "filters": 20, "kernel_size": 5, **no},
            {"type": "MaxPooling2D"},
            {"type": "Flatten"},
            {"type": "Dense", "units": 84, **no, "name": "d"},
            {"type": "Dense", "units": 10, **no},
        ],
    }
    for count, layers in nets.items():
        model = {"$schema": "dlc-model-1.json", "dlc": 1, "name": "net", "layers": layers}
        model["inputs"] = [{"name": "x", "shape": [784]}]
        layers[-1]["name"] = "out"
        model["outputs"] = ["out"]
        path = dlctest.save_json(os.path.join(dlc.folder("net"), "net.json"), model)
        shown = json.loads(dlctest.must([dlc.path, "inspect", path, "--json"]))
        total = sum(layer["parameters"] for layer in shown["layers"])
        assert total == count or count == 32_970 and total == 250 + 5_000 + 27_720, f"{total}, not {count}"


def schema(dlc):
    """The schema is JSON, knows every layer, and (where jsonschema is installed) fits every model."""
    document = json.loads(dlctest.must([dlc.path, "schema"]))
    missing = set(reference.LAYERS) - set(document["$defs"])
    assert not missing, f"the schema lacks {sorted(missing)}"
    try:
        import jsonschema
    except ImportError:
        return "jsonschema is not installed; models not validated"
    paths = glob.glob(os.path.join(ZOO, "*.json")) + glob.glob(os.path.join(dlctest.E2E, "models", "*.json"))
    for path in paths:
        jsonschema.validate(dlctest.load_json(path), document)


def tables(dlc):
    text = dlctest.must([dlc.path, "layers"])
    missing = [name for name in reference.LAYERS if f"## {name}\n" not in text]
    assert not missing, f"dlc layers lacks {missing}"
    assert "x86-64-v3" in dlctest.must([dlc.path, "targets"])
    for command in ("compile", "run", "bench", "inspect", "schema", "layers", "targets"):
        text = dlctest.must([dlc.path, command, "--help"])
        assert "Examples:" in text or command in (
            "schema",
            "layers",
            "targets",
        ), f"{command} --help has no example"


def bench(dlc):
    shown = json.loads(dlctest.must([dlc.path, "bench", DIGITS, "--batch", "4", "--threads", "2", "--json"]))
    assert shown["batch"] == 4 and shown["threads"] == 2 and shown["samples_per_second"] > 0, shown


def tune(dlc):
    """What `dlc tune` prints as JSON; whatever it measures, its file is one that can be read."""
    folder = dlc.folder("tune")
    path = os.path.join(folder, "tuning.json")
    command = [dlc.path, "tune", "--min-time", "0", "--threads", "2", "--json", "-o", path]
    (target,) = json.loads(dlctest.must(command))
    assert target["threads"] == 2 and target["peak_gflops"] > 0, target
    row = dlctest.load_json(path)["targets"][target["march"]]
    assert {**row, **{k: target["now"][k] for k in ("error", "loss")}} == target["now"], "other numbers in the file"
    assert sorted(target["before"]) == sorted(target["now"]), target["before"]
    for layer in target["layers"]:
        times = {form: layer[form]["seconds"] for form in ("direct", "F(2x2)", "F(4x4)", "F(6x6)")}
        assert min(times.values()) == times[layer["fastest"]] > 0 and layer["chosen"] in times, layer
    dlctest.must([dlc.path, "compile", DIGITS, "-o", os.path.join(folder, "lib"), "--tuning", path])


def static_batch(dlc):
    """--batch 4: the same numbers, also for a count of samples that 4 does not divide."""
    x, folder = np.load(os.path.join(ZOO, "digits_sample.npy"))[:10], dlc.folder("static")
    lib = dlc.compile(DIGITS, os.path.join(folder, "lib"), "--batch", "4")
    weights = os.path.join(ZOO, "digits_cnn.safetensors")
    got = dlc.run(os.path.join(lib, "libdigits_cnn.so"), x, folder, weights)
    dlctest.close(got, dlc.run(DIGITS, x, folder), 1e-6)


def arrays(dlc):
    """.npz by name in and out, and weights beside the library found by themselves."""
    x, folder = np.load(os.path.join(ZOO, "digits_sample.npy")), dlc.folder("arrays")
    lib = dlc.compile(DIGITS, os.path.join(folder, "lib"))
    paths = [os.path.join(folder, f) for f in ("x.npz", "y.npz")]
    np.savez(paths[0], image=x)
    dlctest.must(
        [dlc.path, "run", os.path.join(lib, "libdigits_cnn.so"), "--input", paths[0], "--output", paths[1]]
    )
    with np.load(paths[1]) as got:
        dlctest.close(got["out"], dlc.run(DIGITS, x, folder), 1e-6)
    shown = dlctest.must([dlc.path, "run", os.path.join(lib, "libdigits_cnn.so"), "--input", paths[0]])
    assert "sample 0" in shown, "without --output no summary is printed"


CHECKS = (
    stages, stages_again, fused_resnet20, tiled_resnet20, inspect_zoo, inspect_teaching, schema, tables, bench, tune,
    static_batch, arrays,
)  # fmt: skip


def cases(dlc, args):
    found = [(check.__name__, lambda check=check: check(dlc)) for check in CHECKS]
    for march in ASSEMBLY:
        found += [(f"assembly/{name}/{march}", assembly(dlc, name, march)) for name in LAYERS]
    return found


if __name__ == "__main__":
    sys.exit(dlctest.main(__doc__, cases))
