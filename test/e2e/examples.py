#!/usr/bin/python3
"""The programs of models/: what they print, and the pictures they write."""

import os
import re
import sys

import numpy as np

import dlctest

MODELS = os.path.join(dlctest.ROOT, "models")
WEIGHTS, IMAGES, LABELS = (
    os.path.join(MODELS, name)
    for name in ("digits_cnn.safetensors", "digits_sample.npy", "digits_sample_labels.npy")
)
ZOOM = 12


class Programs:
    def __init__(self, dlc):
        self.dlc, self.lib = dlc, None

    def build(self, name):
        if not self.lib:
            self.folder = self.dlc.folder("digits")
            model = os.path.join(MODELS, "digits_cnn.json")
            self.lib = self.dlc.compile(model, os.path.join(self.folder, "lib"), "--train")
        program = os.path.join(self.folder, name)
        source = os.path.join(MODELS, name + ".c")
        flags = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", f"-I{self.lib}"]
        archive = os.path.join(self.lib, "libdigits_cnn.a")
        dlctest.must([dlctest.CC, *flags, source, archive, "-lm", "-lpthread", "-o", program])
        return program


def read_ppm(path):
    with open(path, "rb") as f:
        head, data = f.readline(), f.read()
    width, height = map(int, re.fullmatch(rb"P6 (\d+) (\d+) 255\n", head).groups())
    return np.frombuffer(data, np.uint8).reshape(height, width, 3)


def demo(programs):
    text = dlctest.must([programs.build("digits_demo"), WEIGHTS, IMAGES])
    labels = re.findall(r"(\d) \( *[\d.]+ %\)", text)
    want = np.load(LABELS)
    right = sum(int(got) == due for got, due in zip(labels, want))
    assert len(labels) == len(want) and right >= 15, f"{right} of {len(want)} digits are right"


def adversarial(programs):
    """A small step along the gradient's sign misleads the network; a step of 0 changes nothing."""
    program, picture = programs.build("digits_adversarial"), os.path.join(programs.folder, "misled.ppm")
    counts = r"(\d+) of (\d+) digits that were recognised are not any more"
    none, right = map(int, re.search(counts, dlctest.must([program, WEIGHTS, IMAGES, LABELS, "0", picture])).groups())
    assert none == 0 and right >= 15 and not os.path.exists(picture)
    wrong, _ = map(int, re.search(counts, dlctest.must([program, WEIGHTS, IMAGES, LABELS, "2", picture])).groups())
    assert wrong >= right // 2, f"only {wrong} of {right} digits were misled"
    pixels = read_ppm(picture).astype(int)
    assert pixels.shape == (2 * 8 * ZOOM, wrong * 8 * ZOOM, 3)
    above, below = pixels[: 8 * ZOOM], pixels[8 * ZOOM :]
    assert 0 < np.abs(above - below).max() <= 2 * 255 / 16 + 1, "a grey value moved by more than epsilon"
    code, _, err = dlctest.execute([program, WEIGHTS, IMAGES, IMAGES + ".none", "2", picture])
    assert code == 1 and "must hold as many digits as labels" in err, err
    return f"{wrong} of {right} misled"


def saliency(programs):
    program, picture = programs.build("digits_saliency"), os.path.join(programs.folder, "saliency.ppm")
    dlctest.must([program, WEIGHTS, IMAGES, picture])
    pixels = read_ppm(picture).astype(int)
    assert pixels.shape == (2 * 8 * ZOOM, 16 * 8 * ZOOM, 3)
    heat = 255 - pixels[8 * ZOOM :, :, 1].reshape(8, ZOOM, 16, 8, ZOOM)[:, 0, :, :, 0]
    assert (heat.max(axis=(0, 2)) == 255).all(), "every digit has a pixel that matters most"
    assert (heat.min(axis=(0, 2)) < 128).all(), "and some that matter little"


def cases(dlc, args):
    programs = Programs(dlc)

    def run():
        return "; ".join(filter(None, (check(programs) for check in (demo, adversarial, saliency))))

    return [("digits", run)]


if __name__ == "__main__":
    sys.exit(dlctest.main(__doc__, cases))
