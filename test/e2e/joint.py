#!/usr/bin/python3
"""Instances that train on one batch together, each on its part, through the C interface.

A thread for each part; dlc_options.on_gradient and joint_mean add up what they have. With "sync_batch_norm"
the parts must do what one instance does with the whole batch, whatever their sizes.
"""

import os
import sys
import threading

import numpy as np

import dlctest
import library

BATCH = 7
MODEL = {
    "dlc": 1,
    "name": "joint",
    "inputs": [{"name": "x", "shape": [6, 6, 2]}],
    "layers": [
        {"type": "Conv2D", "name": "c", "filters": 5, "kernel_size": 3, "use_bias": False},
        {"type": "BatchNormalization", "name": "n", "momentum": 0.75},
        {"type": "Activation", "activation": "tanh"},
        {"type": "Conv2D", "name": "d", "filters": 20, "kernel_size": 3},
        {"type": "BatchNormalization", "name": "o"},
        {"type": "Activation", "activation": "tanh"},
        {"type": "Flatten"},
        {"type": "Dropout", "rate": 0.25},
        {"type": "Dense", "name": "out", "units": 3},
    ],
    "train": {
        "loss": {"type": "SparseCategoricalCrossentropy", "from_logits": True},
        "optimizer": {"type": "SGD", "learning_rate": 0.1, "momentum": 0.9},
        "sync_batch_norm": True,
    },
}


class Parts:
    """Instances for parts of these sizes. One part alone has no hooks: it is the whole."""

    def __init__(self, lib, sizes):
        self.sizes = sizes
        self.slots = [None] * len(sizes)
        self.barrier = threading.Barrier(len(sizes), timeout=60)
        self.models = [lib.create(BATCH, 1, True, 5, **self.hooks(i)) for i in range(len(sizes))]
        self.calls = [[] for _ in sizes]

    def hooks(self, part):
        if len(self.sizes) == 1:
            return {}
        return {
            "on_gradient": lambda name, array: self.join(part, name, array),
            "joint_mean": lambda array: self.join(part, "mean", array),
        }

    def join(self, part, name, array):
        self.calls[part].append((name, array.size))
        self.slots[part] = array * np.float64(self.sizes[part] / BATCH)
        self.barrier.wait()
        total = sum(self.slots)
        self.barrier.wait()
        array[...] = total

    def differentiate(self, x, y):
        """The joint loss; all instances have the joint gradients then."""
        losses, first = [None] * len(self.sizes), 0

        def run(part, first, size):
            m = self.models[part]
            m.set_first_sample(first)
            span = slice(first, first + size)
            losses[part] = m.train_step([x[span]], [y[span]], "differentiate") * size / BATCH

        threads = []
        for part, size in enumerate(self.sizes):
            threads.append(threading.Thread(target=run, args=(part, first, size)))
            first += size
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(losses)

    def file(self, folder):
        """Of its own: other cases run at the same time."""
        return os.path.join(folder, f"{id(self)}.safetensors")

    def weights(self, folder):
        """Those of each instance."""
        path = self.file(folder)
        found = []
        for m in self.models:
            m.save(path)
            found.append(dlctest.read_safetensors(path))
        return found

    def load(self, folder, weights):
        path = self.file(folder)
        dlctest.write_safetensors(path, weights)
        for m in self.models:
            m.load(path)


class Case:
    def __init__(self, dlc):
        self.folder = dlc.folder("joint")
        path = dlctest.save_json(os.path.join(self.folder, "model.json"), MODEL)
        self.lib = library.Library(os.path.join(dlc.compile(path, self.folder, "--train"), "libjoint.so"))
        random = np.random.default_rng(1)
        # Parts differ: each sample has its own mean.
        self.x = (random.standard_normal((BATCH, 6, 6, 2)) + np.arange(BATCH)[:, None, None, None]).astype(np.float32)
        self.y = random.integers(0, 3, BATCH).astype(np.int32)


def as_one(case, sizes):
    """Losses, gradients and weights of three steps, moving statistics included, up to rounding: sums in other orders."""
    one, parts = Parts(case.lib, [BATCH]), Parts(case.lib, sizes)
    for step in range(3):
        want, got = one.differentiate(case.x, case.y), parts.differentiate(case.x, case.y)
        assert abs(got - want) < 1e-5 * want, f"step {step}: loss {got}, expected {want}"
        grads = one.models[0].gradients()
        for m in parts.models:
            for name, gradient in m.gradients().items():
                dlctest.close(gradient, grads[name], dlctest.scaled(grads[name], 2e-5), f"step {step}: {name}")
        for m in one.models + parts.models:
            m.call("update")
    (due,), found = one.weights(case.folder), parts.weights(case.folder)
    for weights in found:
        for name, want in due.items():
            dlctest.close(weights[name], want, dlctest.scaled(want, 2e-5), name)
            assert weights[name].tobytes() == found[0][name].tobytes(), f"{name} differs between parts"
    assert np.ptp(due["n/moving_mean"]) > 0 and all(calls == parts.calls[0] for calls in parts.calls)
    names = [name for name, _ in parts.calls[0]]
    # Two a layer on the way forward, two on the way back where something learns before it.
    assert names.count("mean") == 3 * 8, names


def slope(case):
    """The joint gradient is that of the joint loss: along itself, by finite differences."""
    parts, step = Parts(case.lib, [3, 4]), 1e-2
    start = parts.weights(case.folder)[0]
    parts.differentiate(case.x, case.y)
    gradients = parts.models[0].gradients()
    length = np.sqrt(sum(float((g.astype(np.float64) ** 2).sum()) for g in gradients.values()))
    losses = []
    for sign in (1, -1):
        move = lambda name: sign * step / length * gradients[name] if name in gradients else 0
        parts.load(case.folder, {name: value + move(name) for name, value in start.items()})
        losses.append(parts.differentiate(case.x, case.y))
    found = (losses[0] - losses[1]) / (2 * step)
    # Of float32 losses and a step that is not small: 2e-5 / step and its square.
    assert abs(found - length) < 5e-3 * length, f"{found}, expected {length}"
    return f"{found:.5f}, by differentiation {length:.5f}"


def cases(dlc, args):
    made = []

    def case():
        if not made:
            made.append(Case(dlc))
        return made[0]

    sizes = ([3, 4], [1, 2, 4], [6, 1])
    found = [("_".join(map(str, s)), lambda s=s: as_one(case(), s)) for s in sizes]
    return [*found, ("slope", lambda: slope(case()))]


if __name__ == "__main__":
    sys.exit(dlctest.main(__doc__, cases))
