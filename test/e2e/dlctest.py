"""What every end-to-end test shares: files, the dlc command, C programs, and one runner.

A test script builds a list of (name, function) cases and hands it to `main`.
A case fails by raising (AssertionError is the usual way) and skips by raising Skip.
Only Python 3 and numpy are needed; `dlc` itself needs neither.
"""

import argparse
import concurrent.futures
import gzip
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import traceback

import numpy as np

E2E = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(E2E))
SHARED = os.path.normpath(os.path.join(ROOT, "..", "shared"))
CC = os.environ.get("DLC_TEST_CC") or shutil.which("clang-22") or shutil.which("clang") or "cc"


class Skip(Exception):
    """Raised by a case that cannot run here; the text says what is missing."""


# Files ---------------------------------------------------------------------------------


def read_safetensors(path):
    """Returns {name: array}."""
    types = {"F32": "<f4", "I32": "<i4", "I64": "<i8", "U8": "u1"}
    with open(path, "rb") as f:
        data = f.read()
    size = struct.unpack("<Q", data[:8])[0]
    tensors = {}
    for name, entry in json.loads(data[8 : 8 + size]).items():
        if name == "__metadata__":
            continue
        kind, (begin, end) = np.dtype(types[entry["dtype"]]), entry["data_offsets"]
        flat = np.frombuffer(data, kind, (end - begin) // kind.itemsize, 8 + size + begin)
        tensors[name] = flat.reshape(entry["shape"])
    return tensors


def write_safetensors(path, tensors, metadata=None):
    """Writes {name: array} as float32, header padded to 8 bytes, no holes."""
    header, offset = {}, 0
    if metadata:
        header["__metadata__"] = metadata
    arrays = {k: np.ascontiguousarray(v, "<f4") for k, v in tensors.items()}
    for name, array in arrays.items():
        header[name] = {
            "dtype": "F32",
            "shape": list(array.shape),
            "data_offsets": [offset, offset + array.nbytes],
        }
        offset += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for array in arrays.values():
            f.write(array.tobytes())


def read_idx(path):
    """Reads an MNIST .idx.gz file of bytes; returns [n, 28, 28] or [n]."""
    with gzip.open(path, "rb") as f:
        data = f.read()
    rank = data[3]
    shape = struct.unpack(f">{rank}I", data[4 : 4 + 4 * rank])
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)


def read_cifar(path):
    """Reads a gzipped CIFAR-10 binary; returns images [n, 32, 32, 3] and labels [n]."""
    with gzip.open(path, "rb") as f:
        records = np.frombuffer(f.read(), np.uint8).reshape(-1, 3073)
    images = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(images), records[:, 0]


def load_json(path):
    with open(path) as f:
        return json.load(f)


def save_json(path, value):
    with open(path, "w") as f:
        json.dump(value, f, indent=1)
    return path


def shared(*parts):
    """A path under ../shared; skips the case when it is not there."""
    path = os.path.join(SHARED, *parts)
    if not os.path.exists(path):
        raise Skip(f"{os.path.join('..', 'shared', *parts)} is not here")
    return path


# Programs ------------------------------------------------------------------------------


