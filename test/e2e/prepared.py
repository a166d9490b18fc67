#!/usr/bin/python3
"""Weights prepared at compile time, memory from create to forward, and the size of code.

`--prepare=compile` gives the bits that loading the safetensors file gives, for every CPU
variant; the file serves its own library alone; two compilations write the same bytes; the
peak of memory is what the weights need and little more.
"""

import json
import os
import shutil
import sys

import numpy as np

import dlctest
import reference

ZOO = os.path.join(dlctest.ROOT, "models")
SIZE = shutil.which("llvm-size-22") or shutil.which("size")
LEVELS = "native,x86-64-v4,x86-64-v3,x86-64-v2"
# KiB of resident memory from create to the first forward that are not weights: the arena, pages of
# the library's code and data, the header of the weights file, threads' stacks.
OTHER = 16 << 10
# Code without weights: bytes for each CPU variant.
CODE = {"lenet5": 100_000, "resnet50": 1_000_000}


def random_weights(dlc, name, folder):
    """Writes random weights of a network; returns the model without weights of its own, and their path."""
    model = dlctest.load_json(os.path.join(ZOO, name + ".json"))
    model.pop("weights", None)
    weights = reference.Random(3)
    reference.Network(model).run(reference.random_inputs(model, 1), weights)
    path = os.path.join(folder, "weights.safetensors")
    dlctest.write_safetensors(path, weights.tensors)
    return dlctest.save_json(os.path.join(folder, name + ".json"), model), path


def compile_prepared(dlc, name, march="native"):
    """Returns the folder of the library, and the path of the weights."""
    folder = dlc.folder(name)
    model, weights = random_weights(dlc, name, folder)
    lib = os.path.join(folder, "lib")
    dlctest.must([dlc.path, "compile", model, "-o", lib, "--weights", weights, "--march", march, "--prepare=compile"])
    return lib, weights


def prepared_files(lib):
    return sorted(f for f in os.listdir(lib) if f.endswith(".prepared"))


def same_bits(dlc, name):
    """Either kind of weights, every variant that this machine runs."""
    lib, weights = compile_prepared(dlc, name, LEVELS)
    model = dlctest.load_json(os.path.join(ZOO, name + ".json"))
    x = os.path.join(lib, "x.f32")
    reference.random_inputs(model, 2)[0].tofile(x)
    program = dlctest.c_program("bits.c", lib, lib, name)
    files = prepared_files(lib)
    assert files, "nothing was prepared"
    for file in files:
        variant = file[len(f"lib{name}.") : -len(".prepared")]
        outputs = []
        for source in (weights, os.path.join(lib, file)):
            y = os.path.join(lib, "y.f32")
            dlctest.must([program, source, x, y, 2, 2, 0, variant])
            with open(y, "rb") as f:
                outputs.append(f.read())
        assert outputs[0] == outputs[1], f"{variant}: prepared weights give other bits"
    return f"{len(files)} variants"


def reproducible(dlc):
    folders = [compile_prepared(dlc, "lenet5", LEVELS)[0] for _ in range(2)]
    files = prepared_files(folders[0])
    assert files and files == prepared_files(folders[1])
    for file in files:
        a, b = (open(os.path.join(folder, file), "rb").read() for folder in folders)
        assert a == b, f"{file} differs between two compilations"


def of_another_library(dlc):
    """Another compilation of the same model refuses the file, whatever its name."""
    lib, weights = compile_prepared(dlc, "lenet5")
    model = os.path.join(os.path.dirname(lib), "lenet5.json")
    other = dlc.compile(model, os.path.join(dlc.folder("other"), "lib"), "--batch", "1")
    x = os.path.join(lib, "x.npy")
    np.save(x, np.zeros((1, *dlctest.load_json(model)["inputs"][0]["shape"]), np.float32))
    command = ["run", os.path.join(other, "liblenet5.so"), "--input", x, "--weights"]
    words = "prepared for another compilation of model .*; prepare them again with this library"
    dlctest.refuse(dlc, [*command, os.path.join(lib, prepared_files(lib)[0])], dlc.folder("empty"), words)


