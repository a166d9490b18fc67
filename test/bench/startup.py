#!/usr/bin/python3
"""Measures how long a network takes from its files to its first outputs, and in how much memory.

    test/bench/startup.py [--network resnet50] [--rounds 7] [--threads 1,2] [--report test/bench/RESULTS.md]

Every sample is a fresh process with one engine, pinned to as many CPUs as it has threads; engines
take turns. The engine's own library is loaded before the clock starts and after the memory's
mark, so its pages count and its loading time does not. Files are in the page cache. All engines
get the same weights and input and have to agree. dlc comes twice: with weights that it packs
while loading, and with those of `dlc compile --prepare=compile`. PyTorch is given its weights
as arrays in memory, which count neither as time nor as memory.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import types

import numpy as np

import engines
import peers
import report
import to_onnx
from to_onnx import dlctest, reference

LOADED, PREPARED = "dlc, load", "dlc, prepared"
ENGINES = {LOADED: "dlc", PREPARED: "dlc", "ONNX Runtime": "onnxruntime", "OpenVINO": "openvino", "PyTorch eager": "torch"}
HEADING = "# From files to the first outputs"


# One process: one engine ---------------------------------------------------------------------


def status(key):
    """KiB from /proc/self/status."""
    with open("/proc/self/status") as f:
        return int(next(line for line in f if line.startswith(key)).split()[1])


def load_library(engine):
    if engine == "onnxruntime":
        engines.ort_api()
    elif engine == "openvino":
        engines.openvino_library()
    elif engine == "torch":
        import to_torch  # and with it PyTorch


def worker(spec):
    """Prints a line of JSON: seconds to the first outputs and of later calls, KiB added at the peak."""
    cpus = peers.usable_cpus(spec["threads"])
    os.sched_setaffinity(0, cpus)  # before any engine makes a thread
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the engines print is not ours
    graph = types.SimpleNamespace(output=types.SimpleNamespace(shape=spec["out_shape"]))
    if spec["engine"] == "torch":
        weights = reference.Given(dlctest.read_safetensors(spec["weights"]))
        graph = to_onnx.Graph(dlctest.load_json(spec["model"]), weights)
    x = np.load(spec["input"])
    job = engines.Job(x, cpus, graph, spec["library"], spec["source"], spec["onnx"])
    with open("/proc/self/clear_refs", "w") as f:
        f.write("5")  # the peak starts anew
    before = status("VmRSS:")
    load_library(spec["engine"])
    begin = time.perf_counter()
    engine = engines.makers(spec["engine"], spec["threads"])[0](job)
    first = time.perf_counter() - begin
    peak = status("VmHWM:") - before
    np.save(spec["output"], engine.output())
    later = peers.turn(engine.call, 0.3)
    print(json.dumps({"first": first, "peak": peak, "later": statistics.median(later)}), file=out, flush=True)
    os._exit(0)


# The parent ----------------------------------------------------------------------------------


def make(args, folder):
    """Files of the network, among them a library with prepared weights."""
    made = peers.make_network(args.dlc, args.network, folder)
    file = lambda name: os.path.join(folder, name)
    plain = [args.dlc, "compile", file("model.json"), "-o", file("prepared"), "--weights", made["weights"]]
    dlctest.must([*plain, "--march", "native", "--prepare=compile"])
    made["library"] = file(f"prepared/lib{args.network}.so")
    made["prepared"] = file(f"prepared/lib{args.network}.native.prepared")
    model = dlctest.load_json(made["model"])
    graph = to_onnx.Graph(model, reference.Given(dlctest.read_safetensors(made["weights"])))
    made["out_shape"] = graph.output.shape
    made["input"] = file("x.npy")
    np.save(made["input"], reference.random_inputs(model, 1)[0])
    return made


def sample(made, title, threads, folder):
    """One process; returns its figures, and its outputs."""
    source = made["prepared" if title == PREPARED else "weights"]
    output = os.path.join(folder, "y.npy")
    spec = {**made, "engine": ENGINES[title], "threads": threads, "source": source, "output": output}
    command = [sys.executable, "-B", os.path.abspath(__file__), "--worker", json.dumps(spec)]
    row = json.loads(dlctest.must(command).splitlines()[-1])
    return row, np.load(output)


def measure(args, made, folder):
    """{(title, threads): [figures of each round]}; all outputs agree with dlc's."""
    rows, titles = {}, [t for t, e in ENGINES.items() if e == "dlc" or e in args.peers]
    for threads in args.threads:
        for i in range(args.rounds):
            want = None
            for title in titles:
                row, got = sample(made, title, threads, folder)
                want = got if want is None else want
                gap = np.abs(got.astype(np.float64) - want).max() / np.abs(want).max()
                assert gap < peers.RELATIVE, f"{title} differs from dlc by {gap:.2g}"
                rows.setdefault((title, threads), []).append(row)
                print(f"{title}, {threads} threads: {row}", file=sys.stderr)
    return rows


