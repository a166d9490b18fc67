#!/usr/bin/python3
"""Measures dlc's CUDA libraries on a GPU: right first, then fast, beside PyTorch in one run.

    test/bench/gpu.py FOLDER --pack [--networks resnet50,...] [--precisions fp32,tf32,bf16]
    test/bench/gpu.py FOLDER [--stages ...] [--batches 1,64] [--report F]

The first form needs dlc and ptxas, and no GPU: it compiles what the second one runs. The second
needs a GPU, its driver, numpy and torch, and goes from small to large, so that a fault is found
where it is small:

    families  a network of one layer for each kind of instruction: FFMA, mma.sync, cp.async, bulk
              copies of tiles and of windows, mbarriers, wgmma
    outputs   each network beside the CPU's code, or for other precisions beside that of fp32
    training  train steps likewise
    times     forward of each network whose outputs are right beside PyTorch (eager, CUDA graph,
              torch.compile; channels last, cuDNN autotuned), engines taking turns, medians of the
              turns; inputs and outputs are on the device, and all is enqueued in one stream
    sweep     single layers with each of their tiles

Every result goes to FOLDER/results.json as soon as it is there. What fails is told and the rest
goes on; another call does what results.json lacks, and what had failed, so that a long run can
be several short ones (--seconds). With --simulate, both forms work on the simulator, to try them.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
import traceback

import numpy as np

from to_onnx import dlctest, reference

import gpu_time
import library
from gpu_time import difference, loaded, random_weights

NETWORKS = (
    "lenet5,mnist_cnn,mlp,resnet20,squeezenet,mobilenet_v2,googlenet,densenet121,"
    "alexnet,resnet18,resnet50,vgg16"
).split(",")
TRAINED = ["lenet5", "resnet20"]  # of models/, with a section "train"
STAGES = ["families", "outputs", "training", "times", "sweep"]
# Largest difference from the CPU's outputs, of the largest output: roundings of factors to 10 and 7
# bits of mantissa add up over the layers.
LIMITS = {"fp32": 1e-4, "tf32": 2e-2, "bf16": 1e-1}
MIB = 1 << 20


def layer(name, shape, *layers):
    return {"dlc": 1, "name": name, "inputs": [{"name": "x", "shape": shape}], "layers": list(layers)}


def dense(units, **fields):
    return {"type": "Dense", "units": units, **fields}


def conv(filters, kernel, **fields):
    return {"type": "Conv2D", "filters": filters, "kernel_size": kernel, **fields}


CONV = layer("family", [16, 16, 64], conv(64, 3, padding="same", activation="relu"))
# Large enough for warpgroups; what the second one reads is bf16 where that is asked for.
WINDOWS = layer("family", [14, 14, 128], conv(128, 3, padding="same", activation="relu"), conv(256, 3, padding="same"))
POINTS = layer("family", [14, 14, 512], conv(256, 1))
# What each is: chip, precision, network, and what its PTX must have. A chip's PTX runs on later ones.
FAMILIES = {
    "simple": ("sm_80", "fp32", layer("family", [7, 5, 3], {"type": "Activation", "activation": "relu"}), r"ld\.global"),
    "rows": ("sm_80", "fp32", layer("family", [1000], {"type": "Activation", "activation": "softmax"}), r"shfl\.sync"),
    "pooling": ("sm_80", "fp32", layer("family", [9, 9, 8], {"type": "MaxPooling2D"}, {"type": "GlobalAveragePooling2D"}), r"max\."),
    "depthwise": ("sm_80", "fp32", layer("family", [14, 14, 48], {"type": "DepthwiseConv2D", "kernel_size": 3, "padding": "same"}), r"fma\.rn"),
    "ffma": ("sm_80", "fp32", layer("family", [256], dense(256)), r"fma\.rn\.f32"),
    "cp.async": ("sm_80", "fp32", CONV, r"cp\.async\.c[ag]\.shared"),
    "odd": ("sm_80", "tf32", layer("family", [37], dense(19, activation="tanh")), r"cp\.async\.ca\.shared\S*"),
    "mma-tf32": ("sm_80", "tf32", CONV, r"mma\.sync\S*tf32"),
    "mma-bf16": ("sm_80", "bf16", CONV, r"mma\.sync\S*bf16"),
    "mbarrier": ("sm_90a", "tf32", POINTS, r"mbarrier\.try_wait"),
    "bulk-tile": ("sm_90a", "tf32", POINTS, r"cp\.async\.bulk\.tensor\.\dd\.shared(?!\S*im2col)"),
    "bulk-windows": ("sm_90a", "tf32", WINDOWS, r"cp\.async\.bulk\.tensor\S*im2col"),
    "wgmma-tf32": ("sm_90a", "tf32", WINDOWS, r"wgmma\.mma_async\S*tf32"),
    "wgmma-bf16": ("sm_90a", "bf16", WINDOWS, r"wgmma\.mma_async\S*bf16"),
}

SWEEP_BATCH = 16
SWEPT = {
    "3x3 64@56": layer("sweep", [56, 56, 64], conv(64, 3, padding="same")),
    "3x3 128@28": layer("sweep", [28, 28, 128], conv(128, 3, padding="same")),
    "3x3 256@14": layer("sweep", [14, 14, 256], conv(256, 3, padding="same")),
    "3x3 512@7": layer("sweep", [7, 7, 512], conv(512, 3, padding="same")),
    "1x1 256to64@56": layer("sweep", [56, 56, 256], conv(64, 1)),
    "1x1 1024to256@14": layer("sweep", [14, 14, 1024], conv(256, 1)),
    "dense 4096": layer("sweep", [4096], dense(4096)),
}
# m, n, k, warps along m and n, stages: as compiler/schedule/GpuTiles.cpp has them.
WARP_TILES = {
    "fp32": [(128, 128, 8, 4, 2, 4), (128, 64, 8, 2, 2, 4), (64, 128, 8, 2, 2, 4), (64, 64, 8, 2, 2, 4), (64, 32, 8, 2, 1, 4), (32, 32, 8, 2, 1, 4)],
    "tf32": [(128, 128, 32, 2, 4, 3), (128, 64, 32, 2, 2, 3), (64, 128, 32, 2, 2, 3), (64, 64, 32, 2, 2, 3), (64, 32, 32, 2, 1, 4), (32, 32, 32, 1, 2, 4)],
}
WARP_TILES["bf16"] = WARP_TILES["tf32"]
WARPGROUP_COLUMNS = (64, 96, 128, 192, 256)


# The folder ----------------------------------------------------------------------------------


def network(name):
    model = dlctest.load_json(os.path.join(dlctest.ROOT, "models", name + ".json"))
    model.pop("weights", None)
    return model


def library_path(folder, name, precision, train=False):
    return os.path.join(folder, precision + ("-train" if train else ""), f"lib{name}.so")


def family_path(folder, name):
    return os.path.join(folder, "families", name, "libfamily.so")


def sweep_path(folder, key):
    return os.path.join(folder, "sweep", re.sub(r"\W+", "_", key), "libsweep.so")


class Packer:
    def __init__(self, args):
        self.args, self.failed = args, []

    def compile(self, source, path, chips, precision, *options, cpu=False):
        """Writes the library `path`, without what a GPU's machine does not need."""
        out = os.path.dirname(path)
        os.makedirs(out, exist_ok=True)
        command = [self.args.dlc, "compile", source, "-o", out, "--chip", chips, "--precision", precision, *options]
        command += ["--target", "cpu,cuda", "--march", "x86-64-v3"] if cpu else ["--target", "cuda"]
        dlctest.must(command + ["--simulate"] * self.args.simulate)
        for file in os.listdir(out):
            if file.endswith((".a", ".h")):
                os.remove(os.path.join(out, file))

    def attempt(self, what, work):
        try:
            work()
            print("packed", what, flush=True)
        except Exception as reason:
            self.failed.append(what)
            print(f"FAILED {what}: {' '.join(str(reason).split())[:300]}", flush=True)

    def source(self, model):
        return dlctest.save_json(os.path.join(self.args.folder, "model.json"), model)

    def family(self, name):
        chip, precision, model, instruction = FAMILIES[name]
        source = self.source(model)
        ptx = output([self.args.dlc, "compile", source, "--target", "cuda", "--chip", chip, "--precision", precision, "--emit", "ptx"])
        assert re.search(instruction, ptx), f"its PTX has no {instruction}"
        self.compile(source, family_path(self.args.folder, name), chip, precision, cpu=True)

    def network(self, name, precision, train):
        path = library_path(self.args.folder, name, precision, train)
        # One CPU's code is enough to compare with.
        self.compile(self.source(network(name)), path, self.args.chip, precision, *["--train"] * train, cpu=precision == "fp32")

    def scheduled(self, model, chip, precision, warpgroups):
        """The layer as the compiler would compute it, to be changed."""
        fused = output([self.args.dlc, "compile", self.source(model), "--emit", "fused"])
        passes = [f"--dlc-schedule-gpu=chip={chip} precision={precision}"]
        passes += [f"--dlc-use-warpgroups=chip={chip}"] * warpgroups
        return output([self.args.dlc + "-opt", *passes], fused)

    def tile(self, key, text, chip, precision):
        source = os.path.join(self.args.folder, "sweep.mlir")
        with open(source, "w") as file:
            file.write(text)
        self.compile(source, sweep_path(self.args.folder, key), chip, precision)

    def sweep(self, name, precision):
        """A library for each tile: of warps, as the older chip has it; of warpgroups."""
        text = self.scheduled(SWEPT[name], "sm_80", precision, False)
        for tile in WARP_TILES[precision]:
            key = sweep_key(name, precision, "warps", tile)
            self.attempt(key, lambda: self.tile(key, with_tile(text, tile), "sm_80", precision))
        if precision == "fp32":
            return
        text = self.scheduled(SWEPT[name], "sm_90a", precision, True)
        if "kernel.warpgroup_gemm" not in text:
            return
        m, _, *rest = cta_of(text)
        for columns in WARPGROUP_COLUMNS:
            for stages in (3, 4) if columns <= columns_of(SWEPT[name]) else ():
                tile = (m, columns, *rest[:-1], stages)
                key = sweep_key(name, precision, "warpgroups", tile)
                self.attempt(key, lambda: self.tile(key, with_tile(text, tile), "sm_90a", precision))

    def run(self):
        args = self.args
        os.makedirs(args.folder, exist_ok=True)
        if "families" in args.stages:
            for name in FAMILIES:
                self.attempt(f"family {name}", lambda: self.family(name))
        # What the others are compared with is in that of fp32.
        for precision in dict.fromkeys(["fp32", *args.precisions]):
            for name in args.networks:
                for train in [False] + [True] * (name in TRAINED and "training" in args.stages):
                    self.attempt(f"{precision} {name}{' for training' * train}", lambda: self.network(name, precision, train))
        for precision in args.precisions if "sweep" in args.stages else []:
            for name in SWEPT:
                self.attempt(f"{precision} {name} with each tile", lambda: self.sweep(name, precision))
        for file in ("model.json", "sweep.mlir"):
            if os.path.exists(os.path.join(args.folder, file)):
                os.remove(os.path.join(args.folder, file))
        size = sum(os.path.getsize(os.path.join(at, f)) for at, _, files in os.walk(args.folder) for f in files)
        print(f"{args.folder} has {size / MIB:.1f} MiB; {len(self.failed)} failed")
        return 1 if self.failed else 0


