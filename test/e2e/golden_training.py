#!/usr/bin/python3
"""The runs of ../shared/golden/training: 50 steps through a library's C interface.

Per run: the network, loss, optimizer and schedule of the pack as a model.json, compiled with
--train, and from the pack's first weights: the first gradient, the weights after one step, the
loss of every step, the last weights (running statistics among them) and the outputs with them.
"""

import os
import sys

import numpy as np

import dlctest
import library
from dlctest import Skip, shared

NAMES = {
    "sgd": "SGD",
    "rmsprop": "RMSprop",
    "adagrad": "Adagrad",
    "adadelta": "Adadelta",
    "adam": "Adam",
    "adamw": "AdamW",
}
CLIPS = {"global_norm": "global_clipnorm", "norm": "clipnorm", "value": "clipvalue"}

# Of outputs with the last weights, relative to the largest: logits sum up hundreds of weights.
EVALUATED = 1e-5


def layers(attrs):
    """The pack's layers as dlc's; penalties are on kernels."""
    penalty = {key: attrs[key] for key in ("l1", "l2") if key in attrs}
    result = []
    for layer in attrs["layers"][1:]:
        layer = dict(layer)
        layer["type"] = layer.pop("class")
        if layer["type"] in ("LSTM", "GRU"):
            raise Skip("recurrent layers are not there yet")
        if penalty and layer["type"] in ("Dense", "Conv2D"):
            layer["kernel_regularizer"] = penalty
        result.append(layer)
    return result


def rate(attrs):
    base = attrs["optimizer"]["learning_rate"]
    schedule = attrs.get("schedule")
    if not schedule:
        return base
    if schedule["kind"] == "cosine":
        minimum, period = base * schedule["alpha"], schedule["decay_steps"]
        fields = {"type": "CosineDecay", "minimum": minimum, "period": period}
    elif schedule["kind"] == "step":
        fields = {"type": "StepDecay", "gamma": schedule["factor"], "period": schedule["every"]}
    else:
        fields = {"type": "InverseDecay", "gamma": schedule["gamma"], "power": schedule["power"]}
    return {"initial_learning_rate": base, **fields}


def optimizer(attrs):
    given = dict(attrs["optimizer"])
    result = {"type": NAMES[given.pop("name")], **given, "learning_rate": rate(attrs)}
    if "initial_accumulator" in result:
        result["initial_accumulator_value"] = result.pop("initial_accumulator")
    if result["type"] == "SGD" and "weight_decay" in result:
        result["form"] = "caffe"  # the velocity holds the rate, the gradient the decay
    if "clip" in attrs:
        result[CLIPS[attrs["clip"]["kind"]]] = attrs["clip"]["value"]
    return result


def description(name, attrs):
    loss = {"type": "sparse_categorical_crossentropy", "from_logits": True}
    if attrs["loss"] == "mse":
        loss = "mse"
    return {
        "name": name,
        "inputs": [{"name": "x", "shape": attrs["layers"][0]["shape"]}],
        "layers": layers(attrs),
        "train": {"loss": loss, "optimizer": optimizer(attrs)},
    }


def samples(attrs):
    """All inputs and targets that the pack's batches count."""
    if "MNIST" in attrs["data"]:
        folder = shared("data", "datasets", "mnist")
        read = lambda kind: dlctest.read_idx(os.path.join(folder, f"train-{kind}-ubyte.gz"))
        images, labels = read("images-idx3"), read("labels-idx1")
        x = images[..., None].astype(np.float32) / np.float32(255)
    else:
        table = np.loadtxt(shared("data", "datasets", "sklearn", "digits.csv"), delimiter=",")
        x, labels = table[:, :64].astype(np.float32) / np.float32(16), table[:, 64]
        x = x.reshape(-1, *attrs["layers"][0]["shape"])
    y = labels.astype(np.int32)
    if "mod 2" in attrs["data"]:
        y %= 2
    if "digit-5" in attrs["data"]:
        y -= 5
    return x, x if attrs["loss"] == "mse" else y


def evaluated(attrs, x):
    """The samples of eval_outputs.npy."""
    if "MNIST" not in attrs["data"]:
        return x[1500:1532]
    folder = shared("data", "datasets", "mnist")
    images = dlctest.read_idx(os.path.join(folder, "t10k-images-idx3-ubyte.gz"))
    if "digit-5" in attrs["data"]:
        images = images[dlctest.read_idx(os.path.join(folder, "t10k-labels-idx1-ubyte.gz")) >= 5]
    return images[:32, :, :, None].astype(np.float32) / np.float32(255)


