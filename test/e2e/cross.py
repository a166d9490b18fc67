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

SYSROOT = "/usr/aarch64-linux-gnu"
# There is no libgcc for the target, and generated libraries need none.
FLAGS = ["--target=aarch64-linux-gnu", "-mno-outline-atomics", "-fuse-ld=lld", "-nostdlib", "-nostdlibinc"]
FLAGS += ["-isystem", f"{SYSROOT}/include", f"-L{SYSROOT}/lib"]
FLAGS += [f"{SYSROOT}/lib/crt1.o", f"{SYSROOT}/lib/crti.o"]
LINK = ["-lc", f"{SYSROOT}/lib/crtn.o"]
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


def cases(dlc, args):
    return [
        (f"{name}/{'a' if static else 'so'}", network(dlc, name, static))
        for name in properties.NETWORKS
        for static in ([True, False] if name == "lenet5" else [False])
    ]


if __name__ == "__main__":
    sys.exit(dlctest.main(__doc__, cases))
