#!/usr/bin/python3
"""Measures dlc's CUDA libraries on a GPU: right first, then fast, beside PyTorch in one run.

    test/bench/gpu.py --pack FOLDER [--networks resnet50,...] [--precisions fp32,tf32,bf16]
    test/bench/gpu.py FOLDER [--batches 1,64] [--report F] [--json F]

The first form needs dlc and ptxas, and no GPU: it compiles a library with both targets for each
network and precision. The second needs a GPU, its driver, numpy and torch. It runs in this order,
so that a fault is found where it is small: networks of one layer, one for each kind of kernel;
the outputs of all networks beside those of the library's own CPU code; train steps likewise; then
the time of forward and of a train step beside PyTorch (eager, torch.compile, CUDA graphs;
channels last, cuDNN autotuned), engines taking turns, medians of the turns. Inputs and outputs
of the timed calls are on the device, and all is enqueued in one stream.
"""

import argparse
import contextlib
import ctypes
import json
import os
import statistics
import sys

import numpy as np

import to_onnx
from to_onnx import dlctest, reference

import library

NETWORKS = (
    "lenet5,mnist_cnn,mlp,resnet20,squeezenet,mobilenet_v2,googlenet,densenet121,"
    "alexnet,resnet18,resnet50,vgg16"
).split(",")
TRAINED = ["lenet5", "resnet20"]  # of models/, with a section "train"
# Largest difference from the CPU's outputs, of the largest output: roundings of factors to 10 and 7
# bits of mantissa add up over the layers.
LIMITS = {"fp32": 1e-4, "tf32": 2e-2, "bf16": 1e-1}
ROUNDS, TURN = 7, 0.05  # turns of each engine; seconds of one


def layer(name, shape, *layers):
    return {"dlc": 1, "name": name, "inputs": [{"name": "x", "shape": shape}], "layers": list(layers)}


def conv(filters, kernel, **fields):
    return {"type": "Conv2D", "filters": filters, "kernel_size": kernel, **fields}


# One for each kind of kernel that a network may have.
SELF_TESTS = [
    layer("self_relu", [7, 5, 3], {"type": "Activation", "activation": "relu"}),
    layer("self_softmax", [1000], {"type": "Activation", "activation": "softmax"}),
    layer("self_pool", [9, 9, 8], {"type": "MaxPooling2D"}, {"type": "GlobalAveragePooling2D"}),
    layer("self_dense", [256], {"type": "Dense", "units": 256, "activation": "relu"}),
    layer("self_dense_odd", [37], {"type": "Dense", "units": 19, "activation": "tanh"}),
    layer("self_conv1x1", [16, 16, 64], conv(128, 1)),
    layer("self_conv3x3", [16, 16, 64], conv(64, 3, padding="same", activation="relu")),
    layer("self_conv_wide", [28, 28, 128], conv(256, 3, padding="same")),
    layer("self_conv_stride", [15, 17, 32], conv(96, 3, strides=2, padding="same")),
    layer("self_conv_image", [32, 32, 3], conv(20, 7, strides=2)),
    layer("self_depthwise", [14, 14, 48], {"type": "DepthwiseConv2D", "kernel_size": 3, "padding": "same"}),
]


# The folder ----------------------------------------------------------------------------------


def models():
    """{name: model}: one layer each, then the networks."""
    found = {model["name"]: model for model in SELF_TESTS}
    for name in NETWORKS:
        found[name] = dlctest.load_json(os.path.join(dlctest.ROOT, "models", name + ".json"))
        found[name].pop("weights", None)
    return found


def is_wanted(name, args):
    """Kinds of kernels are, unless networks are named: then only what is."""
    return name in args.networks or (name not in NETWORKS and args.networks == NETWORKS)


def library_path(folder, name, precision, train=False):
    return os.path.join(folder, precision + ("-train" if train else ""), f"lib{name}.so")


def pack(args):
    for precision in args.precisions:
        for name, model in models().items():
            if not is_wanted(name, args):
                continue
            for train in [False, True] if name in TRAINED else [False]:
                out = os.path.dirname(library_path(args.folder, name, precision, train))
                os.makedirs(out, exist_ok=True)
                path = dlctest.save_json(os.path.join(args.folder, name + ".json"), model)
                command = [args.dlc, "compile", path, "-o", out, "--target", "cpu,cuda", "--precision", precision]
                command += ["--march", "x86-64-v3,x86-64-v4"] + ["--train"] * train + ["--simulate"] * args.simulate
                dlctest.must(command)
                os.remove(os.path.join(out, f"lib{name}.a"))
                print("packed", library_path(args.folder, name, precision, train), flush=True)


# dlc on the device ---------------------------------------------------------------------------


def device_buffers(tensors):
    """dlc_in or dlc_out of torch's tensors, which outlive it."""
    codes = {"torch.float32": 1, "torch.uint8": 2, "torch.int32": 3, "torch.int64": 4}
    buffers = (library.Buffer * len(tensors))()
    for buffer, tensor in zip(buffers, tensors):
        buffer.data, buffer.dtype = tensor.data_ptr(), codes[str(tensor.dtype)]
    return buffers


