#!/usr/bin/env python3
"""Checks how every network lies in memory.

At its linalg stage: no copy in @forward, no buffer beside the arena. Right after
dlc-plan-arena (later, views of one place become one): no two living buffers share a byte, and each
region of the arena is within 5 % of its own largest live set.

  networks.py MARCH FOLDER...       the networks are FOLDER/*.json
"""

import math
import pathlib
import re
import subprocess
import sys

VIEWS = r"memref\.(view|subview|expand_shape|collapse_shape|cast|reinterpret_cast|transpose)$"
VALUE = r"%[\w#]+"
BATCH = 3  # stands for any batch
ALIGNMENT = 64


class Buffer:
    def __init__(self, offset, type):
        *extents, element = type.split("x")
        self.offset, self.per_batch, self.steps = offset, "?" in extents, []
        self.bytes = math.prod(BATCH if n == "?" else int(n) for n in extents)
        self.bytes *= int(re.search(r"\d+", element).group()) // 8
        self.bytes = -(-self.bytes // (unit := ALIGNMENT * (BATCH if self.per_batch else 1))) * unit

    def lives(self, step):
        return min(self.steps) <= step <= max(self.steps)

    def meets(self, other):
        return (
            min(self.steps) <= max(other.steps)
            and min(other.steps) <= max(self.steps)
            and self.offset < other.offset + other.bytes
            and other.offset < self.offset + self.bytes
        )


def evaluate(op, line, numbers):
    """The value of an index computation when the batch is BATCH."""
    if constant := re.search(r"arith\.constant (-?\d+) : index", line):
        return int(constant.group(1))
    a, b = (numbers[name] for name in re.findall(VALUE, line)[1:3])
    return a * b if op == "arith.muli" else a + b


def read_function(lines):
    """The buffers of one function; steps are its outermost ops."""
    batch = re.search(rf"({VALUE}): index {{nn\.batch}}", lines[0])
    numbers = {batch.group(1): BATCH} if batch else {}
    roots, buffers = {}, []
    for step, line in enumerate(lines):
        match = re.match(rf"    (?:({VALUE}) = )?([a-z_]+\.\w+)", line)
        result, op = match.groups() if match else (None, "")
        names = re.findall(VALUE, line)
        if op in ("arith.constant", "arith.muli", "arith.addi") and ": index" in line:
            numbers[result] = evaluate(op, line, numbers)
        elif op == "memref.view":
            roots[result] = Buffer(numbers[names[2]], re.search(r"to memref<([^>]*)>", line).group(1))
            buffers.append(roots[result])
        elif re.match(VIEWS, op):
            roots[result] = roots.get(names[1])
        else:
            for name in names:
                if roots.get(name):
                    roots[name].steps.append(step)
    return [buffer for buffer in buffers if buffer.steps]


def check_regions(name, header, buffers):
    worst = 1.0
    for per_batch, region in ((False, "nn.arena_const"), (True, "nn.arena_batch")):
        total = int(re.search(rf"{region} = (\d+)", header).group(1)) * (BATCH if per_batch else 1)
        own = [buffer for buffer in buffers if buffer.per_batch == per_batch]
        live = max((sum(b.bytes for b in own if b.lives(a.steps[0])) for a in own), default=0)
        assert total >= live, f"{name}: {region} is {total}, less than the {live} bytes that live at once"
        assert total <= live * 1.05, f"{name}: {region} is {total}, its largest live set {live} bytes"
        worst = max(worst, total / live if live else 1.0)
    for i, a in enumerate(buffers):
        for b in buffers[:i]:
            assert not a.meets(b), f"{name}: living buffers overlap at {a.offset} and {b.offset}"
    return worst


def functions(text):
    for body in re.findall(r"^  func\.func @.*?^  }", text, re.S | re.M):
        yield re.search(r"@(\w+)", body).group(1), body


def check(model, march):
    tiled = ["dlc", "compile", model, "--emit", "tiled", "--march", march]
    tiled = subprocess.run(tiled, check=True, capture_output=True, text=True).stdout
    memory = ["dlc-opt", "--dlc-memory-phase", "--mlir-print-ir-after=dlc-plan-arena"]
    linalg = subprocess.run(memory, check=True, capture_output=True, text=True, input=tiled)
    for name, body in functions(linalg.stdout):
        assert "memref.alloc" not in body, f"{model}: @{name} allocates"
        assert name != "forward" or "memref.copy" not in body, f"{model}: @forward copies"
    worst = 1.0
    for name, body in functions(linalg.stderr):
        lines = body.splitlines()
        worst = max(worst, check_regions(f"{model}: @{name}", lines[0], read_function(lines)))
    return worst


def main(march, folders):
    models = [model for folder in folders for model in sorted(pathlib.Path(folder).glob("*.json"))]
    assert models, "no networks in " + " ".join(folders)
    for model in models:
        print(f"{check(model, march):.3f} {model.stem}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