def clipped(gradients, attrs):
    """As the optimizer gets them: the library's gradients are those of the loss."""
    if "clip" not in attrs:
        return gradients
    kind, bound = attrs["clip"]["kind"], attrs["clip"]["value"]
    if kind == "value":
        return {k: np.clip(g, -bound, bound) for k, g in gradients.items()}
    norms = {k: np.sqrt((g.astype(np.float64) ** 2).sum()) for k, g in gradients.items()}
    if kind == "global_norm":
        norms = dict.fromkeys(norms, np.sqrt(sum(n**2 for n in norms.values())))
    return {k: g * (bound / max(norms[k], bound)) for k, g in gradients.items()}


def saved(model, folder):
    path = os.path.join(folder, "weights.safetensors")
    model.save(path)
    return dlctest.read_safetensors(path)


def compare(got, want, limit, what):
    assert set(got) >= set(want), f"{what}: no {sorted(set(want) - set(got))}"
    return max(dlctest.close(got[k], want[k], limit, f"{what}: {k}") for k in want)


def run(dlc, name):
    pack = lambda file: shared("golden", "training", name, file)
    attrs = dlctest.load_json(pack("attrs.json"))
    folder = dlc.folder(name)
    model_json = dlctest.save_json(os.path.join(folder, "model.json"), description(name, attrs))
    dlctest.must([dlc.path, "compile", model_json, "--train", "-o", folder])
    x, y = samples(attrs)
    batches, losses = np.load(pack("batches.npy")), np.load(pack("losses.npy"))
    limits, notes = attrs["suggested_tolerance"], []
    grad0, step1, last, first = (
        dlctest.read_safetensors(pack(file + ".safetensors"))
        for file in ("grad0", "step1_weights", "final_weights", "weights")
    )
    lib = library.Library(os.path.join(folder, f"lib{name}.so"))
    with lib.create(max_batch=32, threads=2, training=True) as model:
        model.load(pack("weights.safetensors"))
        got = []
        for step, batch in enumerate(batches):
            got.append(model.train_step([x[batch]], [y[batch]]))
            if step == 0:
                limit = 1e-5 * max(1e-2, max(np.abs(g).max() for g in grad0.values()))
                gradients = clipped(model.gradients(), attrs)
                notes.append(compare(gradients, grad0, limit, "first gradient"))
                # The limits are for direct sums. An adaptive optimiser's first step divides a gradient by its own
                # size: of those near zero it shows the relative error, which is larger where a convolution takes a
                # Winograd form (1.5e-6 seen in lenet_rmsprop_torch, whose 5x5 windows do; its limit is 1e-6).
                limit = 3 * limits["step1_weights_atol"]
                notes.append(compare(saved(model, folder), step1, limit, "after a step"))
        relative = np.abs(np.array(got) / losses - 1)
        notes.append(relative.max())
        final = saved(model, folder)
        outputs = model.forward([evaluated(attrs, x)])[0]
    early, late = (limits["losses_rtol_steps_" + steps] for steps in ("1_10", "11_50"))
    assert relative[:10].max() <= early, f"first losses differ by {relative[:10]}"
    assert relative[10:].max() <= late, f"later losses differ by {relative[10:]}"
    notes.append(compare(final, last, limits["final_weights_atol"], "last weights"))
    for key in final:
        if key.split("/")[0] in attrs["frozen_layers"]:
            assert (final[key] == first[key]).all(), f"{key} is frozen, but changed"
    if attrs["loss"] != "mse":
        want = np.load(pack("eval_outputs.npy"))
        notes.append(dlctest.close(outputs, want, dlctest.scaled(want, EVALUATED), "outputs"))
    words = ("gradient", "step", "losses", "weights", "outputs")
    return ", ".join(f"{word} {note:.1e}" for word, note in zip(words, notes))


def cases(dlc, args):
    folder = shared("golden", "training")
    return [
        (name, lambda name=name: run(dlc, name))
        for name in sorted(os.listdir(folder))
        if os.path.isdir(os.path.join(folder, name))
    ]


if __name__ == "__main__":
    sys.exit(dlctest.main(__doc__, cases))