def random_weights(opened, seed=7):
    """A safetensors file's content for a library's parameters, as reference.Random makes them."""
    weights = reference.Random(seed=seed)
    for name, shape, _ in opened.tensors("params"):
        weights(name, shape)
    return weights.tensors


def loaded(opened, tensors, folder, **options):
    model = opened.create(**options)
    if not tensors:
        return model
    path = os.path.join(folder, "weights.safetensors")
    dlctest.write_safetensors(path, tensors)
    model.load(path)
    os.remove(path)
    return model


def difference(got, want):
    """Largest difference, relative to the largest element; inf for a NaN."""
    if not np.isfinite(got).all():
        return float("inf")
    return float(np.abs(got.astype(np.float64) - want).max() / max(np.abs(want).max(), 1e-30))


def compare(args, name, model, precision):
    """The largest difference between the library's two targets, batch 1 and 3."""
    opened = library.Library(library_path(args.folder, name, precision))
    tensors, worst = random_weights(opened), 0.0
    for batch in (1, 3):
        inputs = reference.random_inputs(model, batch, seed=batch)
        with loaded(opened, tensors, args.folder, max_batch=batch, target=library.CPU) as cpu:
            want = cpu.forward(inputs)
        with loaded(opened, tensors, args.folder, max_batch=batch, target=library.CUDA) as gpu:
            got = gpu.forward(inputs)
            again = gpu.forward(inputs)
        worst = max([worst] + [difference(g, w) for g, w in zip(got, want)])
        if any((a != g).any() for a, g in zip(again, got)):
            return float("inf")
    return worst


def compare_training(args, name, model, precision, steps=5):
    """The largest difference of the losses of a few train steps."""
    opened = library.Library(library_path(args.folder, name, precision, train=True))
    inputs = reference.random_inputs(model, 8, seed=3)
    labels = [np.arange(8, dtype=np.int32)]
    losses = {}
    for target in (library.CPU, library.CUDA):
        with opened.create(max_batch=8, training=True, seed=5, target=target) as network:
            losses[target] = np.array([network.train_step(inputs, labels) for _ in range(steps)])
    return difference(losses[library.CUDA], losses[library.CPU])


# Time ----------------------------------------------------------------------------------------


class DlcForward:
    name = "dlc"

    def __init__(self, args, name, model, weights, precision, batch, stream):
        import torch

        opened = library.Library(library_path(args.folder, name, precision))
        options = {"target": library.CUDA, "stream": ctypes.c_void_p(stream.cuda_stream)}
        self.model = loaded(opened, weights, args.folder, max_batch=batch, **options)
        x = [torch.from_numpy(a).cuda() for a in reference.random_inputs(model, batch, seed=1)]
        y = [torch.zeros((batch, *s[1:]), device="cuda") for _, s, _ in opened.tensors("outputs")]
        self.tensors = x, y
        self.arguments = ctypes.c_int64(batch), device_buffers(x), device_buffers(y)
        self.call()

    def call(self):
        self.model.call("forward", *self.arguments)

    def output(self):
        return self.tensors[1][0].cpu().numpy()


class TorchForward:
    """`mode`: eager, graph (CUDA graph of it) or compile."""

    def __init__(self, model, graph, precision, batch, mode):
        import to_torch
        import torch

        self.name = f"PyTorch {mode}"
        kind = torch.bfloat16 if precision == "bf16" else torch.float32
        module = to_torch.module(graph).cuda().eval().to(kind, memory_format=torch.channels_last)
        self.x = torch.from_numpy(reference.random_inputs(model, batch, seed=1)[0]).cuda().to(kind)
        if self.x.ndim == 4:  # the view that channels_last means
            self.x = self.x.permute(0, 3, 1, 2)
        self.run = torch.compile(module, mode="max-autotune") if mode == "compile" else module
        for _ in range(3):
            self.y = self.run(self.x)
        torch.cuda.synchronize()
        self.call = self.graphed() if mode == "graph" else self.eager

    def eager(self):
        self.y = self.run(self.x)

    def graphed(self):
        import torch

        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self.y = self.run(self.x)
        return graph.replay

    def output(self):
        y = self.y.float().cpu().numpy()
        return np.moveaxis(y, 1, -1) if y.ndim == 4 else y


def turn(engine, stream):
    """Seconds of a call: as many in a row as take about TURN, by the device's clock."""
    import torch

    calls = 1
    while True:
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record(stream)
        for _ in range(calls):
            engine.call()
        end.record(stream)
        end.synchronize()
        seconds = begin.elapsed_time(end) * 1e-3
        if seconds >= TURN:
            return seconds / calls
        calls = max(calls + 1, int(calls * 1.2 * TURN / max(seconds, 1e-6)))


