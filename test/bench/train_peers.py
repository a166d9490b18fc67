#!/usr/bin/python3
"""Measures dlc's training step beside PyTorch, torch.compile and JAX: same network, weights, batch.

    test/bench/train_peers.py [--cells lenet5:32,resnet20:32,resnet18:8] [--threads 1,2]
                              [--engines dlc,torch,compile,jax] [--json F] [--report F.md]

One step is: gradients to zero, forward, softmax cross-entropy, backward, SGD with momentum. Every
cell gets a process, pinned to that many CPUs, in which the engines take turns; the median over
rounds of medians counts. The losses of the first steps are compared; an engine that disagrees is
not timed. Peak memory is that of a process of its own for each engine (less what the process had
before it made the engine). Needs numpy; engines whose package is missing are left out.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

import peers
import train_engines
from peers import dlctest
from to_onnx import Graph, reference

CELLS = "lenet5:32,resnet20:32,resnet18:8"
CLASSES = 10
RELATIVE = 1e-3  # of the losses of the first steps; they are chaotic later


def training_model(network, batch):
    """model.json of the network up to its logits, with a train section."""
    model = dlctest.load_json(os.path.join(dlctest.ROOT, "models", network + ".json"))
    last = model["layers"][-1]
    if last["type"] == "Activation":
        model["layers"].pop()
        model.pop("outputs", None)
    last = model["layers"][-1]
    last.pop("activation", None)
    model["name"], _ = network + "_train", model.pop("weights", None)
    model["train"] = {
        "loss": {"type": "SparseCategoricalCrossentropy", "from_logits": True},
        "optimizer": {"type": "SGD", "learning_rate": train_engines.RATE, "momentum": train_engines.MOMENTUM, "form": "torch"},
    }
    return model


def prepare(args, network, batch, folder):
    os.makedirs(folder, exist_ok=True)
    model, weights = training_model(network, batch), reference.Random(seed=7)
    path = dlctest.save_json(os.path.join(folder, "model.json"), model)
    Graph(model, weights)  # asks for all weights
    file = os.path.join(folder, "weights.safetensors")
    dlctest.write_safetensors(file, weights.tensors)
    dlctest.must([args.dlc, "compile", path, "--train", "-o", folder, "--march", "native"])
    return {"model": path, "weights": file, "library": os.path.join(folder, f"lib{network}_train.so")}


def make_job(spec):
    model = dlctest.load_json(spec["model"])
    weights = reference.Given(dlctest.read_safetensors(spec["weights"]))
    generator = np.random.default_rng(3)
    x = generator.standard_normal((spec["batch"], *model["inputs"][0]["shape"]), np.float32)
    labels = generator.integers(0, CLASSES, spec["batch"]).astype(np.int32)
    return train_engines.Job(x, labels, spec["threads"], Graph(model, weights), spec["library"], spec["weights"])


def timed(step, seconds):
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or not times:
        begin = time.perf_counter()
        step()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def measure(spec):
    """{engine: {"median": s, "losses": [...]} or {"error": why}}"""
    ready, result, want = {}, {}, None
    for name in spec["engines"]:
        try:
            engine = train_engines.ENGINES[name](make_job(spec))
            losses = [engine.step() for _ in range(3)]
        except Exception as reason:  # a peer's own failure must not end the run
            result[name] = {"error": " ".join(f"{type(reason).__name__}: {reason}".split())[:300]}
            continue
        want = want or losses
        result[name] = {"losses": losses}
        if not np.allclose(losses, want, rtol=RELATIVE):
            result[name]["error"] = f"disagrees: {losses} instead of {want}"
            continue
        ready[name] = engine
    names, rounds = list(ready), {name: [] for name in ready}
    for i in range(spec["rounds"]):
        for name in names[i % len(names) :] + names[: i % len(names)]:
            peers.settle()
            rounds[name].append(timed(ready[name].step, spec["seconds"]))
    for name in names:
        result[name]["median"] = statistics.median(rounds[name])
    return result


def peak_memory(spec, name):
    """MiB at the peak of making the engine and five steps, beyond what the job takes."""
    job = make_job(spec)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    engine = train_engines.ENGINES[name](job)
    for _ in range(5):
        engine.step()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def worker(spec):
    cpus = peers.usable_cpus(spec["threads"])
    os.sched_setaffinity(0, cpus)
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    result = peak_memory(spec, spec["memory"]) if "memory" in spec else measure(spec)
    print(json.dumps(result), file=out, flush=True)
    os._exit(0)


def run(spec):
    threads = str(spec["threads"])
    environment = {**os.environ, "OMP_NUM_THREADS": threads, "TORCHINDUCTOR_COMPILE_THREADS": "1", "JAX_PLATFORMS": "cpu"}
    if spec["threads"] == 1:
        environment["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    command = [sys.executable, "-B", os.path.abspath(__file__), "--worker", json.dumps(spec)]
    process = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    return json.loads(process.stdout) if process.stdout else {"error": process.stderr[-300:]}


def line(row):
    ours = row["engines"].get("dlc", {}).get("median")
    parts = [f"{row['network']:10} batch {row['batch']:3} threads {row['threads']}"]
    for name, result in row["engines"].items():
        if "median" not in result:
            parts.append(f"{name} {result.get('error', 'failed')}")
            continue
        ratio = f" ({result['median'] / ours:.2f}x)" if ours and name != "dlc" else ""
        memory = f" {result['memory']:.0f} MiB" if isinstance(result.get("memory"), float) else ""
        parts.append(f"{name} {result['median'] * 1e3:.3f} ms{ratio}{memory}")
    return " | ".join(parts)


def table(rows):
    """Markdown: a row for each cell."""
    names = [n for n in train_engines.ENGINES if any(n in row["engines"] for row in rows)]
    titles = [train_engines.TITLES[n] for n in names]
    lines = ["| network | batch | threads | " + " | ".join(f"{t} ms" for t in titles) + " | best peer / dlc | peak MiB (" + ", ".join(titles) + ") |"]
    lines.append("|" + "---|" * (len(names) + 5))
    for row in rows:
        engines = row["engines"]
        times = {n: engines.get(n, {}).get("median") for n in names}
        rest = [t for n, t in times.items() if n != "dlc" and t]
        ratio = f"{min(rest) / times['dlc']:.2f}" if rest and times.get("dlc") else ""
        cells = [f"{t * 1e3:.3f}" if t else engines.get(n, {}).get("error", "") for n, t in times.items()]
        memory = ", ".join(f"{engines[n]['memory']:.0f}" if isinstance(engines.get(n, {}).get("memory"), float) else "-" for n in names)
        lines.append(f"| {row['network']} | {row['batch']} | {row['threads']} | " + " | ".join(cells) + f" | {ratio} | {memory} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dlc", default=os.path.join(dlctest.ROOT, "build", "bin", "dlc"))
    parser.add_argument("--cells", default=CELLS, help="network:batch,...")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--engines", default=",".join(train_engines.ENGINES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5, help="of one turn")
    parser.add_argument("--no-memory", action="store_true", help="leave the peak memory out")
    parser.add_argument("--json", help="write all figures")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        return worker(json.loads(args.worker))
    rows = []
    with tempfile.TemporaryDirectory(prefix="dlc-train-") as work:
        for text in args.cells.split(","):
            network, batch = text.split(":")
            made = prepare(args, network, int(batch), os.path.join(work, network))
            for threads in map(int, args.threads.split(",")):
                spec = {**made, "batch": int(batch), "threads": threads, "engines": args.engines.split(",")}
                spec.update(rounds=args.rounds, seconds=args.seconds)
                row = {"network": network, "batch": int(batch), "threads": threads, "engines": run(spec)}
                for name in [] if args.no_memory else row["engines"]:
                    if "median" in row["engines"][name]:
                        row["engines"][name]["memory"] = run({**spec, "memory": name})
                rows.append(row)
                print(line(row), flush=True)
    print("\n" + table(rows))
    if args.json:
        dlctest.save_json(args.json, {"rows": rows, "commit": peers.commit()})
    return 0


if __name__ == "__main__":
    sys.exit(main())
