#!/usr/bin/python3
"""`dlc train`: what it learns, that its results are the same bits however it is run, what it writes,
and what it leaves intact when something goes wrong.
"""

import gzip
import json
import os
import resource
import signal
import struct
import subprocess
import sys
import time
import xml.dom.minidom
import zlib

import numpy as np

import dlctest

MODELS = os.path.join(dlctest.ROOT, "models")
DIGITS = os.path.join(MODELS, "data", "digits_train.csv")
NEW_DIGITS = os.path.join(MODELS, "data", "digits_test.csv")


def model(folder, shape, layers, train, name="m"):
    """Writes a model file; returns its path."""
    value = {"dlc": 1, "name": name, "inputs": [{"name": "x", "shape": shape}], "layers": layers}
    return dlctest.save_json(os.path.join(folder, name + ".json"), {**value, "train": train})


def dense(units, activation, name):
    return {"type": "Dense", "name": name, "units": units, "activation": activation}


def mlp(folder, epochs=4, **train):
    """A small network with momentum, for the random samples below."""
    optimizer = {"type": "SGD", "learning_rate": 0.05, "momentum": 0.9}
    settings = {"loss": "sparse_categorical_crossentropy", "optimizer": optimizer}
    settings |= {"metrics": ["accuracy"], "epochs": epochs, "batch_size": 16, "seed": 3} | train
    return model(folder, [6, 6, 1], [{"type": "Flatten"}, dense(24, "relu", "h"), dense(3, "softmax", "out")], settings)


def samples(count=400, seed=1):
    """Images of bytes of three kinds, and their labels."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, count).astype(np.uint8)
    images = rng.integers(0, 120, (count, 6, 6)).astype(np.uint8)
    for kind in range(3):
        images[labels == kind, 2 * kind : 2 * kind + 2] += 60
    return images, labels


def save_samples(folder, count=400):
    images, labels = samples(count)
    np.savez(os.path.join(folder, "d.npz"), x=images, y=labels)
    return os.path.join(folder, "d.npz")


def command(dlc, path, data, *options):
    return [dlc.path, "train", path, *(o for d in np.atleast_1d(data) for o in ("--data", d)), *map(str, options)]


def train(dlc, folder, path, data, *options):
    """Trains in the folder; returns the result that --json prints."""
    return json.loads(dlctest.must(command(dlc, path, data, "--json", *options), cwd=folder))


def fails(dlc, folder, path, data, words, *options, **keywords):
    code, out, err = dlctest.execute(command(dlc, path, data, *options), cwd=folder, **keywords)
    assert code == 1, f"exit {code}: {out}{err}"
    for word in np.atleast_1d(words):
        assert word in err, f"{word!r} is not in {err!r}"


def read(folder, name):
    with open(os.path.join(folder, name), "rb") as f:
        return f.read()


def weights(dlc, name, data, *options, **settings):
    """The bytes of the weights after training the small network."""
    folder = dlc.folder(name)
    train(dlc, folder, mlp(folder, **settings), data, "--out", "w.safetensors", *options)
    return read(folder, "w.safetensors")


# What it learns ------------------------------------------------------------------------


def digits(dlc):
    folder = dlc.folder("digits")
    path = os.path.join(MODELS, "digits_cnn.json")
    begin = time.time()
    options = ("--validation", NEW_DIGITS, "--out", "w.safetensors", "--plots", "p", "--log", "l")
    result = train(dlc, folder, path, DIGITS, *options)
    took = time.time() - begin
    assert result["best"]["val_accuracy"] >= 0.97, result
    table = np.loadtxt(NEW_DIGITS, delimiter=",", dtype=np.float32)
    y = dlc.run(path, table[:, :64].reshape(-1, 8, 8, 1), folder, os.path.join(folder, "w.safetensors"))
    right = (y.argmax(1) == table[:, 64]).mean()
    assert abs(right - result["best"]["val_accuracy"]) < 1e-9, right
    for name in ("curves.svg", "confusion.svg"):
        xml.dom.minidom.parse(os.path.join(folder, "p", name))
    lines = [json.loads(line) for line in read(folder, "l").splitlines()]
    assert [line["event"] for line in lines] == ["epoch"] * result["epochs"] + ["end"]
    return f"{result['best']['val_accuracy']:.4f} in {took:.1f} s"


def xor(dlc):
    folder = dlc.folder("xor")
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
    np.savez(os.path.join(folder, "d.npz"), x=x, y=np.array([[0], [1], [1], [0]], np.float32))
    optimizer = {"type": "Adam", "learning_rate": 0.05}
    settings = {"loss": "binary_crossentropy", "optimizer": optimizer, "metrics": ["accuracy"]}
    path = model(folder, [2], [dense(8, "tanh", "h"), dense(1, "sigmoid", "out")], settings)
    result = train(dlc, folder, path, "d.npz", "--epochs", 300, "--batch-size", 4)
    y = dlc.run(path, x, folder, os.path.join(folder, "m.safetensors"))
    assert (y.round().ravel() == [0, 1, 1, 0]).all(), y
    assert result["best"]["loss"] < 0.05, result


def perceptron(dlc):
    """Rosenblatt's rule comes to an end on separable points: nothing is wrong, and so nothing changes."""
    folder = dlc.folder("perceptron")
    x = np.random.default_rng(5).uniform(-1, 1, (300, 2)).astype(np.float32)
    margin = x[:, 0] - 2 * x[:, 1] + 0.3
    x, side = x[np.abs(margin) > 0.2], np.sign(margin[np.abs(margin) > 0.2])
    np.savez(os.path.join(folder, "d.npz"), x=x, y=side.astype(np.float32).reshape(-1, 1))
    settings = {"loss": "perceptron", "optimizer": {"type": "SGD", "learning_rate": 0.5}}
    path = model(folder, [2], [dense(1, "sign", "out")], settings)
    result = train(dlc, folder, path, "d.npz", "--epochs", 100, "--batch-size", 1)
    assert result["best"]["loss"] == 0, result


