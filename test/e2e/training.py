#!/usr/bin/python3
"""What a library that trains promises besides its numbers.

The same weights and training state, bit for bit, for every thread count, after a kill and a
resume, and whatever the memory held before; no allocation in a step; nothing changed when a
call is refused; gradients told one by one as they are; backward and differentiate agree; only the documented symbols.
"""

import os
import signal
import subprocess
import sys

import numpy as np

import dlctest
import library
import properties

ZOO = os.path.join(dlctest.ROOT, "models")
LOGITS = {"type": "SparseCategoricalCrossentropy", "from_logits": True}


def dense(units, **more):
    return {"type": "Dense", "units": units, **more}


def small(name, layers, train, outputs=None):
    model = {"dlc": 1, "name": name, "inputs": [{"name": "x", "shape": [12]}], "layers": layers}
    return {**model, **({"outputs": outputs} if outputs else {}), "train": train}


def zoo(name, side, train):
    model = dlctest.load_json(os.path.join(ZOO, name + ".json"))
    model.pop("weights", None)
    if side:
        model["inputs"][0]["shape"][:2] = [side, side]
    return {**model, "train": train}


def momentum(rate):
    return {"type": "SGD", "learning_rate": rate, "momentum": 0.9}


WARM = {"type": "CosineDecay", "initial_learning_rate": 0.01, "minimum": 0.001, "period": 150, "warmup_steps": 10}
# name: (model, batch, updates)
MODELS = {
    "drop": (
        small(
            "drop",
            [
                dense(40, activation="tanh", kernel_regularizer={"l2": 1e-3}),
                {"type": "Dropout", "rate": 0.25},
                dense(10, name="out", activation="softmax"),
            ],
            {
                "loss": "sparse_categorical_crossentropy",
                "optimizer": {"type": "Adam", "learning_rate": WARM},
                "metrics": ["accuracy"],
            },
        ),
        37,
        200,
    ),
    "twins": (
        small(
            "twins",
            [
                dense(16, name="body", activation="relu"),
                dense(3, name="line"),
                {**dense(10, name="kind"), "from": "body"},
            ],
            {
                "loss": [{"type": "MeanSquaredError", "output": "line", "weight": 0.5}, {**LOGITS, "output": "kind"}],
                "optimizer": momentum(0.02),
            },
            ["line", "kind"],
        ),
        5,
        200,
    ),
    "depthwise": (
        {
            "dlc": 1,
            "name": "depthwise",
            "inputs": [{"name": "x", "shape": [13, 11, 3]}],
            "layers": [
                {"type": "Conv2D", "filters": 20, "kernel_size": 3, "padding": "same", "activation": "relu"},
                {"type": "DepthwiseConv2D", "kernel_size": 3, "strides": 2, "padding": "same", "activation": "relu"},
                {"type": "DepthwiseConv2D", "kernel_size": 5, "padding": "same"},
                {"type": "GlobalAveragePooling2D"},
                dense(10, name="out"),
            ],
            "train": {"loss": LOGITS, "optimizer": momentum(0.01)},
        },
        5,
        50,
    ),
    "lenet5": (zoo("lenet5", None, {"loss": LOGITS, "optimizer": momentum(0.01)}), 8, 200),
    "resnet20": (zoo("resnet20", 16, {"loss": LOGITS, "optimizer": momentum(0.05)}), 4, 30),
}
DOCUMENTED = (
    "train_step", "differentiate", "backward", "update", "zero_grad", "evaluate", "gradients", "save",
    "save_state", "load_state", "set_schedule", "get_schedule", "learning_rate", "step", "set_first_sample",
)  # fmt: skip


class Trainee:
    """A model, compiled on first use."""

    def __init__(self, dlc, name):
        self.dlc, self.name = dlc, name
        self.model, self.batch, self.steps = MODELS[name]
        self.lib, self.programs = None, {}

    def build(self):
        if not self.lib:
            self.folder = self.dlc.folder(self.name)
            path = dlctest.save_json(os.path.join(self.folder, "model.json"), self.model)
            self.lib = self.dlc.compile(path, os.path.join(self.folder, "lib"), "--train")
            self.so = os.path.join(self.lib, f"lib{self.name}.so")
        return self

    def program(self, source, flags=(), link=()):
        if source not in self.programs:
            options = (False, ["-DCLASSES=10", *flags], link)
            self.programs[source] = dlctest.c_program(source, self.folder, self.lib, self.name, *options)
        return self.programs[source]

    def train(self, threads=1, poison=False, steps=None, start=None):
        """The training state after the steps."""
        out = os.path.join(self.dlc.folder(self.name), "state")
        command = [self.program("train_bits.c"), out, steps or self.steps, self.batch, threads, int(poison), 0]
        dlctest.must(command + ([start] if start else []))
        with open(out, "rb") as f:
            return f.read()

    def data(self, seed=1):
        random = np.random.default_rng(seed)

        def array(tensor):
            _, shape, kind = tensor
            shape = (self.batch, *shape[1:])
            numbers = random.integers(0, 10, shape) if kind == np.int32 else random.standard_normal(shape)
            return numbers.astype(kind)

        with library.Library(self.so) as lib:
            return [[array(t) for t in lib.tensors(kind)] for kind in ("inputs", "targets")]

    def create(self, threads=1, **hooks):
        return library.Library(self.so).create(self.batch, threads, True, 5, **hooks)


