"""arrays.py KIND FILE: writes samples for @forward of Inputs/scale.json, [2, 3] float32, by hand.

Sound are npy, npz, deflated and zip64_headers (as numpy.savez writes it); the other kinds are
broken or do not fit in the way of their name.
"""

import json
import struct
import sys
import zipfile

VALUES = struct.pack("<6f", 0, 1, 2, 3, 4, 5)


def npy(descr="'<f4'", order="False", shape="(2, 3)", data=VALUES, version=1):
    header = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"
    header = header.ljust(-(-(len(header) + 11) // 64) * 64 - 11) + "\n"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H", len(header)) + header.encode() + data


def safetensors(tensors):
    """The weights of Inputs/dense.json."""
    header, data = {}, b""
    for name, (shape, values) in tensors.items():
        end = len(data) + 4 * len(values)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), end]}
        data += struct.pack(f"<{len(values)}f", *values)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


KINDS = {
    "npy": npy(),
    "float64": npy("'<f8'", data=struct.pack("<6d", *range(6))),
    "int32": npy("'<i4'"),
    "big_endian": npy("'>f4'"),
    "objects": npy("'|O'"),
    "fortran": npy(order="True"),
    "rank1": npy(shape="(3,)", data=VALUES[:12]),
    "rank3": npy(shape="(1, 2, 3)"),
    "wide": npy(shape="(1, 6)"),
    "no_samples": npy(shape="(0, 3)", data=b""),
    "huge": npy(shape="(4611686018427387904, 3)"),
    "negative": npy(shape="(-2, 3)"),
    "cut_header": npy()[:20],
    "cut_data": npy()[:-3],
    "longer": npy() + b"\0",
    "version9": npy(version=9),
    "text": b"this is text",
    "empty": b"",
    "weights": safetensors({"y/kernel": ([3, 2], (1, 0, 0, 1, 1, 1)), "y/bias": ([2], (10, 20))}),
}
ARCHIVES = {"npz": {"x": npy()}, "other_names": {"y": npy()}, "in_npz": {"x": npy(order="True")}}

kind, path = sys.argv[1:]
if kind in KINDS:
    with open(path, "wb") as f:
        f.write(KINDS[kind])
else:
    method = zipfile.ZIP_DEFLATED if kind == "deflated" else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in ARCHIVES.get(kind, ARCHIVES["npz"]).items():
            with archive.open(name + ".npy", "w", force_zip64=kind == "zip64_headers") as member:
                member.write(data)