def lenet5(dlc):
    """At least 99 % of MNIST's test set after at most ten epochs."""
    folder = dlc.folder("lenet5")
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        packed = dlctest.shared("data", "datasets", "mnist", name + "-ubyte.gz")
        with open(packed, "rb") as f, open(os.path.join(folder, name + "-ubyte"), "wb") as to:
            to.write(zlib.decompress(f.read(), 31))
    path = os.path.join(MODELS, "lenet5.json")
    begin = time.time()
    result = train(dlc, folder, path, folder, "--resize", "pad", "--monitor", "val_accuracy")
    assert result["epochs"] <= 10 and result["best"]["val_accuracy"] >= 0.99, result
    return f"{result['best']['val_accuracy']:.4f} in {time.time() - begin:.0f} s"


def resnet20(dlc):
    """Residual blocks and batch normalisation learn 256 images of CIFAR-10 by heart."""
    folder = dlc.folder("resnet20")
    packed = dlctest.shared("data", "datasets", "cifar10", "cifar10_lossless_train4000.bin.gz")
    with gzip.open(packed) as f, open(os.path.join(folder, "few.bin"), "wb") as to:
        to.write(f.read(256 * 3073))
    value = dlctest.load_json(os.path.join(MODELS, "resnet20.json"))
    value["train"]["optimizer"] = {"type": "Adam", "learning_rate": 0.003}  # the model's is for 64,000 steps
    path = dlctest.save_json(os.path.join(folder, "resnet20.json"), value)
    begin = time.time()
    options = ("--augment", "none", "--batch-size", 32, "--epochs", 60, "--monitor", "accuracy")
    result = train(dlc, folder, path, "few.bin", *options)
    assert result["best"]["accuracy"] == 1, result
    return f"epoch {result['best_epoch']}, {time.time() - begin:.0f} s"


