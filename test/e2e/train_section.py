#!/usr/bin/python3
"""What the "train" section of a model says, each rule against a few lines of numpy.

Optimizers: the weights after each of six steps, from the library's own gradients. Schedules: the
rate of each step. Losses and metrics besides those of golden_losses.py. The perceptron's rule.
"""

import os
import sys

import numpy as np

import dlctest
import library

BATCH, STEPS = 7, 6


def compiled(dlc, name, layers, train, outputs=None, shape=(5,)):
    """The library of a small model, and its folder."""
    folder = dlc.folder(name)
    model = {"name": "net", "inputs": [{"name": "x", "shape": list(shape)}], "layers": layers, "train": train}
    if outputs:
        model["outputs"] = outputs
    path = dlctest.save_json(os.path.join(folder, "model.json"), model)
    dlctest.must([dlc.path, "compile", path, "--train", "-o", folder])
    return library.Library(os.path.join(folder, "libnet.so")), folder


def weights(model, folder):
    path = os.path.join(folder, "now.safetensors")
    model.save(path)
    return {k: v.astype(np.float64) for k, v in dlctest.read_safetensors(path).items()}


# Optimizers ----------------------------------------------------------------------------
# Each takes (weight, gradient, slots, rate, step from 1, options) and returns the new weight.


def sgd(w, g, s, rate, t, o):
    m, form = o.get("momentum", 0), o.get("form", "keras")
    if form == "torch":
        s["v"] = m * s.get("v", 0) + g
        return w - rate * (g + m * s["v"] if o.get("nesterov") else s["v"])
    s["v"] = m * s.get("v", 0) - rate * g
    return w + (m * s["v"] - rate * g if o.get("nesterov") else s["v"])


def over_root(g, square, o, keras, torch):
    if o.get("form") == "torch":
        return g / (np.sqrt(square) + o.get("epsilon", torch))
    return g / np.sqrt(square + o.get("epsilon", keras))


def rmsprop(w, g, s, rate, t, o):
    rho, m = o.get("rho", 0.9), o.get("momentum", 0)
    s["v"] = rho * s.get("v", 0) + (1 - rho) * g * g
    s["a"] = rho * s.get("a", 0) + (1 - rho) * g
    square = s["v"] - s["a"] ** 2 if o.get("centered") else s["v"]
    direction = over_root(g, square, o, 1e-7, 1e-8)
    if o.get("form") == "torch":
        s["b"] = m * s.get("b", 0) + direction
        return w - rate * s["b"]
    s["b"] = m * s.get("b", 0) + rate * direction
    return w - s["b"]


def adagrad(w, g, s, rate, t, o):
    first = o.get("initial_accumulator_value", 0 if o.get("form") == "torch" else 0.1)
    s["a"] = s.get("a", first) + g * g
    return w - rate * over_root(g, s["a"], o, 1e-7, 1e-10)


def adadelta(w, g, s, rate, t, o):
    rho = o.get("rho", 0.95)
    epsilon = o.get("epsilon", 1e-6 if o.get("form") == "torch" else 1e-7)
    s["a"] = rho * s.get("a", 0) + (1 - rho) * g * g
    u = np.sqrt(s.get("d", 0) + epsilon) / np.sqrt(s["a"] + epsilon) * g
    s["d"] = rho * s.get("d", 0) + (1 - rho) * u * u
    return w - rate * u


def adam(w, g, s, rate, t, o):
    b1, b2 = o.get("beta_1", 0.9), o.get("beta_2", 0.999)
    s["m"] = b1 * s.get("m", 0) + (1 - b1) * g
    s["v"] = b2 * s.get("v", 0) + (1 - b2) * g * g
    if o.get("form") == "torch":
        return w - rate * (s["m"] / (1 - b1**t)) / (np.sqrt(s["v"] / (1 - b2**t)) + o.get("epsilon", 1e-8))
    alpha = rate * np.sqrt(1 - b2**t) / (1 - b1**t)
    return w - alpha * s["m"] / (np.sqrt(s["v"]) + o.get("epsilon", 1e-7))