def of_other_kernels(dlc):
    """Tuning files choose kernels: the numbers stay, and neither library reads the other's prepared weights."""
    folder = dlc.folder("tuned")
    model, weights = random_weights(dlc, "resnet20", folder)
    rows = json.loads(dlctest.must([dlc.path, "targets", "--json"]))
    levels = [row["march"] for row in rows if row["target"] == "cpu"]
    x = reference.random_inputs(dlctest.load_json(model), 2)[0]
    outputs, files, libraries = [], [], []
    for name, vector in (("winograd", 0), ("direct", 1000)):
        costs = {"l2": 1 << 20, "l3": 1 << 24, "direct": 1, "product": 1, "vector": vector, "byte": 0, "launch": 0}
        tuning = dlctest.save_json(os.path.join(folder, name + ".json"), {"dlc_tuning": 1, "targets": dict.fromkeys(levels, costs)})
        lib = os.path.join(folder, name)
        dlc.compile(model, lib, "--weights", weights, "--tuning", tuning, "--prepare=compile")
        shown = dlctest.must([dlc.path, "compile", model, "--emit", "tiled", "--tuning", tuning])
        assert ("kernel.winograd" in shown) == (name == "winograd"), f"{name}: other kernels were chosen"
        libraries.append(os.path.join(lib, "libresnet20.so"))
        files.append(os.path.join(lib, prepared_files(lib)[0]))
        outputs.append(dlc.run(libraries[-1], x, dlc.folder("run"), weights))
    assert (outputs[0] != outputs[1]).any(), "the same bits: were there other kernels?"
    dlctest.close(outputs[0], outputs[1], 1e-5 * np.abs(outputs[1]).max())
    words = "prepared for another compilation of model .*; prepare them again with this library"
    command = ["run", libraries[0], "--input", os.path.join(folder, "x.npy"), "--weights", files[1]]
    np.save(command[3], x)
    dlctest.refuse(dlc, command, dlc.folder("empty"), words)


def writes_all_or_nothing(dlc):
    """Weights that do not fit are known after the library was made, and leave nothing."""
    folder = dlc.folder("nothing")
    model, weights = random_weights(dlc, "lenet5", folder)
    with open(weights, "r+b") as f:
        f.truncate(os.path.getsize(weights) - 1)
    command = ["compile", model, "-o", "out", "--weights", weights, "--prepare=compile"]
    dlctest.refuse(dlc, command, folder, "safetensors")
    assert not os.path.exists(os.path.join(folder, "out")), "left a folder"


def startup_program(dlc, lib):
    program = os.path.join(lib, "startup")
    source = os.path.join(dlctest.E2E, "c", "startup.c")
    dlctest.must([dlctest.CC, "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", f"-I{lib}", source, "-o", program, "-ldl"])
    return program


def memory(dlc, name, largest):
    """Peak memory in KiB of create, load and a forward: the prepared weights; while they are
    prepared, of the canonical ones no more beside them than the `largest` layer or 32 MiB of it, in MiB."""
    lib, weights = compile_prepared(dlc, name)
    program, library = startup_program(dlc, lib), os.path.join(lib, f"lib{name}.so")
    prepared = os.path.join(lib, prepared_files(lib)[0])
    size = os.path.getsize(prepared) >> 10
    peak = lambda source: int(dlctest.must([program, library, source, 2]).split()[-1])
    mapped, loaded = peak(prepared), peak(weights)
    note = f"prepared {size}, mapped {mapped}, loaded {loaded} KiB"
    assert mapped <= size + OTHER, note
    assert loaded <= size + (largest << 10) + OTHER, note
    return note


def code_sizes(dlc, name):
    """{variant: bytes} of instructions, constants and data of the object, the runtime among them;
    symbol names and relocations are no part of what runs."""
    sizes = {}
    for march in LEVELS.split(","):
        path = os.path.join(dlc.folder("code"), "model.o")
        model = os.path.join(ZOO, name + ".json")
        dlctest.must([dlc.path, "compile", model, "--emit", "obj", "--march", march, "-o", path])
        table = dlctest.must([SIZE, path]).splitlines()
        sizes[march] = int(table[1].split()[3])  # text, data, bss, their sum
    return sizes


def code_size(dlc, name):
    sizes = code_sizes(dlc, name)
    note = ", ".join(f"{march} {size}" for march, size in sizes.items())
    assert max(sizes.values()) < CODE[name], f"{note} bytes; {CODE[name]} are allowed"
    return note


def cases(dlc, args):
    found = [(f"same_bits/{n}", lambda n=n: same_bits(dlc, n)) for n in ("lenet5", "resnet20", "mlp")]
    found += [(c.__name__, lambda c=c: c(dlc)) for c in (reproducible, of_another_library, of_other_kernels, writes_all_or_nothing)]
    found += [(f"memory/{n}", lambda n=n, m=m: memory(dlc, n, m)) for n, m in (("resnet50", 10), ("squeezenet", 2), ("alexnet", 32))]
    return found + [(f"code_size/{n}", lambda n=n: code_size(dlc, n)) for n in CODE]


if __name__ == "__main__":
    sys.exit(dlctest.main(__doc__, cases))
