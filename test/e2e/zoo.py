#!/usr/bin/python3
"""Every network of models/ with random weights in dlc against the float64 reference.

The large ones get a smaller image: their layers, channels and weights stay what they are,
and numpy evaluates them in seconds. digits_cnn also runs with its own weights on the
bundled digits, as does its text demo (models/digits_demo.c).
"""

import glob
import os
import re
import sys

import numpy as np

import dlctest
import reference

MODELS = os.path.join(dlctest.ROOT, "models")
IMAGE = {  # height, width of the shrunken input; odd and oblong on purpose
    "resnet18": (65, 49),
    "resnet50": (64, 64),
    "vgg16": (32, 32),
    "squeezenet": (95, 63),
    "mobilenet_v2": (64, 96),
    "densenet121": (64, 64),
    "googlenet": (65, 63),
    "alexnet": (79, 63),
}
RELATIVE = 5e-5  # of the largest expected number; the deep networks have 50 layers of rounding


def random_case(dlc, path, batch):
    def case():
        model = dlctest.load_json(path)
        name = model["name"]
        folder = dlc.folder(name)
        model.pop("weights", None)
        if name in IMAGE:
            model["inputs"][0]["shape"][:2] = IMAGE[name]
        small = dlctest.save_json(os.path.join(folder, "model.json"), model)
        worst = reference.check(dlc, model, small, folder, batch, limit=RELATIVE)
        return f"largest difference {worst:.2g}"

    return case


def digits():
    return [np.load(os.path.join(MODELS, f)) for f in ("digits_sample.npy", "digits_sample_labels.npy")]


def digits_run(dlc):
    """The weights are found beside the model, through its "weights" key."""
    x, labels = digits()
    y = dlc.run(os.path.join(MODELS, "digits_cnn.json"), x, dlc.folder("digits"))
    weights = dlctest.read_safetensors(os.path.join(MODELS, "digits_cnn.safetensors"))
    model = dlctest.load_json(os.path.join(MODELS, "digits_cnn.json"))
    want = reference.Network(model).run([x], reference.Given(weights))[0]
    dlctest.close(y, want, 1e-6)
    assert (y.argmax(1) == labels).sum() >= 15, "the bundled digits are not recognised"


def digits_demo(dlc):
    folder, labels = dlc.folder("demo"), digits()[1]
    lib = dlc.compile(os.path.join(MODELS, "digits_cnn.json"), os.path.join(folder, "lib"))
    program = os.path.join(folder, "digits_demo")
    source, archive = os.path.join(MODELS, "digits_demo.c"), os.path.join(lib, "libdigits_cnn.a")
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", f"-I{lib}"]
    dlctest.must([dlctest.CC, *flags, source, archive, "-lm", "-lpthread", "-o", program])
    text = dlctest.must([program], cwd=dlctest.ROOT)
    shown = [int(digit) for digit in re.findall(r"(\d) \( *[\d.]+ %\)", text)]
    assert len(shown) == len(labels) and (np.array(shown) == labels).sum() >= 15, text
    return "\n" + text


def held_out(dlc):
    """The claim of models/README.md: at least 97 % of the 450 held-out digits."""
    table = np.loadtxt(dlctest.shared("data", "datasets", "sklearn", "digits.csv"), delimiter=",")[-450:]
    x = table[:, :64].reshape(-1, 8, 8, 1).astype(np.float32)
    y = dlc.run(os.path.join(MODELS, "digits_cnn.json"), x, dlc.folder("held_out"))
    right = float((y.argmax(1) == table[:, 64]).mean())
    assert right >= 0.97, f"only {right:.4f} of the held-out digits are right"
    return f"{right:.4f}"


def cases(dlc, args):
    found = []
    for path in sorted(glob.glob(os.path.join(MODELS, "*.json"))):
        name = os.path.splitext(os.path.basename(path))[0]
        for batch in (1,) if name in IMAGE else (1, 3, 8):
            found.append((f"{name}/batch{batch}", random_case(dlc, path, batch)))
    found.append(("digits_cnn/sample", lambda: digits_run(dlc)))
    found.append(("digits_cnn/held_out", lambda: held_out(dlc)))
    found.append(("digits_cnn/demo", lambda: digits_demo(dlc)))
    return found


if __name__ == "__main__":
    sys.exit(dlctest.main(__doc__, cases))
