#!/usr/bin/python3
"""`mpirun dlc train`: several processes give the bits of one, share a checkpoint, and end together.

Needs Open MPI (libopenmpi-dev openmpi-bin), and skips without it.
"""

import json
import os
import shutil
import signal
import subprocess
import sys

import numpy as np

import dlctest
import train

# Processes may share cores, and root may start them, which containers need.
MPIRUN = "--oversubscribe --allow-run-as-root --bind-to none".split()


def run(dlc, processes, path, data, *options):
    """The command that trains in so many processes; 0: without mpirun."""
    command = train.command(dlc, path, data, "--threads", 1, *options)
    return ["mpirun", *MPIRUN, "-n", str(processes), *command] if processes else command


def fails(command, folder, words, env=None, times=1):
    code, out, err = dlctest.execute(command, cwd=folder, env=env)
    # Open MPI 4.1's mpirun at times crashes itself when it ends after an abort.
    fault = code < 0 and "mpirun(" in err and "PMIx_server_finalize" in err
    assert (code == 1 or fault) and words in err, f"exit {code}: {words!r} is not in {out}{err}"
    assert err.count(words) in range(1, times + 1), f"told {err.count(words)} times: {err}"


def network(folder, **settings):
    """With dropout, a penalty, momentum and a schedule; no batch normalization."""
    layers = [
        {"type": "Conv2D", "name": "c", "filters": 5, "kernel_size": 3, "activation": "relu"},
        {"type": "Dropout", "rate": 0.25},
        {"type": "Flatten"},
        train.dense(24, "relu", "h") | {"kernel_regularizer": {"l2": 1e-3}},
        {"type": "Dropout", "rate": 0.5},
        train.dense(3, "softmax", "out"),
    ]
    rate = {"type": "CosineDecay", "initial_learning_rate": 0.1, "period": 1500, "warmup_steps": 5}
    values = {
        "loss": "sparse_categorical_crossentropy",
        "optimizer": {"type": "SGD", "learning_rate": rate, "momentum": 0.9, "global_clipnorm": 1.0},
        "metrics": ["accuracy"],
        "epochs": 4,
        "batch_size": 22,  # shards of different sizes, and a last batch of three samples
        "seed": 3,
        "validation_split": 0.1,
        "augmentation": [{"type": "RandomFlip", "mode": "horizontal"}],
    }
    return train.model(folder, [6, 6, 1], layers, values | settings)


def figures(path):
    """What the log says but for the time it took."""
    timed = ("seconds", "samples_per_second")
    with open(path) as f:
        return [{k: v for k, v in json.loads(line).items() if k not in timed} for line in f]


def same_bits(dlc):
    """Weights and figures do not depend on who computes the shards; and they are those of 1 shard, nearly."""
    folder = dlc.folder("same_bits")
    data = train.save_samples(folder, 421)  # 379 to train on: 17 batches and one of 5
    path = network(folder)
    options = ("--out", "w.safetensors", "--log", "log", "--shards")
    ends = {}
    for processes, shards in ((0, 8), (2, 8), (4, 8), (0, 4), (4, 4), (0, 3), (3, 3), (0, 1)):
        out = dlctest.must(run(dlc, processes, path, data, *options, shards), cwd=folder)
        assert out.count("epoch 4/4") == 1 and out.count("best: ") == 1, out
        end = train.read(folder, "w.safetensors"), figures(os.path.join(folder, "log"))
        assert ends.setdefault(shards, end) == end, f"{processes} processes, {shards} shards"
    dlctest.must(run(dlc, 4, path, data, "--out", "w.safetensors"), cwd=folder)
    assert train.read(folder, "w.safetensors") == ends[4][0], "as many shards as processes"
    assert ends[8][0] != ends[4][0] != ends[1][0]
    # The same dropout and the same mean in another order: what is left is rounding, which grows.
    for shards, (_, lines) in ends.items():
        off = max(abs(a["loss"] - b["loss"]) for a, b in zip(lines[:2], ends[1][1][:2]))
        assert off < 1e-5, f"{shards} shards: the loss is off by {off}"


def last_child(pid):
    """The process of the last rank."""
    parents = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat") as f:
                parents[int(entry)] = int(f.read().rsplit(")", 1)[1].split()[1])
        except OSError:
            pass  # it has ended
    return max(child for child, parent in parents.items() if parent == pid)


