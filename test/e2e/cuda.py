#!/usr/bin/python3
"""Whole networks compiled for CUDA, through the runtime, on the fake driver over the simulator.

Outputs against the float64 reference, training against the same library's CPU variant: losses,
parameters, metrics, gradients of inputs. The driver refuses what NVIDIA's would, and nothing is left
on the device in the end. Other precisions than fp32: outputs, and training of one smooth network.
"""

import ctypes
import os
import sys

import numpy as np

import dlctest
import library
import reference

ZOO = os.path.join(dlctest.ROOT, "models")
TRAIN = {
    "loss": "sparse_categorical_crossentropy",
    "optimizer": {"type": "SGD", "learning_rate": 0.01, "momentum": 0.9},
}
# Large enough for the products of warpgroups that sm_90a has: windows, single pixels, every other one,
# a residual. Smooth, so that a step with other roundings has about the same gradients.
WIDE = {
    "$schema": "dlc-model-1.json", "dlc": 1, "name": "wide",
    "inputs": [{"name": "image", "shape": [32, 32, 3]}],
    "layers": [
        {"type": "Conv2D", "name": "c1", "filters": 64, "kernel_size": 3, "padding": "same", "activation": "tanh"},
        {"type": "Conv2D", "name": "c2", "filters": 128, "kernel_size": 3, "padding": "same", "activation": "tanh"},
        {"type": "Conv2D", "name": "c3", "filters": 128, "kernel_size": 1},
        {"type": "Add", "name": "sum", "from": ["c3", "c2"]},
        {"type": "Conv2D", "name": "c4", "filters": 256, "kernel_size": 3, "strides": 2, "activation": "tanh"},
        {"type": "GlobalAveragePooling2D", "name": "mean"},
        {"type": "Dense", "name": "out", "units": 10},
    ],
    "train": {
        "loss": {"type": "SparseCategoricalCrossentropy", "from_logits": True},
        "optimizer": {"type": "SGD", "learning_rate": 0.01, "momentum": 0.9},
    },
    "outputs": ["out"],
}
# What is no product of a whole layer: groups, channels by themselves, both poolings, statistics.
MIXED = {
    "$schema": "dlc-model-1.json", "dlc": 1, "name": "mixed",
    "inputs": [{"name": "image", "shape": [12, 12, 16]}],
    "layers": [
        {"type": "Conv2D", "name": "groups", "filters": 32, "kernel_size": 3, "groups": 4, "padding": "same"},
        {"type": "BatchNormalization", "name": "norm"},
        {"type": "Activation", "activation": "tanh"},
        {"type": "DepthwiseConv2D", "name": "depthwise", "kernel_size": 3, "strides": 2, "padding": "same"},
        {"type": "AveragePooling2D", "pool_size": 3, "strides": 1, "padding": "same"},
        {"type": "MaxPooling2D"},
        {"type": "Flatten"},
        {"type": "Dense", "name": "out", "units": 10},
    ],
    "train": {
        "loss": {"type": "SparseCategoricalCrossentropy", "from_logits": True},
        "optimizer": {"type": "SGD", "learning_rate": 0.01, "momentum": 0.9},
    },
    "outputs": ["out"],
}
OWN = {model["name"]: model for model in (WIDE, MIXED)}
LIMIT = 1e-3  # of the largest number: float32 in another order, step upon step
# Factors of products have 10 and 7 bits of mantissa; their roundings add up over the layers.
LIMITS = {"fp32": LIMIT, "tf32": 2e-2, "bf16": 1e-1}
# Numbers below 1 too: where a sum near 0 has another sign, a ReLU lets another gradient pass.
FLOOR = 1