def transfer(dlc):
    """A new last layer on frozen ones learns the digits that those have never seen."""
    folder = dlc.folder("transfer")
    table = np.loadtxt(DIGITS, delimiter=",")
    low, high = table[table[:, 64] < 5], table[table[:, 64] >= 5]
    high[:, 64] -= 5
    for name, rows in (("low.csv", low), ("high.csv", high)):
        np.savetxt(os.path.join(folder, name), rows, "%d", ",")
    value = dlctest.load_json(os.path.join(MODELS, "digits_cnn.json"))
    del value["weights"], value["outputs"]
    value["layers"][-1]["units"] = 5
    first = dlctest.save_json(os.path.join(folder, "first.json"), value)
    split = ("--validation-split", 0.25)
    train(dlc, folder, first, "low.csv", "--epochs", 10, "--out", "low.safetensors", *split)
    for layer in value["layers"]:
        if layer.get("name", "").startswith("conv"):
            layer["trainable"] = False
    value["layers"][-1]["name"] = "fresh"
    second = dlctest.save_json(os.path.join(folder, "second.json"), value)
    options = ("--transfer", "low.safetensors", "--out", "high.safetensors", "--epochs", 30, *split)
    result = train(dlc, folder, second, "high.csv", *options)
    assert result["best"]["val_accuracy"] >= 0.92, result
    before, after = (dlctest.read_safetensors(os.path.join(folder, f"{n}.safetensors")) for n in ("low", "high"))
    for name in ("conv1/kernel", "conv2/bias"):
        assert (before[name] == after[name]).all(), f"{name} changed"
    return f"{result['best']['val_accuracy']:.4f}"


# The same bits -------------------------------------------------------------------------


def threads(dlc):
    data = save_samples(dlc.folder("threads"))
    flips = ("--augment", "RandomFlip", "--augment", "RandomTranslation:height_factor=0.2,width_factor=0.2")
    runs = [weights(dlc, "threads", data, *flips, "--threads", n) for n in (1, 2, 4)]
    assert runs[0] == runs[1] == runs[2]
    assert runs[0] != weights(dlc, "threads", data, *flips, "--seed", 4)


def interrupted(dlc):
    """Ctrl-C in the middle of an epoch, again and again, until it is through."""
    folder = dlc.folder("interrupted")
    data = save_samples(folder, 3000)
    path = mlp(folder, epochs=12)
    train(dlc, folder, path, data, "--out", "whole.safetensors")
    options, stops = ("--out", "w.safetensors", "--checkpoint", "run"), 0
    while True:
        resume = ("--resume",) if stops else ()
        process = subprocess.Popen(
            command(dlc, path, data, *options, *resume), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        if stops < 3:
            for line in process.stdout:
                if line.startswith("epoch"):
                    process.send_signal(signal.SIGINT)
                    break
        out, err = process.communicate(timeout=300)
        if process.returncode == 0:
            break
        assert process.returncode == 130 and "--resume" in err, (process.returncode, out, err)
        stops += 1
    assert stops == 3, f"interrupted {stops} times only"
    assert read(folder, "whole.safetensors") == read(folder, "w.safetensors")


def killed(dlc):
    """A process that is killed goes on from the last epoch."""
    folder = dlc.folder("killed")
    data = save_samples(folder, 3000)
    path = mlp(folder, epochs=12)
    train(dlc, folder, path, data, "--out", "whole.safetensors")
    options = ("--out", "w.safetensors", "--checkpoint", "run")
    process = subprocess.Popen(command(dlc, path, data, *options), cwd=folder, stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if line.startswith("epoch 3/"):
            process.kill()
            break
    process.communicate()
    train(dlc, folder, path, data, *options, "--resume")
    assert read(folder, "whole.safetensors") == read(folder, "w.safetensors")


def png(path, image):
    """A grey PNG."""
    rows = b"".join(b"\0" + row.tobytes() for row in image)
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n")
        head = struct.pack(">IIBBBBB", image.shape[1], image.shape[0], 8, 0, 0, 0, 0)
        for kind, data in ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")):
            f.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))


