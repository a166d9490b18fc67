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
FUNCTIONS = (
    "create", "load", "load_memory", "save_prepared", "forward", "info", "variant", "error", "destroy",
)  # fmt: skip
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
    """Every CPU level in one library, picked by name."""
    levels = ["native", "x86-64-v4", "x86-64-v3", "x86-64-v2"]
    out = os.path.join(library.dlc.folder("variants"), "lib")
    library.dlc.compile(library.json, out, "--march", ",".join(levels))
    folder = library.dlc.folder("variants")
    names = dlctest.must([dlctest.c_program("info.c", folder, out, library.name)]).split()
    assert set(names) == set(levels), f"the library has {', '.join(names)}"
    program, y = dlctest.c_program("bits.c", folder, out, library.name), os.path.join(folder, "y.f32")
    ran = []
    for name in names:
        command = [program, library.weights, library.input, y, library.batch, 2, 1, name]
        code, shown, err = dlctest.execute(command)
        if "this CPU cannot run" in err:
            continue
        assert code == 0 and shown.split() == [name], f"{name}: exit {code}\n{shown}{err}"
        got = np.fromfile(y, np.float32).reshape(library.want.shape)
        dlctest.close(got, library.want, dlctest.scaled(library.want, 5e-5, 1e-3), name)
        ran.append(name)
    assert ran, "no variant runs on this CPU"
    return f"ran {', '.join(ran)}"


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
    nm, readelf = tool("llvm-nm-22", "nm"), tool("llvm-readelf-22", "readelf")
    names = {line.split()[-1] for line in dlctest.must([nm, "-D", "--defined-only", library.so]).splitlines()}
    wanted = {f"{library.name}_{f}" for f in FUNCTIONS} | {"dlc_model_entry"}
    assert names == wanted, f".so exports {sorted(names ^ wanted)} too many or too few"
    # What the .a defines for everyone carries the model's name; the rest of it is hidden.
    text = dlctest.must([readelf, "-sW", os.path.join(library.lib, f"lib{library.name}.a")])
    rows = [row.split() for row in text.splitlines() if " GLOBAL " in row and " UND " not in row]
    names = {row[-1] for row in rows if "HIDDEN" not in row}
    wanted = {f"{library.name}_{f}" for f in FUNCTIONS}
    assert names == wanted, f".a defines {sorted(names ^ wanted)} too many or too few"
    foreign = [row[-1] for row in rows if not row[-1].startswith(library.name)]
    assert not foreign, f".a defines {foreign}, which another model's may define too"


def two_models(library, other):
    folder = library.dlc.folder("two_models")
    command = [dlctest.CC, "-std=c99", "-Wall", "-Wextra", "-Werror", f"-I{library.lib}", f"-I{other.lib}"]
    command += [os.path.join(dlctest.E2E, "c", "two_models.c"), "-o", os.path.join(folder, "two_models")]
    command += [os.path.join(n.lib, f"lib{n.name}.a") for n in (library, other)]
    dlctest.must([*command, "-lm", "-lpthread"])
    dlctest.must([os.path.join(folder, "two_models")])


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


def batch_steps(dlc):
    """A batch larger than the samples that pass through a network at once equals its samples alone."""
    path, folder = os.path.join(ZOO, "squeezenet.json"), dlc.folder("steps")
    text = dlctest.must([dlc.path, "compile", path, "--emit=vector"])
    step = int(re.search(r"nn\.batch_step = (\d+)", text)[1])
    model = dlctest.load_json(path)
    weights, inputs = reference.Random(3), reference.random_inputs(model, 2 * step + 1)
    reference.Network(model).run([inputs[0][:1]], weights)
    file = os.path.join(folder, "weights.safetensors")
    dlctest.write_safetensors(file, weights.tensors)
    lib = os.path.join(dlc.compile(path, os.path.join(folder, "lib")), "libsqueezenet.so")
    whole, single = (
        dlc.run(lib, inputs[0], folder, file, ("--max-batch", str(most))) for most in (2 * step + 1, 1)
    )
    assert np.array_equal(whole, single), f"largest difference {np.abs(whole - single).max():.2g}"
    return f"{2 * step + 1} samples, {step} a step"


def cases(dlc, args):
    checks = (threads, static, poison, variants, two_instances, no_allocation, misuse)
    checks += (exports, needed, stripped_size, reproducible, dlc_run)
    found, libraries = [], {name: Library(dlc, name) for name in NETWORKS}
    for name, library in libraries.items():
        for check in checks:
            run = lambda library=library, check=check: check(library.build())
            found.append((f"{name}/{check.__name__}", run))
    pair = [libraries[name] for name in ("lenet5", "mlp")]
    found.append(("two_models", lambda: two_models(*(library.build() for library in pair))))
    found.append(("batch_steps", lambda: batch_steps(dlc)))
    return found


if __name__ == "__main__":
    sys.exit(dlctest.main(__doc__, cases))
