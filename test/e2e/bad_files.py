#!/usr/bin/python3
"""Bad weights, arrays, folders and options: exit 1 (2 for the command line), the file's name
and the reason, nothing written. The model is sound; it is compiled once, for all cases.
"""

import json
import os
import struct
import sys
import threading

import numpy as np

import dlctest
import reference
from bad_input import BASE

RUN = ["--weights", "w.safetensors", "--input", "x.npy", "--output", "y.npy"]


class Library:
    """BASE as a shared library, compiled by whichever case comes first."""

    lock, path = threading.Lock(), None

    @classmethod
    def get(cls, dlc):
        with cls.lock:
            if not cls.path:
                folder = dlc.folder("base")
                with open(os.path.join(folder, "base.json"), "w") as f:
                    f.write(BASE)
                lib = dlc.compile(os.path.join(folder, "base.json"), os.path.join(folder, "lib"))
                cls.path = os.path.join(lib, "libbase.so")
        return cls.path


def good(dlc, name):
    """A folder with the sound base model, its weights and an input; returns all four."""
    folder = dlc.folder(name)
    with open(os.path.join(folder, "base.json"), "w") as f:
        f.write(BASE)
    random = reference.Random(1)
    x = np.zeros((2, 8, 8, 3), np.float32)
    reference.Network(json.loads(BASE)).run([x], random)
    dlctest.write_safetensors(os.path.join(folder, "w.safetensors"), random.tensors)
    np.save(os.path.join(folder, "x.npy"), x)
    return folder, random.tensors, x