class Driver:
    """The fake driver in this process: what a library opens as libcuda.so.1."""

    latest = None

    def __init__(self, dlc, args):
        path = os.path.join(os.path.dirname(os.path.dirname(dlc)), "test", "simulator", "libcuda.so.1")
        if not os.path.exists(path):
            raise dlctest.Skip(f"{path} is not here")
        self.library = ctypes.CDLL(path)
        self.library.dlc_fake_cuda_report.restype = ctypes.c_char_p
        self.library.dlc_fake_cuda_calls.restype = ctypes.c_uint64
        capability = args.chip.removeprefix("sm_").removesuffix("a")
        self.library.dlc_fake_cuda_reset(f"capability={capability}".encode())
        self.options = ["--target", "cpu,cuda", "--chip", args.chip, "--precision", args.precision, "--simulate"]
        self.limit = LIMITS[args.precision]
        Driver.latest = self

    def calls(self, function):
        return self.library.dlc_fake_cuda_calls(function.encode())

    def report(self):
        return self.library.dlc_fake_cuda_report().decode()


def compile(dlc, driver, model, *options):
    """The library of a model for both targets, and its folder."""
    folder = dlc.folder(model["name"])
    path = dlctest.save_json(os.path.join(folder, "model.json"), model)
    out = dlc.compile(path, folder, *driver.options, *options)
    return library.Library(os.path.join(out, f"lib{model['name']}.so")), folder


def zoo(name):
    if name in OWN:
        return dict(OWN[name])
    model = dlctest.load_json(os.path.join(ZOO, name + ".json"))
    model.pop("weights", None)
    return model


def forward(dlc, driver, name, batch):
    def case():
        model = zoo(name)
        model.pop("train", None)
        weights, inputs = reference.Random(1), reference.random_inputs(model, batch)
        want = reference.Network(model).run(inputs, weights)
        lib, folder = compile(dlc, driver, model)
        file = os.path.join(folder, "random.safetensors")
        dlctest.write_safetensors(file, weights.tensors)
        with lib.create(max_batch=batch, target=library.CUDA) as m:
            m.load(file)
            got = m.forward(inputs)
            worst = max(dlctest.close(g, w, dlctest.scaled(w, driver.limit)) for g, w in zip(got, want))
            again = m.forward(inputs)
            assert all(np.array_equal(a, b) for a, b in zip(got, again)), "other bits the second time"
            first = m.forward([x[:1] for x in inputs])
            for g, w in zip(first, want):
                dlctest.close(g, w[:1], dlctest.scaled(w, driver.limit), "a smaller batch")
        return f"largest difference {worst:.2g}"

    return case


def data(lib, batch, seed=3):
    """Inputs and targets: normal numbers, labels below 10."""
    rng = np.random.default_rng(seed)

    def array(tensor):
        _, shape, dtype = tensor
        shape = (batch, *shape[1:])
        return rng.standard_normal(shape).astype(dtype) if dtype == np.float32 else rng.integers(0, 10, shape, dtype)

    return [[array(t) for t in lib.tensors(kind)] for kind in ("inputs", "targets")]


def training(dlc, driver, name, batch, steps):
    def case():
        model = zoo(name)
        model.setdefault("train", TRAIN)
        lib, folder = compile(dlc, driver, model, "--train")
        inputs, targets = data(lib, batch)
        results = []
        for target in (library.CPU, library.CUDA):
            with lib.create(max_batch=batch, training=True, seed=5, target=target) as m:
                up = [np.random.default_rng(i).standard_normal(y.shape).astype(np.float32) for i, y in enumerate(m.forward(inputs))]
                # Of the first weights: a few steps later even two CPU variants differ by a tenth, where
                # sums near 0 have other signs and ReLUs let other gradients pass.
                down = m.backward(inputs, up)
                losses = [m.train_step(inputs, targets) for _ in range(steps)]
                path = os.path.join(folder, f"{target}.safetensors")
                m.save(path)
                metrics = m.evaluate(inputs, targets)
                results.append((losses, dlctest.read_safetensors(path), metrics, down))
        (losses, weights, metrics, down), (got_losses, got_weights, got_metrics, got_down) = results
        worst = dlctest.close(got_losses, losses, dlctest.scaled(losses, driver.limit), "losses")
        for key, want in weights.items():
            dlctest.close(got_weights[key], want, dlctest.scaled(want, driver.limit, FLOOR), key)
        for key, want in metrics.items():
            dlctest.close(got_metrics[key], want, dlctest.scaled(want, driver.limit), key)
        for got, want in zip(got_down, down):
            dlctest.close(got, want, dlctest.scaled(want, driver.limit), "gradient of the input")
        return f"losses {losses[0]:.4f} to {losses[-1]:.4f}, largest difference {worst:.2g}"

    return case