def formats(dlc):
    """The same samples make the same weights, whatever file they come from."""
    folder = dlc.folder("formats")
    images, labels = samples()
    order = np.argsort(labels, kind="stable")  # that of a folder of images
    images, labels = images[order], labels[order]
    at = lambda name: os.path.join(folder, name)
    np.savez(at("d.npz"), x=images, y=labels)
    np.save(at("x.npy"), images)
    np.save(at("y.npy"), labels.astype(np.int64))
    np.savetxt(at("d.csv"), np.column_stack([labels, images.reshape(-1, 36)]), "%d", ",")
    for name, array in (("train-images-idx3-ubyte", images), ("train-labels-idx1-ubyte", labels)):
        with open(at(name), "wb") as f:
            f.write(bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes())
    for i, (image, label) in enumerate(zip(images, labels)):
        os.makedirs(at(f"pictures/{label}"), exist_ok=True)
        png(at(f"pictures/{label}/{i:04}.png"), image)
    split = ("--validation-split", 0.2)
    want = weights(dlc, "npz", at("d.npz"), *split)
    assert want == weights(dlc, "npy", [at("x.npy"), at("y.npy")], *split), "npy"
    assert want == weights(dlc, "idx", at("train-images-idx3-ubyte"), *split), "idx"
    assert want == weights(dlc, "pictures", at("pictures"), *split), "pictures"
    scale = ("--scale", repr(1 / 255), "--label-column", "first")
    assert want == weights(dlc, "csv", at("d.csv"), *split, *scale), "csv"


def class_weights(dlc):
    folder = dlc.folder("class_weights")
    images, labels = samples()
    keep = (labels != 2) | (np.arange(len(labels)) % 4 == 0)
    images, labels = images[keep], labels[keep]
    data = os.path.join(folder, "d.npz")
    np.savez(data, x=images, y=labels)
    counts = np.bincount(labels)
    explicit = ",".join(f"{len(labels) / (3 * n):.9g}" for n in counts)
    plain, auto = weights(dlc, "plain", data), weights(dlc, "auto", data, "--class-weight", "auto")
    assert plain != auto
    assert auto == weights(dlc, "explicit", data, "--class-weight", explicit)


# Search --------------------------------------------------------------------------------


def search(dlc):
    folder = dlc.folder("search")
    data = save_samples(folder)
    path = mlp(folder, epochs=2)
    options = ("--search", "grid", "--param", "optimizer.learning_rate=0.1,1e-5,0.001", "--param", "layers.h.units=4,8")
    result = train(dlc, folder, path, data, *options, "--out", "w.safetensors", "--validation-split", 0.25)
    trials = result["trials"]
    assert len(trials) == 6 and result["figure"] == "val_loss"
    scores = [t["score"] for t in trials]
    assert scores == sorted(scores) and trials[0]["parameters"]["optimizer.learning_rate"] == 0.1, trials
    best = [o for k, v in trials[0]["parameters"].items() for o in ("--set", f"{k}={v}")]
    train(dlc, folder, path, data, *best, "--out", "again.safetensors", "--validation-split", 0.25)
    assert read(folder, "w.safetensors") == read(folder, "again.safetensors")
    for kind in ("random", "bayes"):
        ranges = ("--param", "optimizer.learning_rate=1e-5:0.5:log", "--trials", 7)
        trials = train(dlc, folder, path, data, "--search", kind, *ranges, "--epochs", 1)["trials"]
        assert len(trials) == 7 and trials[0]["score"] < trials[-1]["score"]
    path = mlp(folder, validation_split=0.25)
    fails(dlc, folder, path, data, "cannot be searched", "--search", "grid", "--param", "validation_split=0.1,0.2")


# When something is wrong ---------------------------------------------------------------


def diverging(dlc):
    folder = dlc.folder("diverging")
    data = save_samples(folder)
    path = mlp(folder)
    fails(dlc, folder, path, data, ["(epoch 1", "none was finished before"], "--set", "optimizer.learning_rate=1e30")
    assert not os.path.exists(os.path.join(folder, "m.safetensors"))
    train(dlc, folder, path, data)
    before = read(folder, "m.safetensors")
    fails(dlc, folder, path, data, "epoch", "--set", "optimizer.learning_rate=1e30")
    assert read(folder, "m.safetensors") == before


