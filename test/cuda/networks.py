#!/usr/bin/env python3
"""Assembles the kernels of every network, forward and of training.

No kernel may spill registers, use a stack, divide in 64 bits or call a function.

  networks.py CHIP FEATURES SCHEDULE FOLDER...

SCHEDULE is naive, without a kernel op: the form that all else falls back to; or the precision of matrix
products. The networks are FOLDER/*.json.
"""

import json
import pathlib
import re
import subprocess
import sys

LINE = r"(\w+): (\d+) registers, (\d+) bytes of stack, (\d+) bytes spilled, (\d+) bytes of shared memory"


def run(*command, text=None):
    result = subprocess.run(command, capture_output=True, text=True, input=text)
    assert result.returncode == 0, f"{' '.join(command)}: {result.stderr}"
    return result.stdout


def check(model, train, chip, features, schedule):
    name = model.stem + (", training" if train else "")
    fused = run("dlc", "compile", str(model), "--emit", "fused", *(["--train"] if train else []))
    naive, products = "--dlc-schedule-phase=naive=true", f"--dlc-gpu-schedule-phase=chip={chip} precision={schedule}"
    phases = [naive if schedule == "naive" else products, "--dlc-gpu-memory-phase", "--dlc-gpu-phase"]
    kernels = run("dlc-opt", *phases, "--dlc-device-phase", text=fused)
    target = f"chip={chip} features={features}"
    ptx = run("dlc-opt", f"--dlc-print-ptx={target}", "-o", "/dev/null", text=kernels)
    assert not (found := re.search(r"\b(div|rem)\.[us]64|\bcall\b", ptx)), f"{name}: {found.group()}"
    report = run("dlc-opt", f"--dlc-print-ptx={target} resources=true", "-o", "/dev/null", text=kernels)
    resources = re.findall(LINE, report)
    assert len(resources) == ptx.count(".entry"), f"{name}: {report}"
    for kernel, registers, stack, spilled, _ in resources:
        assert stack == spilled == "0", f"{name}: @{kernel} has {stack} bytes of stack, {spilled} spilled"
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