def execute(command, cwd=None, env=None, timeout=600):
    """Runs a program; returns (exit code, stdout, stderr)."""
    done = subprocess.run(
        [str(c) for c in command],
        cwd=cwd,
        env=env,
        timeout=timeout,
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def must(command, **keywords):
    """Runs a program that has to succeed; returns its stdout."""
    code, out, err = execute(command, **keywords)
    assert code == 0, f"exit {code}: {out}{err}\n  of: {' '.join(map(str, command))}"
    return out


class Dlc:
    """The compiler under test and a folder of its own for every case."""

    def __init__(self, path, tmp):
        self.path = os.path.abspath(path)
        self.tmp = tmp

    def folder(self, name):
        return tempfile.mkdtemp(prefix=name.replace("/", "_").replace(".", "_") + "-", dir=self.tmp)

    def compile(self, model, out, *options):
        must([self.path, "compile", model, "-o", out, *options])
        return out

    def run(self, model, inputs, folder, weights=None, options=(), outputs=1):
        """`dlc run` on arrays; returns the output array, or a list when outputs > 1."""
        inputs = inputs if isinstance(inputs, (list, tuple)) else [inputs]
        command = [self.path, "run", model]
        if weights:
            command += ["--weights", weights]
        for i, array in enumerate(inputs):
            path = os.path.join(folder, f"x{i}.npy")
            np.save(path, np.ascontiguousarray(array))
            command += ["--input", path]
        paths = [os.path.join(folder, f"y{i}.npy") for i in range(outputs)]
        for path in paths:
            command += ["--output", path]
        must([*command, *options])
        arrays = [np.load(path) for path in paths]
        return arrays[0] if outputs == 1 else arrays


def c_program(source, folder, lib, name, static=False, flags=(), link=()):
    """Compiles test/e2e/c/<source> against a generated library; returns the program."""
    program = os.path.join(folder, f"{os.path.splitext(source)[0]}_{'a' if static else 'so'}")
    command = [CC, "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", f"-I{lib}"]
    command += [f"-DMODEL={name}", f'-DHEADER="{name}.h"', f"-DMODEL_UPPER={name.upper()}", *flags]
    command += [os.path.join(E2E, "c", source), "-o", program]
    if static:
        command += [os.path.join(lib, f"lib{name}.a")]
    else:
        command += [f"-L{lib}", f"-l{name}", f"-Wl,-rpath,{lib}"]
    must([*command, *link, "-lm", "-lpthread"])
    return program


# Checks --------------------------------------------------------------------------------


def close(got, want, limit, what="output"):
    """Largest absolute difference at most `limit`; shapes equal; nothing but finite numbers."""
    got, want = np.asarray(got), np.asarray(want)
    assert got.shape == want.shape, f"{what}: shape {got.shape}, expected {want.shape}"
    assert np.isfinite(got).all(), f"{what}: {np.count_nonzero(~np.isfinite(got))} values are not finite"
    if not got.size:
        return 0.0
    gap = np.abs(got.astype(np.float64) - want)
    worst = float(gap.max())
    at = tuple(int(i) for i in np.unravel_index(int(gap.argmax()), gap.shape))
    assert worst <= limit, (
        f"{what}: differs by {worst:.3g} (limit {limit:.3g}) at {at}: "
        f"{got[at]!r}, expected {want[at]!r}; {np.count_nonzero(gap > limit)} of {gap.size} values are off"
    )
    return worst


def scaled(want, relative, floor=0.1):
    """A limit for `close`: relative to the largest expected number, which counts as `floor`
    when smaller (cancellation leaves an absolute error)."""
    return relative * max(floor, float(np.abs(want).max())) if np.size(want) else relative


def refuse(dlc, command, folder, words, place=None):
    """Runs dlc in `folder`: exit 1, a message that matches `words` and begins with `place`
    (both regular expressions), no new file."""
    listing = lambda: {os.path.join(d, f) for d, _, files in os.walk(folder) for f in files}
    before = listing()
    code, out, err = execute([dlc.path, *command], cwd=folder, timeout=120)
    shown = err if len(err) < 1500 else err[:1500] + "..."
    assert code == 1, f"exit {code}, expected 1:\n{out[:500]}{shown}"
    assert "error" in err, f"no error message on stderr:\n{shown}"
    assert not place or re.search(place + ": error: ", err), f'no "{place}: error:" in:\n{shown}'
    assert re.search(words, err, re.S), f"/{words}/ is not in:\n{shown}"
    assert len(err.splitlines()) <= 40, f"{len(err.splitlines())} lines of messages"
    assert listing() == before, f"wrote {sorted(listing() - before)}"


# The runner ----------------------------------------------------------------------------


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--dlc", default=os.path.join(ROOT, "build", "bin", "dlc"), help="the dlc program")
    parser.add_argument("--filter", default="", help="run only cases whose name contains this text")
    parser.add_argument("--jobs", type=int, default=2, help="cases at a time (default 2)")
    parser.add_argument("--keep", action="store_true", help="keep the temporary folder")
    parser.add_argument("--verbose", action="store_true", help="print passed cases and their notes as well")
    return parser


def main(description, make_cases, parser=None, alone=()):
    """Runs the cases of make_cases(dlc, args); returns the exit code for sys.exit.

    A case is (name, function); what the function returns is printed with --verbose. Those named in
    `alone`, which count what all of the process do, run before the others.
    """
    args = (parser or arguments(description)).parse_args()
    if not os.path.exists(args.dlc):
        print(f"{args.dlc}: no such program; build it, or name it with --dlc", file=sys.stderr)
        return 2
    tmp = tempfile.mkdtemp(prefix="dlc-e2e-")
    os.environ["TMPDIR"] = tmp  # dlc's own temporary files, its reproducers among them
    lock = threading.Lock()
    count = {"passed": 0, "failed": 0, "skipped": 0}

    def one(case):
        name, function = case
        try:
            note, word = function(), "passed"
        except Skip as skip:
            note, word = str(skip), "skipped"
        except AssertionError as failure:
            note, word = str(failure), "failed"
        except Exception:
            note, word = traceback.format_exc(), "failed"
        with lock:
            count[word] += 1
            if word != "passed" or args.verbose:
                print(f"{word}: {name}" + (f": {note}" if note else ""), flush=True)

    try:
        cases = make_cases(Dlc(args.dlc, tmp), args)
        cases = [case for case in cases if args.filter in case[0]]
        for case in cases:
            if case[0] in alone:
                one(case)
        with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            list(pool.map(one, [case for case in cases if case[0] not in alone]))
    except Skip as skip:
        print(f"skipped: everything: {skip}")
        count["skipped"] += 1
    finally:
        if args.keep:
            print(f"kept: {tmp}")
        else:
            shutil.rmtree(tmp, ignore_errors=True)
    print(", ".join(f"{n} {word}" for word, n in count.items()))
    return 1 if count["failed"] else 0
