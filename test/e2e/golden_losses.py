#!/usr/bin/python3
"""Every loss of ../shared/golden/ops: its value and its gradient.

The network is a dense layer that starts as the identity, so that its output is the pack's "pred".
The gradients of its kernel, pred^T . g, and of its bias, the sum of g, determine the gradient g
with respect to "pred".
"""

import glob
import json
import os
import sys

import numpy as np

import dlctest
import library
from dlctest import Skip, shared

LOSSES = {
    "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
    "categorical_crossentropy": "CategoricalCrossentropy",
    "softmax_then_categorical_crossentropy": "CategoricalCrossentropy",
    "binary_crossentropy": "BinaryCrossentropy",
    "mse": "MeanSquaredError",
    "mae": "MeanAbsoluteError",
    "huber": "Huber",
    "smooth_l1": "SmoothL1",
    "kl_divergence": "KLDivergence",
    "hinge": "Hinge",
    "squared_hinge": "SquaredHinge",
    "categorical_hinge": "CategoricalHinge",
}
FIELDS = ("from_logits", "label_smoothing", "delta", "beta")


def description(pack, attrs):
    if attrs["op"] not in LOSSES:
        raise Skip(f"there is no loss {attrs['op']}")
    loss = {"type": LOSSES[attrs["op"]], **{key: attrs[key] for key in FIELDS if key in attrs}}
    if "normalise" in attrs:
        loss["normalize"] = attrs["normalise"]
    if "in_class_weight" in pack:
        loss["class_weight"] = pack["in_class_weight"].tolist()
        by_weights = "sum(w_i)" in attrs["class_weight_reduction"]
        loss["class_weight_norm"] = "weights" if by_weights else "batch"
    shape = pack["in_pred"].shape
    layers = [{"type": "Dense", "name": "d", "units": shape[-1]}]
    if "softmax" in attrs["op"]:
        layers.append({"type": "Softmax", "name": "p"})
    return {
        "name": "loss",
        "inputs": [{"name": "x", "shape": list(shape[1:])}],
        "layers": layers,
        "train": {"loss": loss, "optimizer": "SGD"},
    }


def run(dlc, path):
    name = os.path.basename(path)[: -len(".npz")]
    pack = np.load(path)
    folder = dlc.folder(name)
    attrs = json.loads(str(pack["attrs"]))
    model = dlctest.save_json(os.path.join(folder, "model.json"), description(pack, attrs))
    dlctest.must([dlc.path, "compile", model, "--train", "-o", folder])
    x, target, g = pack["in_pred"], pack["in_target"], pack["grad_pred"]
    if target.dtype == np.int64:
        target = target.astype(np.int32)
    units = x.shape[-1]
    weights = os.path.join(folder, "identity.safetensors")
    dlctest.write_safetensors(weights, {"d/kernel": np.eye(units), "d/bias": np.zeros(units)})
    with library.Library(os.path.join(folder, "libloss.so")).create(len(x), training=True) as instance:
        instance.load(weights)
        value = instance.train_step([x], [target], "differentiate")
        metrics = instance.evaluate([x], [target])
        gradients = instance.gradients()
    want = pack["output"]
    gap = dlctest.close(value, want, 1e-5 * max(1, abs(want)), "loss")
    dlctest.close(metrics["loss"], want, 1e-5 * max(1, abs(want)), "loss as a metric")
    rows, slopes = (a.reshape(-1, units).astype(np.float64) for a in (x, g))
    wanted = {"d/kernel": rows.T @ slopes, "d/bias": slopes.sum(0)}
    gaps = [dlctest.close(gradients[k], w, 1e-5 * max(1, np.abs(w).max()), k) for k, w in wanted.items()]
    return f"value {gap:.1e}, gradient {max(gaps):.1e}"


def cases(dlc, args):
    paths = sorted(glob.glob(os.path.join(shared("golden", "ops"), "loss_*.npz")))
    return [(os.path.basename(p)[: -len(".npz")], lambda p=p: run(dlc, p)) for p in paths]


if __name__ == "__main__":
    sys.exit(dlctest.main(__doc__, cases))