RULES = {"SGD": sgd, "RMSprop": rmsprop, "Adagrad": adagrad, "Adadelta": adadelta, "Adam": adam, "AdamW": adam}


def clip(gradients, o):
    if "clipvalue" in o:
        return {k: np.clip(g, -o["clipvalue"], o["clipvalue"]) for k, g in gradients.items()}
    norms = {k: np.sqrt((g * g).sum()) for k, g in gradients.items()}
    bound = o.get("clipnorm") or o.get("global_clipnorm")
    if not bound:
        return gradients
    if "global_clipnorm" in o:
        norms = dict.fromkeys(norms, np.sqrt(sum(n * n for n in norms.values())))
    return {k: g * bound / max(bound, norms[k]) for k, g in gradients.items()}


def reference(w, g, s, t, o):
    """One parameter's step with its weight decay."""
    kind, form = o["type"], o.get("form", "keras")
    decay = o.get("weight_decay", {"keras": 0.004, "torch": 0.01}[form] if kind == "AdamW" else 0)
    rate = o["learning_rate"]
    if kind == "AdamW" or form == "keras":
        w = w - rate * decay * w
    else:
        g = g + decay * w
    return RULES[kind](w, g, s, rate, t, o)


OPTIMIZERS = [
    {"type": "SGD"},
    {"type": "SGD", "momentum": 0.9, "form": "torch"},
    {"type": "SGD", "momentum": 0.9, "nesterov": True},
    {"type": "SGD", "momentum": 0.9, "nesterov": True, "form": "torch", "weight_decay": 0.1},
    {"type": "SGD", "momentum": 0.5, "weight_decay": 0.1},
    {"type": "SGD", "momentum": 0.5, "weight_decay": 0.1, "form": "caffe"},
    {"type": "SGD", "clipvalue": 0.01},
    {"type": "SGD", "clipnorm": 0.05},
    {"type": "SGD", "momentum": 0.9, "global_clipnorm": 0.05, "form": "torch", "weight_decay": 0.1},
    {"type": "RMSprop", "rho": 0.8},
    {"type": "RMSprop", "form": "torch", "weight_decay": 0.1},
    {"type": "RMSprop", "momentum": 0.5, "centered": True, "epsilon": 1e-3},
    {"type": "RMSprop", "momentum": 0.5, "centered": True, "epsilon": 1e-3, "form": "torch"},
    {"type": "Adagrad", "weight_decay": 0.1},
    {"type": "Adagrad", "form": "torch", "initial_accumulator_value": 0.2},
    {"type": "Adadelta"},
    {"type": "Adadelta", "form": "torch", "weight_decay": 0.1, "rho": 0.8},
    {"type": "Adam", "weight_decay": 0.1},
    {"type": "Adam", "form": "torch", "weight_decay": 0.1, "beta_1": 0.5},
    {"type": "Adam", "beta_1": 0.0, "clipnorm": 0.05},
    {"type": "AdamW"},
    {"type": "AdamW", "form": "torch", "weight_decay": 0.3},
]


def optimizer_case(dlc, options):
    options = {"learning_rate": 0.05, **options}
    layers = [
        {"type": "Dense", "name": "h", "units": 4, "activation": "tanh"},
        {"type": "Dense", "name": "out", "units": 1},
    ]
    lib, folder = compiled(dlc, "optimizer", layers, {"loss": "mse", "optimizer": options})
    rng = np.random.default_rng(1)
    worst, slots = 0, {}
    with lib.create(BATCH, training=True, seed=3) as model:
        for step in range(1, STEPS + 1):
            x = rng.standard_normal((BATCH, 5), np.float32)
            model.train_step([x], [x[:, :1] * 2], "differentiate")
            gradients = {k: g.astype(np.float64) for k, g in model.gradients().items()}
            before = weights(model, folder)
            model.call("update")
            after = weights(model, folder)
            assert sorted(gradients) == sorted(before), sorted(gradients)
            for name, g in clip(gradients, options).items():
                want = reference(before[name], g, slots.setdefault(name, {}), step, options)
                worst = max(worst, dlctest.close(after[name], want, 1e-6, f"step {step}: {name}"))
    return f"{worst:.1e}"