@contextlib.contextmanager
def torch_settings(precision):
    import torch

    torch.backends.cudnn.benchmark = True
    allowed = precision != "fp32"
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = allowed
    with torch.no_grad():
        yield


def time_network(args, name, model, precision, batch):
    """A row of results: seconds of each engine."""
    import torch

    row = {"network": name, "precision": precision, "batch": batch, "engines": {}}
    stream = torch.cuda.Stream()
    weights = reference.Random(seed=7)
    graph = to_onnx.Graph(model, weights)
    engines = []
    with torch_settings(precision), torch.cuda.stream(stream):
        for make in [lambda: DlcForward(args, name, model, weights.tensors, precision, batch, stream)] + [
            lambda mode=mode: TorchForward(model, graph, precision, batch, mode) for mode in args.modes
        ]:
            try:
                engines.append(make())
            except Exception as reason:  # an engine's own failure must not end the run
                row["engines"].setdefault("failed", []).append(" ".join(str(reason).split())[:200])
        want = engines[0].output().astype(np.float64) if engines else None
        times = {engine.name: [] for engine in engines}
        for i in range(ROUNDS):
            for engine in engines[i % len(engines) :] + engines[: i % len(engines)]:
                times[engine.name].append(turn(engine, stream))
        for engine in engines:
            row["engines"][engine.name] = {
                "seconds": statistics.median(times[engine.name]),
                "difference": difference(engine.output(), want),
            }
    return row


# The run -------------------------------------------------------------------------------------


def check_all(args):
    """Names of what is right, by precision; tells of the rest."""
    right = set()
    for precision in args.precisions:
        for name, model in models().items():
            if not is_wanted(name, args) or not os.path.exists(library_path(args.folder, name, precision)):
                continue
            try:
                worst = compare(args, name, model, precision)
            except Exception as reason:
                print(f"FAILED {precision} {name}: {reason}", flush=True)
                continue
            good = worst <= LIMITS[precision]
            print(f"{'ok    ' if good else 'WRONG '} {precision} {name}: {worst:.2g}", flush=True)
            if good:
                right.add((name, precision))
        for name in TRAINED:
            if (name, precision) in right:
                worst = compare_training(args, name, models()[name], precision)
                print(f"{'ok    ' if worst <= LIMITS[precision] else 'WRONG '} {precision} {name} trained: {worst:.2g}")
    return right


def table(rows, device):
    lines = [f"On {device}; microseconds a call (median of {ROUNDS} turns); ratio: the best PyTorch over dlc.", ""]
    lines += ["| network | precision | batch | dlc | best PyTorch | ratio |", "|---|---|---|---|---|---|"]
    for row in rows:
        ours = row["engines"].get("dlc", {}).get("seconds")
        peers = {n: e["seconds"] for n, e in row["engines"].items() if n.startswith("PyTorch")}
        if not ours or not peers:
            continue
        best = min(peers, key=peers.get)
        lines.append(
            f"| {row['network']} | {row['precision']} | {row['batch']} | {ours * 1e6:.1f} | "
            f"{peers[best] * 1e6:.1f} ({best[8:]}) | {peers[best] / ours:.2f} |"
        )
    return "\n".join(lines) + "\n"


def run(args):
    if args.check:
        return 0 if check_all(args) else 1
    import torch

    device = torch.cuda.get_device_name()
    print(f"{device}, torch {torch.__version__}", flush=True)
    right, rows = check_all(args), []
    for name in args.networks:
        for precision in args.precisions:
            for batch in args.batches if (name, precision) in right else []:
                rows.append(time_network(args, name, models()[name], precision, batch))
                print(json.dumps(rows[-1]), flush=True)
    if args.json:
        dlctest.save_json(args.json, {"device": device, "torch": torch.__version__, "rows": rows})
    print(table(rows, device))
    if args.report:
        with open(args.report, "a") as f:
            f.write("\n## CUDA beside PyTorch\n\n" + table(rows, device))
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = lambda text: text.split(",")
    parser.add_argument("folder", help="of the packed libraries")
    parser.add_argument("--pack", action="store_true", help="compile them, and run nothing")
    parser.add_argument("--simulate", action="store_true", help="with --pack: for the simulator, to try this script")
    parser.add_argument("--check", action="store_true", help="compare outputs, and measure nothing")
    parser.add_argument("--dlc", default=os.path.join(dlctest.ROOT, "build", "bin", "dlc"))
    parser.add_argument("--networks", type=names, default=NETWORKS)
    parser.add_argument("--precisions", type=names, default=list(LIMITS))
    parser.add_argument("--batches", type=lambda text: [int(n) for n in text.split(",")], default=[1, 64])
    parser.add_argument("--modes", type=names, default=["eager", "graph", "compile"], help="of PyTorch")
    parser.add_argument("--json", metavar="F", help="write all figures")
    parser.add_argument("--report", metavar="F", help="append the table as Markdown")
    args = parser.parse_args()
    return pack(args) if args.pack else run(args)


if __name__ == "__main__":
    sys.exit(main())