def output(command, text=None):
    result = subprocess.run(command, input=text, capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(f"{' '.join(command)}: {result.stderr[-400:]}")
    return result.stdout


CTA = re.compile(r"#kernel\.cta<m = (\d+), n = (\d+), k = (\d+), warps_m = (\d+), warps_n = (\d+), stages = (\d+)>")


def cta_of(text):
    return [int(n) for n in CTA.search(text).groups()]


def with_tile(text, tile):
    names = ("m", "n", "k", "warps_m", "warps_n", "stages")
    return CTA.sub(f"#kernel.cta<{', '.join(f'{n} = {v}' for n, v in zip(names, tile))}>", text)


def sweep_key(name, precision, kind, tile):
    m, n, k, warps_m, warps_n, stages = tile
    return f"{precision} {name} {kind} {m}x{n}x{k}, {warps_m}x{warps_n} warps, {stages} stages"


# Right ---------------------------------------------------------------------------------------


def opened(path):
    assert os.path.exists(path), f"{path} was not packed"
    return library.Library(path)


def use_chip(args, chip):
    """Simulated code of one chip runs on that one alone."""
    if args.simulate:
        gpu_time.load_simulator(args.dlc, chip)


def forward(args, path, model, target, weights, batch):
    """Outputs, twice."""
    with loaded(opened(path), weights, args.folder, max_batch=batch, target=target) as m:
        inputs = reference.random_inputs(model, batch, seed=batch)
        return m.forward(inputs), m.forward(inputs)


def compare(args, path, model, precision, cpu):
    """The largest difference from the CPU's code, which is in the library `cpu`; batch 1 and 3."""
    weights, worst = random_weights(opened(path)), 0.0
    for batch in (1, 3):
        want, _ = forward(args, cpu, model, library.CPU, weights, batch)
        got, again = forward(args, path, model, library.CUDA, weights, batch)
        assert all(np.array_equal(a, b) for a, b in zip(got, again)), "other bits the second time"
        worst = max([worst] + [difference(g, w) for g, w in zip(got, want)])
    return judged(worst, precision)


def compare_training(args, name, precision, steps=5):
    """The largest difference of the losses of a few train steps."""
    model, losses = network(name), []
    inputs = reference.random_inputs(model, 8, seed=3)
    labels = [np.arange(8, dtype=np.int32)]
    for of, target in (("fp32", library.CPU), (precision, library.CUDA)):
        path = library_path(args.folder, name, of, train=True)
        with opened(path).create(max_batch=8, training=True, seed=5, target=target) as m:
            losses.append(np.array([m.train_step(inputs, labels) for _ in range(steps)]))
    return judged(difference(losses[1], losses[0]), precision)


def judged(worst, precision):
    assert worst <= LIMITS[precision], f"the difference is {worst:.2g}, more than {LIMITS[precision]}"
    return {"difference": worst}


# The run -------------------------------------------------------------------------------------


class Results:
    """What is known, in a file: {stage: {key: row}}. A row with "error" failed."""

    def __init__(self, args):
        self.path, self.deadline = os.path.join(args.folder, "results.json"), time.monotonic() + args.seconds
        self.rows = dlctest.load_json(self.path) if os.path.exists(self.path) and not args.again else {}
        self.left = 0

    def get(self, stage, key):
        row = self.rows.get(stage, {}).get(key)
        return row if row and "error" not in row else None

    def add(self, stage, key, work):
        """Does the work, if it is not done; nothing stops the rest."""
        if self.get(stage, key):
            return
        if time.monotonic() > self.deadline:
            self.left += 1
            return
        begin = time.monotonic()
        try:
            row = work()
        except Exception as reason:
            row = {"error": " ".join(f"{type(reason).__name__}: {reason}".split())[:600]}
            if not isinstance(reason, (AssertionError, library.Error)):
                traceback.print_exc()
        row["took"] = round(time.monotonic() - begin, 2)
        print(f"{'FAILED' if 'error' in row else 'ok'} {stage} {key}: {json.dumps(row)}", flush=True)
        self.rows.setdefault(stage, {})[key] = row
        self.save()

    def save(self):
        with open(self.path + ".new", "w") as file:
            json.dump(self.rows, file, indent=1)
        os.replace(self.path + ".new", self.path)


def run_families(args, results, machine):
    for name, (chip, precision, model, _) in FAMILIES.items():
        path = family_path(args.folder, name)
        use_chip(args, chip)
        results.add("families", name, lambda: compare(args, path, model, precision, path))


def run_outputs(args, results, machine):
    use_chip(args, args.chip)
    for precision in args.precisions:
        for name in args.networks:
            paths = [library_path(args.folder, name, p) for p in (precision, "fp32")]
            results.add("outputs", f"{name} {precision}", lambda: compare(args, paths[0], network(name), precision, paths[1]))


def run_training(args, results, machine):
    use_chip(args, args.chip)
    for precision in args.precisions:
        for name in args.networks:
            if name in TRAINED:
                results.add("training", f"{name} {precision}", lambda: compare_training(args, name, precision))


def run_times(args, results, machine):
    use_chip(args, args.chip)
    for name in args.networks:
        for precision in args.precisions:
            for batch in args.batches if results.get("outputs", f"{name} {precision}") else []:
                path = library_path(args.folder, name, precision)
                key = f"{name} {precision} {batch}"
                results.add("times", key, lambda: gpu_time.time_network(machine(), path, args.folder, network(name), precision, batch))


def run_sweep(args, results, machine):
    for precision in args.precisions:
        for name, model in SWEPT.items():
            for key in sorted(packed_tiles(args.folder, name, precision)):
                results.add("sweep", key, lambda: time_tile(args, machine(), key, model, precision))


def packed_tiles(folder, name, precision):
    tiles = [("warps", tile) for tile in WARP_TILES[precision]]
    k = {"tf32": 32, "bf16": 64}.get(precision)
    tiles += [("warpgroups", (128, n, k, 8, 1, s)) for n in WARPGROUP_COLUMNS for s in (3, 4) if k]
    keys = [sweep_key(name, precision, kind, tile) for kind, tile in tiles]
    return [key for key in keys if os.path.exists(sweep_path(folder, key))]


def time_tile(args, machine, key, model, precision):
    use_chip(args, "sm_90a" if " warpgroups " in key else "sm_80")
    with gpu_time.torch_settings(machine, precision):
        engine = gpu_time.Dlc(machine, sweep_path(args.folder, key), args.folder, model, None, args.sweep_batch)
        seconds = gpu_time.medians(machine, [engine])["dlc"]
    return {"seconds": seconds, "tflops": 2 * products(model) * args.sweep_batch / seconds * 1e-12}


def columns_of(model):
    return model["layers"][0].get("filters") or model["layers"][0]["units"]


def products(model):
    """Of a sample."""
    shape, one = model["inputs"][0]["shape"], model["layers"][0]
    if one["type"] == "Dense":
        return shape[0] * one["units"]
    return shape[0] * shape[1] * shape[2] * one["filters"] * one["kernel_size"] ** 2


def time_table(results):
    lines = ["| network | precision | batch | dlc | best PyTorch | ratio |", "|---|---|---|---|---|---|"]
    for key, row in results.rows.get("times", {}).items():
        engines = row.get("engines", {})
        peers = {n: e["seconds"] for n, e in engines.items() if n != "dlc"}
        if "dlc" not in engines or not peers:
            continue
        ours, best = engines["dlc"]["seconds"], min(peers, key=peers.get)
        cells = [*key.split(), f"{ours * 1e6:.1f}", f"{peers[best] * 1e6:.1f} ({best[8:]})", f"{peers[best] / ours:.2f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def sweep_table(results):
    """The fastest first, of each layer."""
    lines = ["| layer and tile | microseconds | TFLOP/s |", "|---|---|---|"]
    rows = {key: row for key, row in results.rows.get("sweep", {}).items() if "seconds" in row}
    layer_of = lambda key: re.split(r" warp(?:s|groups) ", key)[0]
    for key in sorted(rows, key=lambda k: (layer_of(k), rows[k]["seconds"])):
        lines.append(f"| {key} | {rows[key]['seconds'] * 1e6:.1f} | {rows[key]['tflops']:.1f} |")
    return lines


def report(args, results, name):
    text = [f"On {name}; microseconds a call, medians of {gpu_time.ROUNDS} turns; ratio: the best PyTorch over dlc.", ""]
    text += time_table(results) + ["", f"Single layers of batch {args.sweep_batch} with each tile:", ""] + sweep_table(results)
    failed = [f"{stage} {key}" for stage, rows in results.rows.items() for key, row in rows.items() if "error" in row]
    text += ["", f"Failed: {', '.join(failed) or 'nothing'}."]
    print("\n".join(text))
    if args.report:
        with open(args.report, "a") as file:
            file.write("\n## CUDA beside PyTorch\n\n" + "\n".join(text) + "\n")
    return 1 if failed else 0


def run(args):
    results, found = Results(args), []
    def machine():
        """Made once, where a stage needs PyTorch."""
        if not found:
            found.append(gpu_time.Simulated() if args.simulate else gpu_time.Gpu())
        return found[0]

    stages = {"families": run_families, "outputs": run_outputs, "training": run_training, "times": run_times, "sweep": run_sweep}
    for stage in args.stages:
        stages[stage](args, results, machine)
    code = report(args, results, found[0].name if found else "a machine where nothing was timed")
    if results.left:
        print(f"{results.left} results are left: call it again")
    return code


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = lambda text: text.split(",")
    parser.add_argument("folder", help="of the packed libraries")
    parser.add_argument("--pack", action="store_true", help="compile them, and run nothing")
    parser.add_argument("--simulate", action="store_true", help="for the simulator, to try this script")
    parser.add_argument("--stages", type=names, default=STAGES, help=f"default: {','.join(STAGES)}")
    parser.add_argument("--seconds", type=float, default=540, help="begin nothing after that (default 540)")
    parser.add_argument("--again", action="store_true", help="forget the results so far")
    parser.add_argument("--dlc", default=os.path.join(dlctest.ROOT, "build", "bin", "dlc"))
    parser.add_argument("--chip", default="sm_90a", help="of whole networks (default sm_90a)")
    parser.add_argument("--networks", type=names, default=NETWORKS)
    parser.add_argument("--precisions", type=names, default=list(LIMITS))
    parser.add_argument("--batches", type=lambda text: [int(n) for n in text.split(",")], default=[1, 64])
    parser.add_argument("--sweep-batch", type=int, default=SWEEP_BATCH)
    parser.add_argument("--report", metavar="F", help="append the tables as Markdown")
    args = parser.parse_args()
    if unknown := [stage for stage in args.stages if stage not in STAGES]:
        parser.error(f"no stage {unknown[0]}; there are {', '.join(STAGES)}")
    return Packer(args).run() if args.pack else run(args)


if __name__ == "__main__":
    sys.exit(main())
