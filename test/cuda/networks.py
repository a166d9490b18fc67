#!/usr/bin/env python3
"""Assembles the kernels of every network, forward and of training.

No kernel may spill registers, use a stack, divide in 64 bits or call a function, or take so many registers
or so much shared memory that fewer of its blocks fit a multiprocessor than BUDGETS says.

  networks.py CHIP FEATURES SCHEDULE FOLDER...

SCHEDULE is naive, without a kernel op: the form that all else falls back to; or the precision of matrix
products. The networks are FOLDER/*.json.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

LINE = r"// (\w+): (\d+) registers, (\d+) bytes of stack, (\d+) bytes spilled, (\d+) bytes of shared memory"
LAUNCH = r"@kernels::@(\w+) blocks in .*? threads in \(%c(\d+)\w*,.*?\)(?:\s+dynamic_shared_memory_size %c(\d+)_i32)?"
# Of a multiprocessor: registers, shared memory in bytes, of which a block takes 1024 more than it asks for.
REGISTERS, SHARED, WARPS, BLOCKS = 65536, {"sm_80": 164 << 10, "sm_90a": 228 << 10}, 64, 32
# Warps that fit a multiprocessor at once, by a kernel's template: of products that copy ahead one for each of
# its four parts, of warpgroups a block, of all else enough to hide what each waits for.
BUDGETS = {"warpgroup_gemm": 12, "implicit_gemm": 4}
DEFAULT = 24


def run(*command, text=None):
    result = subprocess.run(command, capture_output=True, text=True, input=text)
    assert result.returncode == 0, f"{' '.join(command)}: {result.stderr}"
    return result.stdout


def warps_at_once(registers, threads, shared, chip):
    """Registers are given to warps 256 at a time, eight a thread."""
    warps = -(-threads // 32)
    of_warp = -(-registers // 8) * 256
    blocks = min(REGISTERS // (of_warp * warps), WARPS // warps, SHARED[chip] // (shared + 1024), BLOCKS)
    return blocks * warps


def check_budgets(name, kernels, resources, chip):
    launches = {kernel: (int(threads), int(shared or 0)) for kernel, threads, shared in re.findall(LAUNCH, kernels)}
    for kernel, registers, _, _, static in resources:
        threads, dynamic = launches[kernel]
        warps = warps_at_once(int(registers), threads, int(static) + dynamic, chip)
        budget = next((b for prefix, b in BUDGETS.items() if kernel.startswith(prefix)), DEFAULT)
        assert warps >= budget, (
            f"{name}: of @{kernel} {warps} warps fit a multiprocessor, and its budget is {budget}: it takes "
            f"{registers} registers a thread, {int(static) + dynamic} bytes of shared memory a block of {threads}"
        )


def check(model, train, chip, features, schedule):
    name = model.stem + (", training" if train else "")
    fused = run("dlc", "compile", str(model), "--emit", "fused", *(["--train"] if train else []))
    naive, products = "--dlc-schedule-phase=naive=true", f"--dlc-gpu-schedule-phase=chip={chip} precision={schedule}"
    phases = [naive if schedule == "naive" else products, "--dlc-gpu-memory-phase", "--dlc-gpu-phase"]
    ptx_and_resources = f"--dlc-print-ptx=chip={chip} features={features} resources=true"
    with tempfile.NamedTemporaryFile("r", suffix=".mlir") as kernels:
        ptx = run("dlc-opt", *phases, "--dlc-device-phase", ptx_and_resources, "-o", kernels.name, text=fused)
        launches = kernels.read()
    assert not (found := re.search(r"\b(div|rem)\.[us]64|\bcall\b", ptx)), f"{name}: {found.group()}"
    resources = re.findall(LINE, ptx)
    assert 0 < len(resources) == ptx.count(".entry"), f"{name}: {resources}"
    for kernel, registers, stack, spilled, _ in resources:
        assert stack == spilled == "0", f"{name}: @{kernel} has {stack} bytes of stack, {spilled} spilled"
    check_budgets(name, launches, resources, chip)
    print(f"{name}: {len(resources)} kernels, at most {max(int(r[1]) for r in resources)} registers")


def main(chip, features, schedule, folders):
    models = [model for folder in folders for model in sorted(pathlib.Path(folder).glob("*.json"))]
    assert models, "no networks in " + " ".join(folders)
    for model in models:
        check(model, False, chip, features, schedule)
        if "train" in json.loads(model.read_text()):
            check(model, True, chip, features, schedule)


if __name__ == "__main__":
    main(*sys.argv[1:4], sys.argv[4:])