def graphs(dlc, driver):
    """warm records what calls then launch."""
    lib, _ = compile(dlc, driver, {"train": TRAIN, **zoo("mlp")}, "--train")
    inputs, targets = data(lib, 4)
    with lib.create(max_batch=4, training=True, target=library.CUDA) as m:
        m.call("warm", 4)
        before = driver.calls("cuStreamBeginCapture_v2")
        for _ in range(3):
            m.train_step(inputs, targets)
        m.forward(inputs)
        assert driver.calls("cuStreamBeginCapture_v2") == before, "a call recorded what warm should have"


def answer(call):
    """The message of a call that fails."""
    try:
        call()
    except library.Error as error:
        return error.message
    raise AssertionError("a call that should have failed went through")


def refused(dlc, driver):
    """A gradient that overflows where the loss does not stops the update, on either target with the same words."""
    model = {
        "dlc": 1,
        "name": "refused",
        "inputs": [{"name": "x", "shape": [40]}],
        "layers": [{"type": "Dense", "units": 24, "name": "a"}, {"type": "Dense", "units": 3, "name": "b"}],
        "train": {"loss": "mse", "optimizer": {"type": "Adam", "learning_rate": 0.01}},
    }
    lib, folder = compile(dlc, driver, model, "--train")
    good, targets = data(lib, 4)
    bad, far, answers = good[0].copy(), targets[0].copy(), []
    bad[2, 17] = 1e24
    for target in (library.CPU, library.CUDA):
        with lib.create(max_batch=4, training=True, seed=5, target=target) as m:
            m.train_step(good, targets)
            far[2] = m.forward([bad])[0][2] * np.float32(1 + 1e-5)
            assert np.isfinite(m.train_step([bad], [far], "differentiate"))
            states = []
            for refuse in (False, True):
                if refuse:
                    answers.append(answer(lambda: m.train_step([bad], [far])))
                m.save(os.path.join(folder, "state"), state=True)
                with open(os.path.join(folder, "state"), "rb") as file:
                    states.append(file.read())
            assert states[0] == states[1], "the refused step changed the state"
            m.train_step(good, targets)
            assert m.step() == 2, m.step()
    assert answers[0] == answers[1] and "holds infinity" in answers[0], answers


def cases(dlc, args):
    driver = Driver(dlc.path, args)
    yield "graphs", lambda: graphs(dlc, driver)
    yield "refused", lambda: refused(dlc, driver)
    for name, batch in (("mlp", 3), ("lenet5", 3), ("mnist_cnn", 2), ("resnet20", 2)):
        yield f"forward/{name}", forward(dlc, driver, name, batch)
    # A step with other roundings lets other gradients pass a ReLU; kernels have tests of their own.
    if args.precision != "fp32":
        yield "forward/wide", forward(dlc, driver, "wide", 2)
        yield "training/wide", training(dlc, driver, "wide", 2, 2)
        return
    yield "forward/mixed", forward(dlc, driver, "mixed", 3)
    for name, batch, steps in (("lenet5", 4, 3), ("mnist_cnn", 4, 2), ("resnet20", 2, 2), ("mixed", 4, 2)):
        yield f"training/{name}", training(dlc, driver, name, batch, steps)


def main():
    parser = dlctest.arguments(__doc__)
    parser.add_argument("--chip", default="sm_80", help="GPU to compile for (default sm_80)")
    parser.add_argument("--precision", default="fp32", choices=list(LIMITS), help="default fp32")
    code = dlctest.main(__doc__, cases, parser, alone=["graphs"])
    left = Driver.latest.report() if Driver.latest else ""
    if left:
        print(f"failed: when all was destroyed: {left}")
    return 1 if left else code


if __name__ == "__main__":
    sys.exit(main())