# Schedules -----------------------------------------------------------------------------

R = 0.2  # the first rate
SCHEDULES = [
    ({"type": "Constant"}, lambda t: R),
    ({"type": "StepDecay", "gamma": 0.5, "period": 3}, lambda t: R * 0.5 ** (t // 3)),
    ({"type": "ExponentialDecay", "gamma": 0.5, "period": 3}, lambda t: R * 0.5 ** (t / 3)),
    (
        {"type": "CosineDecay", "minimum": 0.05, "period": 4},
        lambda t: 0.05 + (R - 0.05) / 2 * (1 + np.cos(np.pi * min(t / 4, 1))),
    ),
    ({"type": "InverseDecay", "gamma": 0.1, "power": 0.75}, lambda t: R * (1 + 0.1 * t) ** -0.75),
]


def schedule_case(dlc, schedule, formula, warmup):
    rate = {**schedule, "initial_learning_rate": R, "warmup_steps": warmup}
    train = {"loss": "mse", "optimizer": {"type": "SGD", "learning_rate": rate}}
    lib, folder = compiled(dlc, "schedule", [{"type": "Dense", "units": 2}], train)
    x, y = np.ones((1, 5), np.float32), np.zeros((1, 2), np.float32)
    with lib.create(1, training=True) as model:
        for step in range(8):
            want = formula(step) * (min(1, (step + 1) / warmup) if warmup else 1)
            dlctest.close(model.learning_rate(), want, 1e-12, f"rate of step {step}")
            model.train_step([x], [y])


# Losses and metrics --------------------------------------------------------------------


def two_outputs_case(dlc):
    """A weighted sum of two losses and a penalty; the penalty is no part of the metrics."""
    layers = [
        {"type": "Dense", "name": "a", "units": 3, "kernel_regularizer": {"l1": 0.1, "l2": 0.2}},
        {"type": "Dense", "name": "b", "units": 1, "from": "x", "activation": "sigmoid"},
    ]
    losses = [
        {"type": "BinaryCrossentropy", "output": "b", "weight": 0.5, "class_weight": [1, 3]},
        {"type": "mae", "output": "a"},
    ]
    metrics = [{"type": "mse", "output": "a"}, {"type": "accuracy", "output": "b"}]
    train = {"loss": losses, "optimizer": "SGD", "metrics": metrics}
    lib, folder = compiled(dlc, "two_outputs", layers, train, ["a", "b"])
    rng = np.random.default_rng(2)
    x = rng.standard_normal((BATCH, 5), np.float32)
    ta, tb = rng.standard_normal((BATCH, 3), np.float32), (rng.random((BATCH, 1)) < 0.5).astype(np.float32)
    with lib.create(BATCH, training=True) as model:
        a, b = model.forward([x])
        loss = model.train_step([x], [ta, tb], "differentiate")
        got = model.evaluate([x], [ta, tb])
        kernel = weights(model, folder)["a/kernel"]
    crossentropy = -(tb * np.log(b) + (1 - tb) * np.log(1 - b)) * np.where(tb == 1, 3, 1)
    data = 0.5 * crossentropy.mean() + np.abs(a - ta).mean()
    penalty = 0.1 * np.abs(kernel).sum() + 0.2 * (kernel**2).sum()
    dlctest.close(loss, data + penalty, 1e-5, "loss")
    want = {"loss": data, "a/mse": ((a - ta) ** 2).mean(), "b/accuracy": ((b > 0.5) == (tb > 0.5)).mean()}
    assert list(got) == list(want), list(got)
    for name, value in want.items():
        dlctest.close(got[name], value, 1e-5, name)


def accuracy_case(dlc, loss, units, target, right):
    """`right` tells from outputs and targets which decisions are right."""
    layers = [{"type": "Dense", "name": "out", "units": units}]
    train = {"loss": loss, "optimizer": "SGD", "metrics": ["accuracy"]}
    lib, _ = compiled(dlc, "accuracy", layers, train)
    rng = np.random.default_rng(4)
    x = rng.standard_normal((40, 5), np.float32)
    t = target(rng, (40, units))
    with lib.create(40, training=True) as model:
        y = model.forward([x])[0]
        got = model.evaluate([x], [t])["accuracy"]
    dlctest.close(got, right(y, t).mean(), 1e-6, "accuracy")


def one_hot(rng, shape):
    return np.eye(shape[1], dtype=np.float32)[rng.integers(shape[1], size=shape[0])]


binary = lambda rng, shape: (rng.random(shape) < 0.5).astype(np.float32)
signs = lambda rng, shape: np.where(rng.random(shape) < 0.5, -1, 1).astype(np.float32)
labels = lambda rng, shape: rng.integers(shape[1], size=shape[0]).astype(np.int32)
logits = lambda loss: {"type": loss, "from_logits": True}
ACCURACIES = {
    "sparse": (logits("SparseCategoricalCrossentropy"), 4, labels, lambda y, t: y.argmax(1) == t),
    "categorical": (logits("CategoricalCrossentropy"), 4, one_hot, lambda y, t: y.argmax(1) == t.argmax(1)),
    "binary": ("mse", 1, binary, lambda y, t: (y > 0.5) == (t > 0.5)),
    "logits": (logits("BinaryCrossentropy"), 1, binary, lambda y, t: (y > 0) == (t > 0.5)),
    "several": (logits("BinaryCrossentropy"), 3, binary, lambda y, t: (y > 0) == (t > 0.5)),
    "margins": ("hinge", 1, signs, lambda y, t: (y > 0) == (t > 0)),
}


def no_gradient_case(dlc, field):
    """A bound of 0 on the norm of gradients that are 0 leaves the weights alone."""
    train = {"loss": "mse", "optimizer": {"type": "SGD", field: 0}}
    lib, folder = compiled(dlc, "no_gradient", [{"type": "Dense", "units": 2}], train)
    x, t = np.zeros((1, 5), np.float32), np.zeros((1, 2), np.float32)
    with lib.create(1, training=True) as model:
        before = weights(model, folder)
        model.train_step([x], [t])
        after = weights(model, folder)
    for name, value in before.items():
        assert (after[name] == value).all(), f"{name}: {after[name]}"


def crossentropy_case(dlc, loss):
    """Of probabilities that do not sum to 1: the value, and its slopes in float64."""
    layers = [{"type": "Dense", "name": "d", "units": 4, "activation": "sigmoid"}]
    smoothing, factors = 0.1, np.array([1, 2, 0.5, 3])
    options = {"label_smoothing": smoothing, "class_weight": list(factors), **loss}
    lib, folder = compiled(dlc, "crossentropy", layers, {"loss": options, "optimizer": "SGD"})
    rng = np.random.default_rng(6)
    x = rng.standard_normal((BATCH, 5), np.float32)
    t = (one_hot if loss["type"] == "CategoricalCrossentropy" else labels)(rng, (BATCH, 4))
    with lib.create(BATCH, training=True, seed=5) as model:
        got = model.train_step([x], [t], "differentiate")
        dlctest.close(model.evaluate([x], [t])["loss"], got, 1e-6, "loss as a metric")
        gradients, now = model.gradients(), weights(model, folder)
    shares = (np.eye(4)[t] if t.ndim == 1 else t) * (1 - smoothing) + smoothing / 4

    def value(w):
        p = 1 / (1 + np.exp(-(x @ w["d/kernel"] + w["d/bias"])))
        if loss.get("normalize", True):
            p = p / p.sum(1, keepdims=True)
        return -(shares * factors * np.log(p)).sum(1).mean()

    dlctest.close(got, value(now), 1e-5, "loss")
    worst = 0
    for name, gradient in gradients.items():
        for place in np.ndindex(gradient.shape):
            step = np.zeros(gradient.shape)
            step[place] = 1e-5
            slope = (value({**now, name: now[name] + step}) - value({**now, name: now[name] - step})) / 2e-5
            worst = max(worst, dlctest.close(gradient[place], slope, 1e-5, f"slope of {name} at {place}"))
    return f"{worst:.1e}"


CROSSENTROPIES = [
    {"type": "CategoricalCrossentropy"},
    {"type": "CategoricalCrossentropy", "normalize": False},
    {"type": "SparseCategoricalCrossentropy"},
    {"type": "SparseCategoricalCrossentropy", "normalize": False},
]


def overflow_case(dlc, options):
    """A gradient may overflow where the loss does not: parameters, slots and step stay as they are."""
    layers = [{"type": "Dense", "name": "d", "units": 1, "use_bias": False, "kernel_initializer": "zeros"}]
    lib, folder = compiled(dlc, "overflow", layers, {"loss": "mse", "optimizer": {"type": "Adam", **options}})
    path = os.path.join(folder, "state")

    def state(model):
        model.save(path, state=True)
        with open(path, "rb") as file:
            return file.read()

    x, t = np.full((4, 5), 1e30, np.float32), np.full((4, 1), 1e10, np.float32)
    with lib.create(4, training=True) as model:
        before = state(model)
        try:
            model.train_step([x], [t])
        except library.Error as error:
            assert 'training step 1: the gradient of "d/kernel" holds infinity' in error.message, error.message
        else:
            raise AssertionError("no error")
        assert state(model) == before, "the state has changed"
        model.train_step([x * 1e-30], [t * 1e-10])
        assert model.step() == 1 and np.isfinite(weights(model, folder)["d/kernel"]).all()


def perceptron_case(dlc):
    """w += rate * (target - output) * x, b += rate * (target - output), after each sample."""
    layers = [{"type": "Dense", "name": "p", "units": 1, "activation": "sign"}]
    train = {"loss": "perceptron", "optimizer": {"type": "SGD", "learning_rate": 0.5}}
    lib, folder = compiled(dlc, "perceptron", layers, train, shape=(2,))
    x = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]], np.float32)
    t = np.array([[-1], [-1], [-1], [1]], np.float32)  # AND
    w, b = np.array([0.5, -0.25]), 0.0
    first = os.path.join(folder, "first.safetensors")
    dlctest.write_safetensors(first, {"p/kernel": w[:, None], "p/bias": np.zeros(1)})
    with lib.create(4, training=True) as model:
        model.load(first)
        for _ in range(6):
            for sample, target in zip(x, t):
                output = np.sign(sample @ w + b)
                w, b = w + 0.5 * (target - output) * sample, b + 0.5 * (target - output)
                model.train_step([sample[None]], [target[None]])
                now = weights(model, folder)
                assert (now["p/kernel"][:, 0] == w).all() and (now["p/bias"] == b).all(), (now, w, b)
        assert (model.forward([x])[0] == t).all()


