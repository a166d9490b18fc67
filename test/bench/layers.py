#!/usr/bin/python3
"""Measures the convolutions and dense layers of networks, each beside oneDNN's primitive for it.

    test/bench/layers.py [--networks resnet50,vgg16] [--batch 1] [--threads 1,2] [--report test/bench/LAYERS.md]

dlc's side is `dlc bench --layers`: a layer's time is that of the launches which became its group, with
its activation, batch normalisation and additions, and with the change of layout at the network's edges.
oneDNN's side is onednn.cpp (Debian: libdnnl-dev): the convolution with ReLU alone, in oneDNN's layout,
chosen by its `auto` algorithm. Both run all layers in the network's order, so caches are as in a network.
Processes take turns and are pinned to as many CPUs as they have threads; the figures are medians.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

import peers
import report
import to_onnx
from to_onnx import dlctest, reference


class Layers(to_onnx.Graph):
    """A graph that keeps its convolutions and dense layers: {layer: oneDNN's sizes, batch apart}."""

    def __init__(self, model):
        self.sizes = {}
        super().__init__(model, lambda name, shape: reference.np.zeros(shape, "f4"))

    def node(self, op, inputs, shape, order=None, **attributes):
        if op == "Conv":
            (h, w, c), (top, left, bottom, right) = inputs[0].shape, attributes["pads"]
            if attributes["dilations"] != [1, 1]:
                raise to_onnx.Unsupported(f"layer {self.full}: dilated")
            self.sizes[self.full] = (c, h, w, shape[2], *attributes["kernel_shape"], *attributes["strides"])
            self.sizes[self.full] += (top, bottom, left, right, attributes["group"])
        elif op == "Gemm":
            self.sizes[self.full] = (*inputs[0].shape, 1, 1, *shape, 1, 1, 1, 1, 0, 0, 0, 0, 1)
        return super().node(op, inputs, shape, order, **attributes)


def title(size):
    """A layer as people write it: "3x3 64->128 @56x56 /2"."""
    c, h, w, o, kh, kw, sh, _, *_, groups = size
    name = "dense" if h * w * kh * kw == 1 else "depthwise" if groups == c > 1 else f"{kh}x{kw}"
    stride = f" /{sh}" if sh > 1 else ""
    return f"{name} {c}->{o}" + (f" @{h}x{w}{stride}" if name != "dense" else "")


def build(folder):
    program = os.path.join(folder, "onednn")
    source = os.path.join(to_onnx.BENCH, "onednn.cpp")
    dlctest.must(["c++", "-O2", source, "-ldnnl", "-o", program])
    return program


def run(command, cpus, text=""):
    places = ",".join(f"{{{cpu}}}" for cpu in cpus)
    environment = {**os.environ, "OMP_NUM_THREADS": str(len(cpus)), "OMP_PROC_BIND": "true", "OMP_PLACES": places}
    command = ["taskset", "-c", ",".join(map(str, cpus)), *map(str, command)]
    return subprocess.run(command, input=text, env=environment, text=True, check=True, stdout=subprocess.PIPE).stdout


def ours(args, path, sizes, cpus):
    command = [args.dlc, "bench", path, "--layers", "--json", "--batch", args.batch, "--threads", len(cpus)]
    groups = json.loads(run([*command, "--min-time", args.seconds], cpus))["groups"]
    times = {}
    for group in groups:
        heavy = tuple(layer for layer in group["layers"] if layer in sizes)
        if heavy:
            times[heavy] = times.get(heavy, 0) + group["seconds"]
    missing = set(sizes) - {layer for heavy in times for layer in heavy}
    assert not missing, f"no time of {', '.join(missing)}"
    return times


def theirs(program, args, sizes, cpus):
    lines = [" ".join(map(str, (args.batch, *size))) + "\n" for size in sizes.values()]
    times = run([program, args.seconds], cpus, "".join(lines)).split()
    return dict(zip(sizes, map(float, times), strict=True))


def measure(args, program, network, threads):
    """[(title, how often, dlc's seconds of one, oneDNN's)], unlike layers in the network's order;
    layers that dlc computes as one are one."""
    path = os.path.join(dlctest.ROOT, "models", network + ".json")
    sizes = Layers(dlctest.load_json(path)).sizes
    cpus, rounds = peers.usable_cpus(threads), []
    for _ in range(args.rounds):
        rounds.append((ours(args, path, sizes, cpus), theirs(program, args, sizes, cpus)))
    alike = {}
    for group in rounds[0][0]:
        dlc = statistics.median(own[group] for own, _ in rounds)
        dnn = statistics.median(sum(other[layer] for layer in group) for _, other in rounds)
        alike.setdefault(" + ".join(title(sizes[layer]) for layer in group), []).append((dlc, dnn))
    mean = lambda pairs: [statistics.mean(side) for side in zip(*pairs)]
    return [(name, len(pairs), *mean(pairs)) for name, pairs in alike.items()]


def summary(results):
    text = "| network | threads | layers | dlc, all of them | oneDNN | ratio | mean ratio of a layer | slower than oneDNN |\n"
    text += "|---|---|---|---|---|---|---|---|\n"
    for (network, threads), rows in results.items():
        count, lost = sum(r[1] for r in rows), sum(r[1] for r in rows if r[2] > r[3])
        dlc, dnn = (sum(r[1] * r[side] for r in rows) for side in (2, 3))
        mean = report.geometric([r[3] / r[2] for r in rows for _ in range(r[1])])
        text += f"| {network} | {threads} | {count} | {report.seconds(dlc)} | {report.seconds(dnn)} "
        text += f"| {dnn / dlc:.2f} | {mean:.2f} | {lost} |\n"
    return text


def lost(results):
    rows = sorted(
        ((dnn / dlc, name, network, threads, dlc, dnn)
         for (network, threads), of in results.items() for name, _, dlc, dnn in of if dlc > dnn)
    )  # fmt: skip
    text = "\nThe layers where oneDNN is faster, the worst first:\n\n| layer | network | threads | dlc | oneDNN | ratio |\n"
    text += "|---|---|---|---|---|---|\n"
    for ratio, name, network, threads, dlc, dnn in rows:
        text += f"| {name} | {network} | {threads} | {report.seconds(dlc)} | {report.seconds(dnn)} | {ratio:.2f} |\n"
    return text if rows else "\nNo layer is slower than oneDNN's.\n"


def every(results):
    text = "\nEvery layer, seconds of dlc and of oneDNN (layers of one size are one line):\n\n"
    text += "| network | threads | layer | times | dlc | oneDNN | ratio |\n|---|---|---|---|---|---|---|\n"
    for (network, threads), rows in results.items():
        for name, count, dlc, dnn in rows:
            text += f"| {network} | {threads} | {name} | {count} | {report.seconds(dlc)} "
            text += f"| {report.seconds(dnn)} | {dnn / dlc:.2f} |\n"
    return text


def write(args, results):
    code, version, _ = dlctest.execute(["dpkg-query", "-W", "-f", "${Version}", "libdnnl-dev"])
    version = version.split("-")[0] if code == 0 else "of unknown version"
    text = f"""# Layers beside oneDNN

Made by `test/bench/layers.py`: batch {args.batch}, commit {peers.commit()}, oneDNN {version}, {report.cpu_name()}.
Medians of {args.rounds} turns of each side; ratio: oneDNN's time over dlc's. dlc's times hold what was fused
and the change of layout at the network's edges, oneDNN's the convolution with ReLU alone.

"""
    text += summary(results) + lost(results) + every(results)
    if not args.report:
        return print(text)
    with open(args.report, "w") as f:
        f.write(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.path.join(dlctest.ROOT, "build", "bin", "dlc")
    parser.add_argument("--dlc", default=default, help="the dlc program (default: build/bin/dlc)")
    names = lambda text: text.split(",")
    parser.add_argument("--networks", type=names, default=peers.NETWORKS, help="of models/ (default: all of peers.py)")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--threads", type=lambda text: [int(n) for n in text.split(",")], default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3, help="turns of each side (default: 3)")
    parser.add_argument("--seconds", type=float, default=0.5, help="of one turn, at least (default: 0.5)")
    parser.add_argument("--report", metavar="F", help="write the tables as Markdown")
    args = parser.parse_args()
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        program = build(folder)
        for network in args.networks:
            for threads in args.threads:
                results[network, threads] = measure(args, program, network, threads)
                print(f"{network}, {threads} threads: {len(results[network, threads])} sizes", file=sys.stderr)
    write(args, results)


if __name__ == "__main__":
    main()