def raw_safetensors(path, header, data, length=None):
    """A file of any header (a dictionary, or its bytes), data and claimed header length."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text) if length is None else length) + text + data)


def tensors_case(dlc, name, change, words):
    """`change` takes (tensors, path) and writes the file, or returns the tensors to write."""

    def case():
        folder, tensors, _ = good(dlc, name)
        path = os.path.join(folder, "w.safetensors")
        os.remove(path)
        changed = change(dict(tensors), path)
        if changed is not None:
            dlctest.write_safetensors(path, changed)
        dlctest.refuse(dlc, ["run", Library.get(dlc), *RUN], folder, rf"w\.safetensors.*({words})")

    return case


def entry(begin, end, shape, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def layout(tensors):
    """Header and data of a sound file, to be bent."""
    header, data = {}, b""
    for name, value in tensors.items():
        header[name] = entry(len(data), len(data) + value.nbytes, list(value.shape))
        data += value.tobytes()
    return header, data


def bend(change):
    """A case that edits the header (and may replace the data) of a sound file."""

    def write(tensors, path):
        header, data = layout(tensors)
        changed = change(header, data)
        raw_safetensors(path, header, data if changed is None else changed)

    return write


def cut(bytes_left):
    def write(tensors, path):
        dlctest.write_safetensors(path, tensors)
        size = os.path.getsize(path)
        os.truncate(path, bytes_left if bytes_left >= 0 else size + bytes_left)

    return write


def without(name):
    return lambda t, p: {k: v for k, v in t.items() if k != name}


def twice(header_text):
    """The header with its first tensor listed a second time."""
    return header_text[:-1] + b", " + header_text[1:].split(b"}")[0] + b"}}"


def hole(header, data):
    """Eight bytes that belong to no tensor, before all of them."""
    for item in header.values():
        item["data_offsets"] = [at + 8 for at in item["data_offsets"]]
    return b"\0" * 8 + data


WEIGHTS = {
    "missing_file": (lambda t, p: None, ""),
    "missing_tensor": (without("c1/bias"), "c1/bias"),
    "wrong_shape": (lambda t, p: {**t, "out/bias": np.zeros(6)}, "out/bias.*5|out/bias.*6"),
    "transposed": (lambda t, p: {**t, "out/kernel": t["out/kernel"].T}, "out/kernel"),
    "extra_tensor": (lambda t, p: {**t, "c9/kernel": np.zeros(3)}, "c9/kernel"),
    "misspelt": (
        lambda t, p: {("c1/weight" if k == "c1/kernel" else k): v for k, v in t.items()},
        "c1/kernel|c1/weight",
    ),
    "empty_file": (cut(0), ""),
    "cut_in_length": (cut(5), ""),
    "cut_in_header": (cut(40), ""),
    "cut_in_data": (cut(-7), ""),
    "trailing_bytes": (bend(lambda h, d: d + b"\0" * 4), ""),
    "length_beyond_file": (lambda t, p: raw_safetensors(p, layout(t)[0], layout(t)[1], 1 << 40), ""),
    "length_negative": (lambda t, p: raw_safetensors(p, layout(t)[0], layout(t)[1], (1 << 64) - 1), ""),
    "length_zero": (lambda t, p: raw_safetensors(p, b"", layout(t)[1]), ""),
    "header_no_json": (lambda t, p: raw_safetensors(p, b'{"c1/kernel": oops}', b""), ""),
    "header_list": (lambda t, p: raw_safetensors(p, b"[]", b""), ""),
    "header_nested": (lambda t, p: raw_safetensors(p, b"[" * 100_000, b""), ""),
    "header_duplicate": (
        lambda t, p: raw_safetensors(p, twice(json.dumps(layout(t)[0]).encode()), layout(t)[1]),
        "",
    ),
    "offset_beyond": (
        bend(lambda h, d: h["out/bias"]["data_offsets"].__setitem__(1, len(d) + 400)),
        "out/bias",
    ),
    "offset_huge": (
        bend(lambda h, d: h["out/bias"].update(data_offsets=[1 << 62, (1 << 62) + 20])),
        "out/bias",
    ),
    "offset_wraps": (bend(lambda h, d: h["out/bias"].update(data_offsets=[(1 << 64) - 20, 0])), "out/bias"),
    "offset_negative": (bend(lambda h, d: h["out/bias"].update(data_offsets=[-20, 0])), "out/bias"),
    "offset_reversed": (bend(lambda h, d: h["out/bias"]["data_offsets"].reverse()), "out/bias"),
    "offset_fraction": (bend(lambda h, d: h["out/bias"].update(data_offsets=[0.5, 20.5])), "out/bias"),
    "overlap": (bend(lambda h, d: h["out/bias"].update(data_offsets=[0, 20])), ""),
    "hole": (bend(hole), ""),
    "shape_overflow": (bend(lambda h, d: h["out/bias"].update(shape=[1 << 62, 1 << 62])), "out/bias"),
    "shape_negative": (bend(lambda h, d: h["out/bias"].update(shape=[-5])), "out/bias"),
    "shape_lies": (bend(lambda h, d: h["out/bias"].update(shape=[4])), "out/bias"),
    "dtype_other": (bend(lambda h, d: h["out/bias"].update(dtype="I32")), "out/bias.*(I32|int32)"),
    "dtype_unknown": (bend(lambda h, d: h["out/bias"].update(dtype="F99")), "out/bias"),
    "no_offsets": (bend(lambda h, d: h["out/bias"].pop("data_offsets") and None), "out/bias"),
    "folder": (lambda t, p: os.mkdir(p), ""),
}


def save(array, **keywords):
    return lambda path, x: np.save(path, array(x), **keywords)


def scribble(edit_bytes):
    def write(path, x):
        np.save(path, x)
        with open(path, "rb") as f:
            data = f.read()
        with open(path, "wb") as f:
            f.write(edit_bytes(data))

    return write


ARRAYS = {  # what becomes of x.npy, [2, 8, 8, 3] float32
    "missing": lambda path, x: None,
    "float64": save(lambda x: x.astype(np.float64)),
    "int32": save(lambda x: x.astype(np.int32)),
    "big_endian": save(lambda x: x.astype(">f4")),
    "rank3": save(lambda x: x[0]),
    "rank5": save(lambda x: x[None]),
    "wrong_size": save(lambda x: x[:, :7]),
    "channels_first": save(lambda x: np.ascontiguousarray(x.transpose(0, 3, 1, 2))),
    "fortran_order": save(np.asfortranarray),
    "no_samples": save(lambda x: x[:0]),
    "objects": lambda path, x: np.save(path, np.array([{}, []], object), allow_pickle=True),
    "truncated": scribble(lambda b: b[:-3]),
    "truncated_header": scribble(lambda b: b[:20]),
    "longer": scribble(lambda b: b + b"\0" * 4),
    "empty": scribble(lambda b: b""),
    "no_npy": scribble(lambda b: b"PK\3\4" + b),
    "version9": scribble(lambda b: b[:6] + b"\x09" + b[7:]),
    "header_lies": scribble(lambda b: b.replace(b"(2, 8, 8, 3)", b"(9, 8, 8, 3)")),
    "shape_overflow": scribble(
        lambda b: b.replace(b"(2, 8, 8, 3), }" + b" " * 40, b"(4611686018427387904, 8, 8, 3), }" + b" " * 22)
    ),
    "shape_negative": scribble(lambda b: b.replace(b"(2, 8, 8, 3)", b"(-2,8, 8, 3)")),
    "header_garbage": scribble(lambda b: b[:10] + b"(" * 40 + b[50:]),
}


def array_case(dlc, name, change):
    def case():
        folder, _, x = good(dlc, name)
        path = os.path.join(folder, "x.npy")
        os.remove(path)
        change(path, x)
        dlctest.refuse(dlc, ["run", Library.get(dlc), *RUN], folder, r"x\.npy")

    return case


# Folders, options, and what else can go wrong ------------------------------------------------


def sound(dlc):
    """The unspoilt files work; otherwise every case above would prove nothing."""
    folder, tensors, x = good(dlc, "sound")
    path = os.path.join(folder, "w.safetensors")
    want = reference.Network(json.loads(BASE)).run([x], reference.Given(tensors))[0]
    dlctest.close(dlc.run(os.path.join(folder, "base.json"), x, folder, path), want, 1e-5)
    bend(lambda header, data: None)(tensors, path)
    dlctest.close(dlc.run(Library.get(dlc), x, folder, path), want, 1e-5)


def no_weights(dlc):
    folder, _, _ = good(dlc, "no_weights")
    dlctest.refuse(dlc, ["run", "base.json", "--input", "x.npy", "--output", "y.npy"], folder, "weights")


def no_input(dlc):
    folder, _, _ = good(dlc, "no_input")
    code, out, err = dlctest.execute(
        [dlc.path, "run", "base.json", *RUN[:2], "--output", "y.npy"], cwd=folder
    )
    assert code in (1, 2) and "input" in out + err and not os.path.exists(os.path.join(folder, "y.npy")), (
        out + err
    )


def library_is_no_library(dlc):
    folder, _, _ = good(dlc, "no_library")
    with open(os.path.join(folder, "libx.so"), "w") as f:
        f.write("this is text")
    dlctest.refuse(dlc, ["run", "./libx.so", *RUN], folder, "libx.so")


def out_is_a_file(dlc):
    folder, _, _ = good(dlc, "out_is_a_file")
    dlctest.refuse(dlc, ["compile", "base.json", "-o", "x.npy"], folder, "x.npy")


def out_below_a_file(dlc):
    folder, _, _ = good(dlc, "out_below_a_file")
    dlctest.refuse(dlc, ["compile", "base.json", "-o", "x.npy/out"], folder, "x.npy")


def out_read_only(dlc):
    """/proc takes no folders, not even from root."""
    folder, _, _ = good(dlc, "out_read_only")
    dlctest.refuse(dlc, ["compile", "base.json", "-o", "/proc/dlc"], folder, "/proc/dlc")


def output_unwritable(dlc):
    folder, _, _ = good(dlc, "output_unwritable")
    dlctest.refuse(dlc, ["run", "base.json", *RUN[:-1], "gone/y.npy"], folder, "gone/y.npy")


def bad_options(dlc):
    """A wrong command line is exit 2, not 1."""
    folder, _, _ = good(dlc, "bad_options")
    for command in (
        [],
        ["compile"],
        ["compil", "base.json"],
        ["compile", "base.json", "--no-such-option"],
        ["run", "base.json", "--threads", "many"],
    ):
        code, out, err = dlctest.execute([dlc.path, *command], cwd=folder)
        assert code == 2 and (out + err).strip(), f"{command}: exit {code}\n{out}{err}"


def bad_values(dlc):
    """Values of options that cannot be: a message that names them."""
    folder, _, _ = good(dlc, "bad_values")
    for option, value in (
        ("--march", "z80"),
        ("--batch", "0"),
        ("--batch", "-3"),
        ("--emit", "soup"),
        ("--target", "abacus"),
    ):
        code, out, err = dlctest.execute(
            [dlc.path, "compile", "base.json", "-o", "out", option, value], cwd=folder
        )
        text = out + err
        assert code in (1, 2) and (value in text or option in text), f"{option} {value}: exit {code}\n{text}"
        assert not os.path.exists(os.path.join(folder, "out")), f"{option} {value} wrote"


def keeps_old_output(dlc):
    """A failing compilation leaves the files of an earlier one as they were."""
    folder, _, _ = good(dlc, "keeps_old_output")
    out = dlc.compile(os.path.join(folder, "base.json"), os.path.join(folder, "out"))
    read = lambda: {f: open(os.path.join(out, f), "rb").read() for f in os.listdir(out)}
    before = read()
    with open(os.path.join(folder, "base.json"), "w") as f:
        f.write(BASE.replace('"units": 5', '"units": 0'))
    dlctest.refuse(dlc, ["compile", "base.json", "-o", "out"], folder, "units")
    assert read() == before, "the old files changed"


def fuzz_files(dlc):
    """Spoilt weights and arrays: exit 0 or 1, never a crash."""
    folder, _, _ = good(dlc, "fuzz_files")
    rng = np.random.default_rng(6)
    for name in ("w.safetensors", "x.npy"):
        path = os.path.join(folder, name)
        with open(path, "rb") as f:
            sound_bytes = f.read()
        for at in rng.integers(0, 300, 40):
            spoilt = bytearray(sound_bytes)
            spoilt[min(int(at), len(spoilt) - 1)] ^= int(rng.integers(1, 256))
            with open(path, "wb") as f:
                f.write(spoilt)
            code, out, err = dlctest.execute([dlc.path, "run", Library.get(dlc), *RUN], cwd=folder)
            assert code in (0, 1), f"{name}, byte {at}: exit {code}\n{out}{err}"
        with open(path, "wb") as f:
            f.write(sound_bytes)


OTHERS = (
    sound, no_weights, no_input, library_is_no_library, out_is_a_file, out_below_a_file, out_read_only,
    output_unwritable, bad_options, bad_values, keeps_old_output, fuzz_files,
)  # fmt: skip


def cases(dlc, args):
    found = [(f"weights/{name}", tensors_case(dlc, name, *rest)) for name, rest in WEIGHTS.items()]
    found += [(f"npy/{name}", array_case(dlc, name, change)) for name, change in ARRAYS.items()]
    return found + [(f"other/{check.__name__}", lambda check=check: check(dlc)) for check in OTHERS]


if __name__ == "__main__":
    sys.exit(dlctest.main(__doc__, cases))
