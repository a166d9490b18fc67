#!/usr/bin/python3
"""What a generated library promises besides its numbers.

Same bits for every run and thread count, nothing read from the arena before it is written,
instances that do not disturb each other, no allocation in forward, status codes for every
misuse, only the documented symbols and system libraries, small size, reproducible builds.
"""

import os
import re
import shutil
import sys
import threading

import numpy as np

import dlctest
import reference

ZOO = os.path.join(dlctest.ROOT, "models")
# name: (image side or None to keep, batch)
NETWORKS = {
    "lenet5": (None, 8),
    "resnet20": (None, 3),
    "squeezenet": (95, 2),
    "mobilenet_v2": (64, 2),
    "mlp": (None, 17),
}
FUNCTIONS = ("create", "load", "load_memory", "forward", "info", "variant", "error", "destroy")
SYSTEM = {"libc.so.6", "libm.so.6", "libpthread.so.0"}


class Library:
    """One network, compiled once; its weights and inputs are random, its outputs the reference's."""

    def __init__(self, dlc, name):
        self.dlc, self.name, (self.side, self.batch) = dlc, name, NETWORKS[name]
        self.lock, self.folder, self.failure = threading.Lock(), None, None

    def build(self):
        """Compiles on first use; later uses share the result, or the failure."""
        with self.lock:
            if self.failure:
                raise AssertionError(f"see the first failure of {self.name}")
            if not self.folder:
                try:
                    self.make()
                except Exception as failure:
                    self.failure = failure
                    raise
        return self

    def make(self):
        folder = self.dlc.folder(self.name)
        model = dlctest.load_json(os.path.join(ZOO, self.name + ".json"))
        if self.side:
            model["inputs"][0]["shape"][:2] = [self.side, self.side]
        self.json = dlctest.save_json(os.path.join(folder, self.name + ".json"), model)
        self.lib = self.dlc.compile(self.json, os.path.join(folder, "lib"))
        weights, inputs = reference.Random(3), reference.random_inputs(model, self.batch)
        self.want = reference.Network(model).run(inputs, weights)[0]
        self.weights, self.input = (os.path.join(folder, f) for f in ("weights.safetensors", "x.f32"))
        dlctest.write_safetensors(self.weights, weights.tensors)
        inputs[0].tofile(self.input)
        self.so = os.path.join(self.lib, f"lib{self.name}.so")
        self.programs, self.folder = {}, folder

    def program(self, source, flags=(), link=(), static=False):
        key = (source, static)
        with self.lock:
            if key not in self.programs:
                self.programs[key] = dlctest.c_program(
                    source, self.folder, self.lib, self.name, static, flags, link
                )
        return self.programs[key]

    def bits(self, threads, poison=False, variant=None, static=False):
        """Returns the output bytes of c/bits.c."""
        out = os.path.join(self.dlc.folder(self.name), "y.f32")
        command = [self.program("bits.c", static=static), self.weights, self.input, out]
        command += [self.batch, threads, int(poison)] + ([variant] if variant else [])
        dlctest.must(command)
        y = np.fromfile(out, np.float32)
        dlctest.close(y.reshape(self.want.shape), self.want, dlctest.scaled(self.want, 5e-5, 1e-3))
        return y.tobytes()


def threads(library):
    first = library.bits(1)
    for count in (1, 2, 3, 4):
        assert library.bits(count) == first, f"{count} threads give other bits than one"


def static(library):
    assert library.bits(2, static=True) == library.bits(2), "the .a and the .so give other bits"


def poison(library):
    assert library.bits(2, poison=True) == library.bits(2), "a NaN in unwritten memory reaches the output"


def variants(library):
    names = dlctest.must([library.program("info.c")]).split()
    tried = []
    for name in names:
        try:
            library.bits(2, variant=name)
            library.bits(1, poison=True, variant=name)
            tried.append(name)
        except AssertionError as failure:
            if "CPU" not in str(failure):
                raise AssertionError(f"variant {name}: {failure}") from None
    assert tried, "no variant runs on this CPU"
    return f"ran {', '.join(tried)} of {', '.join(names)}"


def two_instances(library):
    dlctest.must([library.program("two_instances.c"), library.weights, library.input, library.batch])