def table(rows, made):
    median = lambda key, field: statistics.median(row[field] for row in rows[key])
    text = "| engine | threads | create, load, first outputs | of ONNX Runtime's | later calls | peak memory |\n"
    text += "|---|---|---|---|---|---|\n"
    for title, threads in rows:
        key, peer = (title, threads), ("ONNX Runtime", threads)
        first = median(key, "first")
        least = min(row["first"] for row in rows[key])
        share = f"{first / median(peer, 'first'):.2f}" if peer in rows else "-"
        text += f"| {title} | {threads} | {report.seconds(first)} ({report.seconds(least)}) | {share} "
        text += f"| {report.seconds(median(key, 'later'))} | {median(key, 'peak') / 1024:.0f} MiB |\n"
    size = lambda name: os.path.getsize(made[name]) / 2**20
    return text + f"\nThe weights file has {size('weights'):.0f} MiB, the prepared one {size('prepared'):.0f} MiB.\n"


def code(args, folder):
    """The size of code per CPU variant, as test/e2e/prepared.py checks it."""
    import prepared

    text = "\nCode with the runtime, without weights, in bytes (`--emit obj`: instructions, constants, data):\n\n"
    sizes = {name: prepared.code_sizes(dlctest.Dlc(args.dlc, folder), name) for name in prepared.CODE}
    variants = list(next(iter(sizes.values())))
    text += f"| network | {' | '.join(variants)} | limit |\n|---{'|---' * len(variants)}|---|\n"
    for name, of in sizes.items():
        text += f"| {name} | {' | '.join(str(of[v]) for v in variants)} | {prepared.CODE[name]} |\n"
    return text


def write(path, section):
    """Puts the section in place of the one before, or at the end of the file."""
    with open(path) as f:
        text = f.read()
    begin = text.find(HEADING)
    end = text.find("\n# ", begin) if begin >= 0 else -1
    rest = text[end + 1 :] if end >= 0 else ""
    head = (text[:begin] if begin >= 0 else text).rstrip() + "\n\n"
    with open(path, "w") as f:
        f.write(head + section + ("\n" + rest if rest else ""))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.path.join(dlctest.ROOT, "build", "bin", "dlc")
    parser.add_argument("--dlc", default=default, help="the dlc program (default: build/bin/dlc)")
    parser.add_argument("--network", default="resnet50", help="of models/ (default: resnet50)")
    parser.add_argument("--rounds", type=int, default=7, help="processes of each engine (default: 7)")
    numbers = lambda text: [int(n) for n in text.split(",")]
    parser.add_argument("--threads", type=numbers, default=[1, 2])
    parser.add_argument("--peers", type=lambda text: text.split(","), default=["onnxruntime", "openvino", "torch"])
    parser.add_argument("--work", help="folder of weights, ONNX files and libraries, kept (default: temporary)")
    parser.add_argument("--report", metavar="F", help="write the tables into this Markdown file")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        worker(json.loads(args.worker))
    args.peers = peers.available(args.peers)[0]
    with tempfile.TemporaryDirectory() as temporary:
        folder = os.path.join(args.work or temporary, args.network)
        made = make(args, folder)
        rows = measure(args, made, folder)
        section = f"{HEADING}\n\n`test/bench/startup.py`: {args.network}, batch 1, commit {peers.commit()}, "
        section += f"{report.cpu_name()}.\nMedians of {args.rounds} fresh processes (the least in parentheses); "
        section += "memory is what the process gained at its peak, the\nengine's library among it.\n\n"
        section += table(rows, made) + code(args, temporary)
    write(args.report, section) if args.report else print(section)


if __name__ == "__main__":
    main()