def cases(dlc, args):
    result = []
    for options in OPTIMIZERS:
        name = " ".join(["optimizer", *(str(v) if k == "type" else f"{k}={v}" for k, v in options.items())])
        result.append((name, lambda o=options: optimizer_case(dlc, o)))
    for schedule, formula in SCHEDULES:
        for warmup in (0, 3):
            name = f"schedule {schedule['type']} warmup={warmup}"
            result.append((name, lambda s=schedule, f=formula, w=warmup: schedule_case(dlc, s, f, w)))
    for name, case in ACCURACIES.items():
        result.append((f"accuracy {name}", lambda c=case: accuracy_case(dlc, *c)))
    for options in ({}, {"clipvalue": 1}, {"global_clipnorm": 1}):
        result.append((" ".join(["overflow", *options]), lambda o=options: overflow_case(dlc, o)))
    for loss in CROSSENTROPIES:
        name = " ".join(["probabilities", *map(str, loss.values())])
        result.append((name, lambda l=loss: crossentropy_case(dlc, l)))
    for field in ("clipnorm", "global_clipnorm"):
        result.append((f"no gradient {field}=0", lambda f=field: no_gradient_case(dlc, f)))
    result.append(("two outputs", lambda: two_outputs_case(dlc)))
    result.append(("perceptron", lambda: perceptron_case(dlc)))
    return result


if __name__ == "__main__":
    sys.exit(dlctest.main(__doc__, cases))
