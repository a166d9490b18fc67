#!/usr/bin/python3
"""The trained networks of ../shared/golden/inference through the whole compiler.

Per network: `dlc run` against the pack's outputs, and a C program (c/classify.c) linked
with the .so and with the .a that classifies the whole test set: the same predictions as
the pack's, outputs within 10 times the float32 error stated in its crosscheck.json.
"""

import os
import sys

import numpy as np

import dlctest
from dlctest import Skip, shared

MODELS = os.path.join(dlctest.E2E, "models")
ZOO = os.path.join(dlctest.ROOT, "models")


def resize_bytes(images, size):
    """Pillow's resize((size, size), BILINEAR) of square byte images when enlarging, exactly:
    22-bit fixed-point weights, rounded to bytes after the rows and again after the columns."""
    n = images.shape[1]
    weights = np.zeros((size, n), np.int64)
    for i in range(size):
        center = (i + 0.5) * n / size
        low, high = max(int(center - 0.5), 0), min(int(center + 1.5), n)
        row = np.maximum(1 - np.abs(np.arange(low, high) - center + 0.5), 0)
        weights[i, low:high] = (row / row.sum() * (1 << 22) + 0.5).astype(np.int64)
    to_bytes = lambda x: np.clip((x + (1 << 21)) >> 22, 0, 255)
    rows = to_bytes(images.astype(np.int64) @ weights.T)
    return to_bytes(np.einsum("ij,njk->nik", weights, rows)).astype(np.uint8)


def mnist():
    return dlctest.read_idx(shared("data", "datasets", "mnist", "t10k-images-idx3-ubyte.gz"))


def cifar():
    path = shared("data", "datasets", "cifar10", "cifar10_lossless_train4000.bin.gz")
    return dlctest.read_cifar(path)[0][:1000].astype(np.float32)


def unit(x):
    return x.astype(np.float32)[..., None] / np.float32(255)


def normalised_cifar():
    mean, deviation = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
    return (cifar() / np.float32(255) - mean) / deviation


# The preprocessing that each pack's topology.md states. None: only inputs.npy is at hand.
DATA = {
    "mnist_cnn": lambda: unit(mnist()),
    "lenet5_csinva": lambda: unit(resize_bytes(mnist(), 32)),
    "burn_mnist": lambda: (unit(mnist()) - np.float32(0.1307)) / np.float32(0.3081),
    "resnet20_cifar10": normalised_cifar,
    "resnet8_mlperf_tiny": cifar,
    "ad01_autoencoder": None,
    "squeezenet_v1_1": None,
    "rtneural_dense": None,
}

# Full-set outputs that some packs hold besides those of inputs.npy.
ALL_OUTPUTS = {"resnet20_cifar10": "logits_1000.npy", "resnet8_mlperf_tiny": "probs_1000.npy"}

# Networks whose outputs are no classes.
NOT_CLASSES = ("ad01_autoencoder", "rtneural_dense")

# Zoo networks that are the same as a pack, so that its weights and outputs serve them too.
SAME = {"mnist_cnn": "mnist_cnn", "lenet5": "lenet5_csinva", "resnet20": "resnet20_cifar10"}


def pack(name, file):
    return shared("golden", "inference", name, file)


def limit(name):
    errors = dlctest.load_json(pack(name, "crosscheck.json"))
    return 10 * max(errors["f32_vs_f64_maxabs"], errors["ort_vs_f64_maxabs"])


def outputs_case(dlc, model, name):
    def case():
        folder, x = dlc.folder(name), np.load(pack(name, "inputs.npy"))
        y = dlc.run(model, x, folder, weights=pack(name, "weights.safetensors"))
        worst = dlctest.close(y, np.load(pack(name, "outputs.npy")), limit(name))
        return f"largest difference {worst:.2g}, allowed {limit(name):.2g}"

    return case


def classify(program, name, x, folder):
    """Runs c/classify.c on x; returns the classes and the outputs."""
    files = [os.path.join(folder, f) for f in ("x.f32", "y.f32")]
    np.ascontiguousarray(x, np.float32).tofile(files[0])
    weights = pack(name, "weights.safetensors")
    printed = dlctest.must([program, weights, *files, len(x)])
    return np.array(printed.split(), int), np.fromfile(files[1], np.float32).reshape(len(x), -1)


def program_case(dlc, name, static):
    def case():
        folder = dlc.folder(name)
        lib = dlc.compile(os.path.join(MODELS, name + ".json"), os.path.join(folder, "lib"))
        program = dlctest.c_program("classify.c", folder, lib, name, static)
        x = DATA[name]() if DATA[name] else np.load(pack(name, "inputs.npy"))
        classes, y = classify(program, name, x, folder)
        want = np.load(pack(name, "outputs.npy"))
        dlctest.close(y[: len(want)], want.reshape(len(want), -1), limit(name))
        if name in ALL_OUTPUTS:
            dlctest.close(y, np.load(pack(name, ALL_OUTPUTS[name])), limit(name), "all outputs")
        if name in NOT_CLASSES:
            return f"{len(x)} samples"
        predictions = np.load(pack(name, "predictions.npy")) if DATA[name] else want.argmax(1)
        wrong = np.flatnonzero(classes != predictions)
        assert not wrong.size, f"{wrong.size} of {len(x)} predictions differ, first at {wrong[0]}"
        return f"{len(x)} predictions equal"

    return case


def cases(dlc, args):
    if not os.path.isdir(os.path.join(dlctest.SHARED, "golden")):
        raise Skip("../shared/golden is not here")
    found = []
    for name in DATA:
        found.append((f"{name}/outputs", outputs_case(dlc, os.path.join(MODELS, name + ".json"), name)))
        found.append((f"{name}/so", program_case(dlc, name, False)))
        found.append((f"{name}/a", program_case(dlc, name, True)))
    for zoo, name in SAME.items():
        found.append((f"zoo-{zoo}/outputs", outputs_case(dlc, os.path.join(ZOO, zoo + ".json"), name)))
    return found


if __name__ == "__main__":
    sys.exit(dlctest.main(__doc__, cases))