def interrupted(dlc):
    """One process is, and all stop; others go on, with the same bits as one that never stopped."""
    folder = dlc.folder("interrupted")
    data = train.save_samples(folder, 3000)
    path = network(folder, epochs=6, batch_size=16)
    options = ("--shards", 4, "--out")
    dlctest.must(run(dlc, 0, path, data, *options, "whole.safetensors"), cwd=folder)
    options = (*options, "w.safetensors", "--checkpoint", "run")
    first = run(dlc, 2, path, data, *options)
    process = subprocess.Popen(first, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in process.stdout:
        if line.startswith("epoch 2"):
            os.kill(last_child(process.pid), signal.SIGINT)
            break
    out, err = process.communicate(timeout=300)
    assert process.returncode == 130 and err.count("--resume goes on from here") == 1, (out, err)
    out = dlctest.must(run(dlc, 4, path, data, *options, "--resume"), cwd=folder)
    assert "resumed after " in out, out
    assert train.read(folder, "whole.safetensors") == train.read(folder, "w.safetensors")
    other = run(dlc, 0, path, data, "--checkpoint", "run", "--resume")
    fails(other, folder, "its number of shards is 4, and that of this run is 1")


def batch_statistics(dlc):
    """Each shard has its own statistics, and all processes agree when to stop all the same."""
    folder = dlc.folder("batch_statistics")
    data = train.save_samples(folder)
    value = dlctest.load_json(network(folder, early_stopping={"monitor": "val_loss", "patience": 1}, epochs=40))
    value["layers"][1] = {"type": "BatchNormalization"}
    path = dlctest.save_json(os.path.join(folder, "m.json"), value)
    dlctest.must(run(dlc, 2, path, data), cwd=folder)


def synced(folder, **settings):
    """The network with batch normalization by the statistics of whole batches."""
    value = dlctest.load_json(network(folder, **{"sync_batch_norm": True} | settings))
    value["layers"][1] = {"type": "BatchNormalization", "name": "n", "momentum": 0.9}
    return dlctest.save_json(os.path.join(folder, "m.json"), value)


def tensors(folder, name):
    return dlctest.read_safetensors(os.path.join(folder, name))


def joint_statistics(dlc):
    """sync_batch_norm: several processes train as one on the joint batch, shards of any size."""
    folder = dlc.folder("joint_statistics")
    data = train.save_samples(folder, 421)  # 379 to train on: 17 batches and one of 5
    # Few steps, for rounding grows with them.
    path = synced(folder, epochs=1)
    ends = {}
    for processes in (0, 2, 4, 8):
        dlctest.must(run(dlc, processes, path, data, "--out", "w.safetensors", "--log", "log"), cwd=folder)
        ends[processes] = tensors(folder, "w.safetensors"), figures(os.path.join(folder, "log"))[0]
    weights, line = ends[0]
    for processes, (other, measured) in ends.items():
        for name in ("loss", "val_loss"):
            off = abs(measured[name] - line[name])
            assert off < 1e-4 * line[name], f"{processes} processes: {name} is off by {off}"
        for name, want in weights.items():
            dlctest.close(other[name], want, dlctest.scaled(want, 1e-4), f"{processes} processes: {name}")
    # Without it the statistics are those of shards.
    path = synced(folder, epochs=1, sync_batch_norm=False)
    dlctest.must(run(dlc, 2, path, data, "--out", "w.safetensors"), cwd=folder)
    variance = tensors(folder, "w.safetensors")["n/moving_variance"]
    assert np.abs(variance / weights["n/moving_variance"] - 1).max() > 1e-3
    # As many shards as processes, or none has what it joins.
    path = synced(folder, epochs=1)
    words = '"sync_batch_norm" joins the statistics of processes, and each of '
    fails(run(dlc, 2, path, data, "--shards", 4), folder, words + "4 shards on 2 processes has its own")
    fails(run(dlc, 0, path, data, "--shards", 2), folder, words + "2 shards on 1 process has its own")


def joint_resume(dlc):
    """All processes go on from the first one's statistics, which were theirs too."""
    folder = dlc.folder("joint_resume")
    data = train.save_samples(folder, 421)
    path = synced(folder)
    dlctest.must(run(dlc, 2, path, data, "--out", "whole.safetensors", "--log", "whole"), cwd=folder)
    options = ("--out", "w.safetensors", "--log", "log", "--checkpoint", "run")
    dlctest.must(run(dlc, 2, path, data, *options, "--epochs", 2), cwd=folder)
    dlctest.must(run(dlc, 2, path, data, *options, "--resume"), cwd=folder)
    assert train.read(folder, "whole.safetensors") == train.read(folder, "w.safetensors")
    epochs = [[line for line in figures(os.path.join(folder, name)) if "val_loss" in line] for name in ("whole", "log")]
    assert len(epochs[0]) == 4 and epochs[0] == epochs[1], epochs


def refusals(dlc):
    folder = dlc.folder("refusals")
    data = train.save_samples(folder, 64)
    path = network(folder, epochs=1)
    fails(run(dlc, 2, path, data, "--shards", 3), folder, "--shards 3 cannot be shared out among 2 processes")
    fails(run(dlc, 0, path, data, "--shards", 23), folder, "a batch of 22 has no sample for each of 23 shards")
    search = ("--search", "grid", "--param", "layers.h.units=4,8")
    fails(run(dlc, 2, path, data, *search), folder, "--search trains in one process; run it without mpirun")
    # A mpirun that this dlc knows nothing of.
    other = os.environ | {"PMI_SIZE": "2"}
    fails(run(dlc, 0, path, data), folder, "built with another MPI than that mpirun is of", other)


def failures(dlc):
    """What one process meets ends all of them."""
    folder = dlc.folder("failures")
    images, labels = train.samples(64)
    path = network(folder, epochs=2, augmentation=[], validation_split=0)
    np.savez(os.path.join(folder, "d.npz"), x=images.astype(np.float32), y=labels)
    huge = images.astype(np.float32)
    huge[63] = 3e38
    np.savez(os.path.join(folder, "huge.npz"), x=huge, y=labels)
    fails(run(dlc, 2, path, "huge.npz", "--scale", 10, "--no-shuffle"), folder, "holds infinity")
    # One process has other data.
    each = ["-n", "1", *train.command(dlc, path, "d.npz", "--threads", 1)]
    np.savez(os.path.join(folder, "other.npz"), x=images[:60], y=labels[:60])
    other = [*each[:-3], "other.npz", *each[-2:]]
    assert each[-3] == "d.npz"
    words = "the processes do not agree on what they train"
    fails(["mpirun", *MPIRUN, *each, ":", *other], folder, words, times=2)


CASES = (same_bits, interrupted, batch_statistics, joint_statistics, joint_resume, refusals, failures)


def with_mpi(dlc, case):
    if not shutil.which("mpirun"):
        raise dlctest.Skip("no mpirun is here (apt-get install openmpi-bin libopenmpi-dev)")
    case(dlc)


def cases(dlc, args):
    return [(case.__name__, lambda case=case: with_mpi(dlc, case)) for case in CASES]


if __name__ == "__main__":
    sys.exit(dlctest.main(__doc__, cases))