def no_allocation(library):
    program = library.program("no_allocation.c", ["-fno-builtin"], ["-rdynamic", "-ldl"])
    for count in (1, 2, 4):
        dlctest.must([program, library.weights, library.input, library.batch, count])


def misuse(library):
    cut = os.path.join(library.folder, "truncated.safetensors")
    with open(library.weights, "rb") as f, open(cut, "wb") as g:
        g.write(f.read()[:-5])
    dlctest.must([library.program("misuse.c"), library.weights, os.path.join(library.folder, "gone"), cut])


def tool(*names):
    path = next((p for p in map(shutil.which, names) if p), None)
    if not path:
        raise dlctest.Skip(f"none of {', '.join(names)} is installed")
    return path


def exports(library):
    nm = tool("llvm-nm-22", "nm")
    allowed = {f"{library.name}_{f}" for f in FUNCTIONS}
    names = {line.split()[-1] for line in dlctest.must([nm, "-D", "--defined-only", library.so]).splitlines()}
    assert names == allowed | {
        "dlc_model_entry"
    }, f".so exports {sorted(names ^ (allowed | {'dlc_model_entry'}))} too many or too few"
    text = dlctest.must([nm, "-g", "--defined-only", os.path.join(library.lib, f"lib{library.name}.a")])
    names = {line.split()[-1] for line in text.splitlines() if len(line.split()) == 3}
    assert (
        allowed <= names <= allowed | {"dlc_model_entry"}
    ), f".a defines {sorted(names ^ allowed)} too many or too few"


def needed(library):
    text = dlctest.must([tool("llvm-readelf-22", "readelf"), "-d", library.so])
    libraries = set(re.findall(r"NEEDED.*\[(.*)\]", text))
    assert libraries and libraries <= SYSTEM, f"needs {sorted(libraries - SYSTEM)}"
    assert f"[lib{library.name}.so]" in text, "no soname"
    assert "TEXTREL" not in text, "has text relocations"
    text = dlctest.must([tool("llvm-readelf-22", "readelf"), "-lW", library.so])
    stack = re.search(r"GNU_STACK.*", text)
    assert stack and "RWE" not in stack[0], "the stack is executable"


def stripped_size(library):
    copy = os.path.join(library.folder, "stripped.so")
    dlctest.must([tool("llvm-strip-22", "strip"), "-o", copy, library.so])
    size = os.path.getsize(copy)
    assert library.name != "lenet5" or size < 150 * 1024, f"{size} bytes, 150 KiB are allowed"
    return f"{size} bytes"


def reproducible(library):
    again = library.dlc.compile(library.json, os.path.join(library.dlc.folder("again"), "lib"))
    for name in sorted(os.listdir(library.lib)):
        with open(os.path.join(library.lib, name), "rb") as a, open(os.path.join(again, name), "rb") as b:
            assert a.read() == b.read(), f"{name} differs between two compilations"
    want = {f"lib{library.name}.so", f"lib{library.name}.a", f"{library.name}.h", "dlc_runtime.h"}
    assert set(os.listdir(library.lib)) == want, f"files: {sorted(os.listdir(library.lib))}"


def dlc_run(library):
    """`dlc run` on the .so and on the JSON agrees with the C interface for any --threads."""
    model = dlctest.load_json(library.json)
    x = np.fromfile(library.input, np.float32).reshape(library.batch, *model["inputs"][0]["shape"])
    results = []
    for what in (library.so, library.json):
        for count in ("1", "2", "4"):
            folder = library.dlc.folder("run")
            y = library.dlc.run(what, x, folder, library.weights, ("--threads", count))
            dlctest.close(y, library.want, dlctest.scaled(library.want, 5e-5, 1e-3))
            results.append(y.tobytes())
    assert len(set(results[:3])) == 1 and len(set(results[3:])) == 1, "other bits with other --threads"
    assert results[0] == library.bits(2), "dlc run and the C interface give other bits"


def cases(dlc, args):
    checks = (threads, static, poison, variants, two_instances, no_allocation, misuse)
    checks += (exports, needed, stripped_size, reproducible, dlc_run)
    found = []
    for name in NETWORKS:
        library = Library(dlc, name)
        for check in checks:
            run = lambda library=library, check=check: check(library.build())
            found.append((f"{name}/{check.__name__}", run))
    return found


if __name__ == "__main__":
    sys.exit(dlctest.main(__doc__, cases))