def broken_data(dlc):
    folder = dlc.folder("broken_data")
    path, at = mlp(folder), lambda name: os.path.join(folder, name)
    images, labels = samples(40)
    nan = images.astype(np.float32)
    nan[7, 1, 1] = np.nan
    cases = [
        ("labels", images, labels + 1, "has the label 3; the output \"out\" has 3 values: labels are 0 to 2"),
        ("nan", nan, labels, "sample 7 has a value that is not a number"),
        ("shape", images[:, :5], labels, "its samples are [5, 6, 1]; the model's input \"x\" is [6, 6, 1]"),
        ("count", images[:39], labels, "has 39 samples and"),
        ("empty", images[:0], labels[:0], "the data set is empty"),
        ("hot", images, np.eye(3, dtype=np.float32)[labels], "for one-hot targets the loss is"),
        ("words", images, np.array(["a"] * 40), "it holds elements of type"),
    ]
    for name, x, y, words in cases:
        np.savez(at(name + ".npz"), x=x, y=y)
        fails(dlc, folder, path, at(name + ".npz"), [name + ".npz", words])
    np.savez(at("d.npz"), x=images, y=labels)
    with open(at("d.npz"), "rb") as f, open(at("cut.npz"), "wb") as to:
        to.write(f.read()[:-40])
    fails(dlc, folder, path, at("cut.npz"), "cut.npz")
    fails(dlc, folder, path, at("d.npz"), "leaves 40 of 40 samples", "--validation-split", 0.001)
    assert not os.path.exists(at("m.safetensors"))


def other_checkpoints(dlc):
    """The run is another, or the model is; or the files are damaged."""
    folder = dlc.folder("other_checkpoints")
    data = save_samples(folder)
    path = mlp(folder)
    options = ("--checkpoint", "run", "--resume")
    fails(dlc, folder, path, data, "no checkpoint is there", *options)
    train(dlc, folder, path, data, "--checkpoint", "run")
    fails(dlc, folder, path, data, "another run: its batch size is 16", *options, "--batch-size", 8)
    before = read(folder, "m.safetensors")
    other = dlctest.load_json(path)
    other["layers"][1]["units"] = 25
    fails(dlc, folder, dlctest.save_json(os.path.join(folder, "o.json"), other), data, "state-", *options)
    state = [n for n in os.listdir(os.path.join(folder, "run")) if n.startswith("state-")]
    assert len(state) == 1, state
    with open(os.path.join(folder, "run", state[0]), "r+b") as f:
        f.truncate(100)
    fails(dlc, folder, path, data, "state-", *options)
    assert read(folder, "m.safetensors") == before


def full_disk(dlc):
    """Weights that cannot be written leave those that were there."""
    folder = dlc.folder("full_disk")
    data = save_samples(folder, 64)
    value = dlctest.load_json(mlp(folder, epochs=1))
    value["layers"][1]["units"] = 200000  # 32 MB, and a library far below
    path = dlctest.save_json(os.path.join(folder, "m.json"), value)
    with open(os.path.join(folder, "m.safetensors"), "wb") as f:
        f.write(b"before")

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (16 << 20, 16 << 20))

    done = subprocess.run(command(dlc, path, data), cwd=folder, capture_output=True, text=True, preexec_fn=limit)
    assert done.returncode == 1 and "m.safetensors" in done.stderr, (done.returncode, done.stdout, done.stderr)
    assert read(folder, "m.safetensors") == b"before"
    left = [n for n in os.listdir(folder) if n.startswith("m.safetensors.")]
    assert not left, left


CASES = (
    digits, xor, perceptron, transfer, lenet5, resnet20, threads, interrupted, killed, formats, class_weights, search,
    diverging, broken_data, other_checkpoints, full_disk,
)  # fmt: skip


def cases(dlc, args):
    return [(case.__name__, lambda case=case: case(dlc)) for case in CASES]


if __name__ == "__main__":
    sys.exit(dlctest.main(__doc__, cases))