def threads(trainee):
    first = trainee.train(1)
    for count in (2, 4):
        assert trainee.train(count) == first, f"{count} threads give other bits than one"


def poison(trainee):
    assert trainee.train(2, True, 7) == trainee.train(2, False, 7), "a NaN in unwritten memory reaches the state"


def kill_and_resume(trainee):
    """SIGKILL at some step; the state that was saved last goes on to the same end."""
    whole = trainee.train()
    state = os.path.join(trainee.dlc.folder(trainee.name), "running")
    command = [trainee.program("train_bits.c"), state, 10**9, trainee.batch, 2, 0, 3]
    with subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, text=True) as run:
        while int(run.stdout.readline()) < min(60, trainee.steps // 2):
            pass
        run.send_signal(signal.SIGKILL)
    with library.Library(trainee.so) as lib, lib.create(trainee.batch, 1, True, 99) as m:
        m.load_state(state)
        at = m.step()
    assert trainee.train(2, start=state) == whole, f"resuming at step {at} ends with other bits"
    return f"resumed at step {at} of {trainee.steps}"


def no_allocation(trainee):
    program = trainee.program("train_no_allocation.c", ["-fno-builtin"], ["-rdynamic", "-ldl"])
    for count in (1, 2, 4):
        dlctest.must([program, trainee.batch, count])


def refused(trainee):
    """Each error with its words; then the state is as it was."""
    inputs, targets = trainee.data()
    path = os.path.join(trainee.dlc.folder(trainee.name), "refused")

    def state(m):
        m.save(path, state=True)
        with open(path, "rb") as f:
            return f.read()

    with trainee.create() as m:
        m.train_step(inputs, targets)
        before = state(m)

        def check(words, call, *arguments):
            try:
                call(*arguments)
            except library.Error as error:
                assert words in error.message, f"{words!r} is not in {error.message!r}"
            else:
                raise AssertionError(f"no error with {words!r}")
            assert state(m) == before, f"{words!r}: the state has changed"

        bad = [x.copy() for x in inputs]
        bad[0].flat[-1] = np.nan
        check(f"training step 2: input \"{m.library.tensors('inputs')[0][0]}\": sample", m.train_step, bad, targets)
        for i, (name, _, kind) in enumerate(m.library.tensors("targets")):
            bad = [t.copy() for t in targets]
            bad[i].flat[3] = 10 if kind == np.int32 else np.inf
            words = "label 10 of sample 3 is not within 0 and 9" if kind == np.int32 else "holds infinity"
            check(f'target "{name}": ', m.train_step, inputs, bad)
            check(words, m.train_step, inputs, bad)
        check("cannot be opened", m.load_state, path + ".none")
        m.save(path + ".weights")
        check("holds no training state", m.load_state, path + ".weights")
        huge = [x * np.float32(1e30) for x in inputs]
        try:
            m.train_step(huge, targets)
        except library.Error as error:
            assert "training step 2: the " in error.message and "as they were" in error.message, error.message
        assert m.step() in (1, 2)


def vjp(trainee):
    """The gradients of a mean squared error are those that backward makes of 2 (out - target) / n."""
    inputs, targets = trainee.data()
    with trainee.create() as m:
        m.train_step(inputs, targets)
        line = m.forward(inputs)[0]
        loss = lambda out: [2 * (out - targets[0]) / out.size * 0.5, np.zeros((trainee.batch, 10), np.float32)]
        m.call("zero_grad")
        grads = m.backward(inputs, loss(line))
        got = m.gradients()
        assert grads[0].shape == inputs[0].shape and np.abs(grads[0]).max() > 0
        # Only the other loss reaches its own layer.
        assert not got["kind/kernel"].any()
        m.train_step(inputs, targets, "differentiate")
        want = m.gradients()["line/kernel"]
        dlctest.close(got["line/kernel"], want, 1e-5 * max(1, np.abs(want).max()))
        # Twice as much when it is added again, and nothing once it is cleared.
        m.call("zero_grad")
        m.backward(inputs, loss(line), skip=(0,))
        m.backward(inputs, loss(line), skip=(0,))
        dlctest.close(m.gradients()["body/kernel"], 2 * got["body/kernel"], 1e-6)
        m.call("zero_grad")
        assert not any(g.any() for g in m.gradients().values())


def one_by_one(trainee):
    """Each gradient is told once, last layers first, with its final bits, and not looked at again."""
    inputs, targets = trainee.data()
    told = []

    def listen(name, array):
        told.append((name, array.copy()))
        array.fill(np.nan)

    with trainee.create() as quiet, trainee.create(2, on_gradient=listen) as m:
        loss = quiet.train_step(inputs, targets, "differentiate")
        want = quiet.gradients()
        assert m.train_step(inputs, targets, "differentiate") == loss
        order = [name for name, _ in told]
        assert sorted(order) == sorted(want), order
        for name, array in told:
            assert array.tobytes() == want[name].tobytes(), name
        assert all(np.isnan(g).all() for g in m.gradients().values()), "written again after it was told"
        # Layers without branches come strictly in the reverse order.
        if len(trainee.model["layers"]) < 10 and trainee.name != "twins":
            layers = list(dict.fromkeys(name.split("/")[0] for name in order))
            assert layers == list(dict.fromkeys(name.split("/")[0] for name in want))[::-1], layers
        told.clear()
        outputs = [np.ones_like(y) for y in m.forward(inputs)]
        m.call("zero_grad")
        m.backward(inputs, outputs)
        assert not told, "backward adds to gradients, and may do so again"
        m.train_step(inputs, targets, "differentiate")
        assert [name for name, _ in told] == order


def weights_to_inference(trainee):
    """What training saved, a library without --train reads; both give what evaluate measured."""
    inputs, targets = trainee.data()
    folder = trainee.dlc.folder(trainee.name)
    weights = os.path.join(folder, "w.safetensors")
    with trainee.create() as m:
        for _ in range(3):
            m.train_step(inputs, targets)
        m.save(weights)
        want = m.forward(inputs)
    for options in ((), ("--train",)):
        path = dlctest.save_json(os.path.join(folder, "model.json"), trainee.model)
        lib = trainee.dlc.compile(path, os.path.join(folder, "lib" + "".join(options)), *options)
        with library.Library(os.path.join(lib, f"lib{trainee.name}.so")) as plain:
            with plain.create(trainee.batch) as m:
                m.load(weights)
                for got, due in zip(m.forward(inputs), want):
                    assert got.tobytes() == due.tobytes(), "other bits than the instance that trained"


def budget(trainee):
    """With little memory activations are computed again: the same gradients from a smaller arena.
    Not the same bits: what is computed again may be fused, and so rounded, in another way."""
    inputs, targets = trainee.build().data()
    path = dlctest.save_json(os.path.join(trainee.folder, "model.json"), trainee.model)
    gradients, size = [], []
    for limit in ("1000", "1/1000"):
        folder = os.path.join(trainee.dlc.folder(trainee.name), "lib")
        lib = trainee.dlc.compile(path, folder, "--train", "--memory-budget", limit)
        with library.Library(os.path.join(lib, f"lib{trainee.name}.so")) as so:
            with so.create(trainee.batch, 2, True, 5) as m:
                m.train_step(inputs, targets, "differentiate")
                gradients.append(m.gradients())
            size.append(so.info.train_arena_batch_bytes)
    for name, want in gradients[0].items():
        dlctest.close(gradients[1][name], want, dlctest.scaled(want, 1e-5), name)
    assert size[1] < 0.8 * size[0], f"{size[1]} bytes a sample, {size[0]} without a budget"
    return f"{size[0]} -> {size[1]} bytes a sample"


def exports(trainee):
    names = dlctest.must([properties.tool("llvm-nm-22", "nm"), "-D", "--defined-only", trainee.so])
    names = {line.split()[-1] for line in names.splitlines()}
    functions = properties.FUNCTIONS + DOCUMENTED
    wanted = {f"{trainee.name}_{f}" for f in functions} | {"dlc_model_entry"}
    assert names == wanted, f".so exports {sorted(names ^ wanted)} too many or too few"
    text = dlctest.must([properties.tool("llvm-readelf-22", "readelf"), "-d", trainee.so])
    assert not any(word in text for word in ("libstdc++", "libgcc")), text


def full_disk(trainee):
    """A state that cannot be written leaves the one before."""
    folder = trainee.dlc.folder(trainee.name)
    state = os.path.join(folder, "state")
    good = trainee.train(steps=2)
    with open(state, "wb") as f:
        f.write(good)
    program = [trainee.program("train_bits.c"), state, 3, trainee.batch, 1, 0, 0]
    limit = ["bash", "-c", 'trap "" XFSZ; ulimit -f 1; exec "$@"', "-"]
    code, _, err = dlctest.execute(limit + program)
    assert code == 1 and "cannot be written: File too large" in err, f"exit {code}: {err}"
    with open(state, "rb") as f:
        assert f.read() == good, "the old state is damaged"
    assert sorted(os.listdir(folder)) == ["state"], os.listdir(folder)


def cases(dlc, args):
    checks = (threads, poison, kill_and_resume, no_allocation, refused, one_by_one, weights_to_inference, exports, full_disk)
    found, trainees = [], {name: Trainee(dlc, name) for name in MODELS}
    for name, trainee in trainees.items():

        def run(trainee=trainee):
            trainee.build()
            return "; ".join(filter(None, (check(trainee) for check in checks)))

        found.append((name, run))
    found.append(("budget", lambda: budget(trainees["resnet20"])))
    found.append(("vjp", lambda: vjp(Trainee(dlc, "twins").build())))
    return found


if __name__ == "__main__":
    sys.exit(dlctest.main(__doc__, cases))
