#!/usr/bin/python3
"""Libraries for AArch64, compiled here and run by an emulator: the same numbers as on this machine.

Needs Debian's qemu-user-static (or qemu-user), libc6-dev-arm64-cross, and clang for the C program.
"""

import os
import shutil
import sys

import numpy as np

import dlctest
import properties
import reference
import training

SYSROOT = "/usr/aarch64-linux-gnu"
# There is no libgcc for the target, and generated libraries need none.
FLAGS = ["--target=aarch64-linux-gnu", "-mno-outline-atomics", "-fuse-ld=lld", "-nostdlib", "-nostdlibinc"]
FLAGS += ["-isystem", f"{SYSROOT}/include", f"-L{SYSROOT}/lib"]
FLAGS += [f"{SYSROOT}/lib/crt1.o", f"{SYSROOT}/lib/crti.o"]
LINK = ["-lc", f"{SYSROOT}/lib/crtn.o"]
CLASSES = "-DCLASSES=10"
RELATIVE = 5e-5  # as between this machine's variants and the reference


def emulator():
    for name in ("qemu-aarch64-static", "qemu-aarch64"):
        if path := shutil.which(name):
            break
    else:
        raise dlctest.Skip("no qemu-aarch64 is here (apt-get install qemu-user-static)")
    if not os.path.exists(f"{SYSROOT}/lib/crt1.o"):
        raise dlctest.Skip("no libc for AArch64 is here (apt-get install libc6-dev-arm64-cross)")
    if "clang" not in os.path.basename(dlctest.CC):
        raise dlctest.Skip(f"{dlctest.CC} does not compile for AArch64; clang does")
    return [path, "-L", SYSROOT]


def network(dlc, name, static):
    """One forward by one thread and by three, twice each, with unwritten memory poisoned."""

    def case():
        command, folder = emulator(), dlc.folder(name)
        model = dlctest.load_json(os.path.join(properties.ZOO, name + ".json"))
        side, batch = properties.NETWORKS[name]
        if side:
            model["inputs"][0]["shape"][:2] = [side, side]
        path = dlctest.save_json(os.path.join(folder, name + ".json"), model)
        files = [os.path.join(folder, f) for f in ("weights.safetensors", "x.f32", "y.f32")]
        random, inputs = reference.Random(3), reference.random_inputs(model, batch)
        want = reference.Network(model).run(inputs, random)[0]
        dlctest.write_safetensors(files[0], random.tensors)
        inputs[0].tofile(files[1])
        here = dlc.run(path, inputs, folder, weights=files[0])
        lib = dlc.compile(path, os.path.join(folder, "lib"), "--march", "aarch64")
        program = dlctest.c_program("bits.c", folder, lib, name, static, FLAGS, LINK)
        outputs = []
        for threads in (1, 3):
            variant = dlctest.must([*command, program, *files, batch, threads, 1])
            assert variant.strip() == "aarch64", f"the library ran its variant {variant}"
            outputs.append(np.fromfile(files[2], np.float32).reshape(want.shape))
        assert outputs[0].tobytes() == outputs[1].tobytes(), "three threads give other bits than one"
        limit = dlctest.scaled(want, RELATIVE, 1e-3)
        dlctest.close(outputs[0], here, limit, "against this machine")
        worst = dlctest.close(outputs[0], want, limit, "against the reference")
        return f"differs from the reference by {worst:.2g}"

    return case


def trains(dlc):
    """The same first values, bit for bit, and after some steps the same weights but for rounding."""
    command, folder = emulator(), dlc.folder("trains")
    model, batch, _ = training.MODELS["lenet5"]
    path = dlctest.save_json(os.path.join(folder, "model.json"), model)
    states = {}
    for march in ("native", "aarch64"):
        lib = dlc.compile(path, os.path.join(folder, march), "--march", march, "--train")
        flags, link, run = (FLAGS, LINK, command) if march == "aarch64" else ([], [], [])
        program = dlctest.c_program("train_bits.c", dlc.folder(march), lib, "lenet5", False, [CLASSES, *flags], link)
        for steps, threads in ((0, 1), (3, 1), (3, 3)):
            state = os.path.join(folder, f"{march}-{steps}-{threads}")
            dlctest.must([*run, program, state, steps, batch, threads, 1, 0])
            with open(state, "rb") as f:
                states[march, steps, threads] = f.read()
        assert states[march, 3, 1] == states[march, 3, 3], f"{march}: three threads give other bits than one"
    assert states["native", 0, 1] == states["aarch64", 0, 1], "other first values"
    here, there = (dlctest.read_safetensors(os.path.join(folder, f"{m}-3-1")) for m in ("native", "aarch64"))
    return max(dlctest.close(there[n], here[n], dlctest.scaled(here[n], RELATIVE, 1e-3), n) for n in here)


def cases(dlc, args):
    return [("trains", lambda: f"differs by {trains(dlc):.2g}")] + [
        (f"{name}/{'a' if static else 'so'}", network(dlc, name, static))
        for name in properties.NETWORKS
        for static in ([True, False] if name == "lenet5" else [False])
    ]


if __name__ == "__main__":
    sys.exit(dlctest.main(__doc__, cases))
