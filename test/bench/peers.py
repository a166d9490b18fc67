#!/usr/bin/python3
"""Measures dlc beside ONNX Runtime, OpenVINO and PyTorch: same network, weights and inputs.

    test/bench/peers.py [--quick] [--networks lenet5,resnet50] [--batches 1,8,32] [--threads 1,2]
                        [--json F] [--report test/bench/RESULTS.md] [--plot test/bench/results.png]

Runs with any Python that has numpy and onnx; engines that it lacks (packages onnxruntime,
openvino, torch) are named and left out. Every network gets one process for each thread
count, pinned to that many CPUs; in it all engines hold the network at once and take turns,
round after round. Each turn waits until the threads of the engine before have fallen asleep.
With two threads each engine is told to keep its second one on the second CPU, and the caller is
kept on the first: schedulers that pack threads on one CPU would otherwise decide the figures.
Outputs are compared before and after; an engine that disagrees is not timed.
"""

import argparse
import contextlib
import datetime
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

import engines
import report
import to_onnx
from to_onnx import dlctest, reference

NETWORKS = (
    "lenet5,mnist_cnn,mlp,resnet20,squeezenet,mobilenet_v2,googlenet,densenet121,"
    "alexnet,resnet18,resnet50,vgg16"
).split(",")
RELATIVE = 1e-4  # largest difference from dlc, of the largest output
PAUSE = 0.01  # seconds between looks whether threads that poll for work have fallen asleep


class Effort:
    """How long to measure: rounds, seconds of one turn, of warming up, of repeating a disturbed cell."""

    def __init__(self, quick, patience):
        self.again = patience
        self.rounds, self.turn, self.warm = (3, 0.02, 0.02) if quick else (5, 0.1, 0.08)
        self.cell = 3.0 if quick else 20.0  # seconds; slow cells get fewer rounds, never below 3
        self.slow = 0.5  # seconds; such a call needs no second warm-up and no choice of settings


# One process: a network and a thread count ---------------------------------------------------


@contextlib.contextmanager
def pinned(cpus):
    """The calling thread on the first CPU; threads made meanwhile would be there too."""
    os.sched_setaffinity(0, cpus[:1])
    yield
    os.sched_setaffinity(0, cpus)


def turn(call, seconds):
    """Calls for about `seconds`, at least once; returns each call's time in seconds."""
    times, clock = [], time.perf_counter
    end = clock() + seconds
    while True:
        begin = clock()
        call()
        now = clock()
        times.append(now - begin)
        if now >= end:
            return times


def settle():
    """Waits until idle threads sleep; returns the share of a CPU that this process still burns."""
    for _ in range(20):
        time.sleep(PAUSE)
        cpu, wall = time.process_time(), time.perf_counter()
        time.sleep(0.005)
        awake = (time.process_time() - cpu) / (time.perf_counter() - wall)
        if awake < 0.2:
            break
    return awake


class Load:
    """The CPU time that others took while this process measured, as a share of its CPUs."""

    def __init__(self, cpus):
        self.cpus = cpus
        self.begin = self.read()

    def read(self):
        """Ticks of work on the pinned CPUs, this process's CPU seconds, wall seconds."""
        with open("/proc/stat") as f:
            lines = [line.split() for line in f if line.startswith("cpu")]
        numbers = [list(map(int, l[1:9])) for l in lines if l[0][3:].isdigit() and int(l[0][3:]) in self.cpus]
        ticks = sum(n[0] + n[1] + n[2] + n[5] + n[6] + n[7] for n in numbers)
        return ticks, time.process_time(), time.perf_counter()

    def others(self):
        ticks, own, wall = (b - a for a, b in zip(self.begin, self.read()))
        return max(0.0, (ticks / os.sysconf("SC_CLK_TCK") - own) / (wall * len(self.cpus)))


def difference(engine, want):
    """Largest difference of the outputs, relative to the largest output; inf for a NaN."""
    got = engine.output()
    if got.shape != want.shape or not np.isfinite(got).all():
        return float("inf")
    return float(np.abs(got.astype(np.float64) - want).max() / max(np.abs(want).max(), 1e-30))


def fastest(candidates, cpus, effort):
    """The quickest of the settings of one engine, tried in turns; the others are closed."""
    if len(candidates) == 1:
        return candidates[0]
    best = [float("inf")] * len(candidates)
    with pinned(cpus):
        for _ in range(2):
            for i, engine in enumerate(candidates):
                settle()
                best[i] = min(best[i], statistics.median(turn(engine.call, effort.turn)))
    winner = candidates[best.index(min(best))]
    for engine in candidates:
        if engine is not winner:
            engine.close()
    return winner


def prepare(name, job, cpus, effort):
    """The engine `name` ready and warm (making it runs it once), in its fastest settings."""
    candidates = []
    for make in engines.makers(name, job.threads):
        candidates.append(make(job))
        os.sched_setaffinity(0, cpus)  # OpenMP binds the thread that loads it
        if turn(candidates[-1].call, effort.warm)[0] > effort.slow:
            break
    return fastest(candidates, cpus, effort)


def measure(ready, cpus, effort):
    """Interleaved rounds of all engines {name: engine}; returns times per round and the load."""
    names, spent = list(ready), time.perf_counter()
    rounds, awake, load = {name: [] for name in names}, 0.0, Load(cpus)
    gc.collect()
    gc.disable()
    with pinned(cpus):
        for i in range(effort.rounds):
            for name in names[i % len(names) :] + names[: i % len(names)]:
                awake = max(awake, settle())
                rounds[name].append(turn(ready[name].call, effort.turn))
            if i >= 2 and time.perf_counter() - spent > effort.cell:
                break
    gc.enable()
    return rounds, awake, load.others()


def quietest(ready, cpus, effort):
    """measure(); when other programs interfered, again a few times, and then the calmest of them:
    chosen by the load alone, never by the figures."""
    begin = time.perf_counter()
    tries = [measure(ready, cpus, effort)]
    while tries[-1][2] > report.NOISY and len(tries) < 3 and time.perf_counter() - begin < effort.again:
        time.sleep(0.5)
        tries.append(measure(ready, cpus, effort))
    return min(tries, key=lambda t: t[2])


def summary(rounds):
    medians = [statistics.median(times) for times in rounds]
    return {
        "median": statistics.median(medians),
        "min": min(map(min, rounds)),
        "calls": sum(map(len, rounds)),
        "rounds": medians,
    }


def utc():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%H:%M")


def cell(spec, graph, batch, cpus, effort):
    """All engines on one network, batch and thread count; returns the row of results."""
    row = {"network": spec["network"], "batch": batch, "threads": spec["threads"], "engines": {}}
    x = reference.random_inputs({"inputs": spec["inputs"]}, batch, seed=batch)[0]
    job = engines.Job(x, cpus, graph, *(spec[k] for k in ("library", "weights", "onnx")))
    ready, want = {}, None
    for name in spec["engines"]:
        result = row["engines"][name] = {}
        if name == "compile" and batch not in spec["compile_batches"]:
            result["error"] = "not measured at this batch"
            continue
        try:
            engine = prepare(name, job, cpus, effort)
        except Exception as reason:  # a peer's own failure must not end the run
            result["error"] = " ".join(f"{type(reason).__name__}: {reason}".split())[:300]
            continue
        want = np.array(engine.output(), np.float64) if want is None else want
        result["note"], result["difference"] = engine.note, difference(engine, want)
        if result["difference"] > RELATIVE:
            result["error"] = f"disagrees by {result['difference']:.2g}: not timed"
            engine.close()
            continue
        ready[name] = engine
    rounds, row["awake"], row["others"] = quietest(ready, cpus, effort)
    for name, engine in ready.items():
        row["engines"][name].update(summary(rounds[name]))
        after = difference(engine, want)
        if after > RELATIVE:
            row["engines"][name]["error"] = f"disagrees by {after:.2g} after timing"
        engine.close()
    return row


def usable_cpus(count):
    return sorted(os.sched_getaffinity(0))[-count:]


def worker(spec):
    """Runs all batches of one network and thread count; prints a line of JSON for each."""
    cpus = usable_cpus(spec["threads"])
    os.sched_setaffinity(0, cpus)  # before any engine makes a thread
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the engines print is not ours
    weights = reference.Given(dlctest.read_safetensors(spec["weights"]))
    model = dlctest.load_json(spec["model"])
    graph, spec["inputs"] = to_onnx.Graph(model, weights), model["inputs"]
    effort = Effort(spec["quick"], spec["patience"])
    for batch in spec["batches"]:
        if spec["until"] and utc() >= spec["until"]:
            print(f"batch {batch} left out: it is {utc()}", file=sys.stderr)
            break
        row = cell(spec, graph, batch, cpus, effort)
        print(json.dumps(row), file=out, flush=True)
        gc.collect()
    out.flush()
    os._exit(0)  # not through the destructors of five runtimes in one process


# The parent ----------------------------------------------------------------------------------


def make_network(dlc, network, folder, exact=False):
    """Random weights, the ONNX file and dlc's library of a network; returns their paths."""
    import onnx

    path = os.path.join(dlctest.ROOT, "models", network + ".json")
    os.makedirs(folder, exist_ok=True)
    file = lambda name: os.path.join(folder, name)
    made = {"model": path, "weights": file("weights.safetensors"), "onnx": file("model.onnx")}
    model = dlctest.load_json(path)
    if not os.path.exists(made["onnx"]):
        weights = reference.Random(seed=7)
        graph = to_onnx.Graph(model, weights)
        dlctest.write_safetensors(made["weights"], weights.tensors)
        onnx.save(to_onnx.to_onnx(graph, network), made["onnx"])
    model.pop("weights", None)  # the library loads the file of random ones
    lib = file("lib_exact" if exact else "lib")
    made["library"] = os.path.join(lib, f"lib{network}.so")
    newer = lambda a, b: os.path.exists(a) and os.path.getmtime(a) > os.path.getmtime(b)
    if not newer(made["library"], dlc):
        plain = dlctest.save_json(file("model.json"), model)
        options = ["--exact-weights"] if exact else []
        dlctest.must([dlc, "compile", plain, "-o", lib, "--march", "native", *options])
    return made


def available(wanted):
    """The engines to run and {engine: version}; says which are missing."""
    names, versions = ["dlc"], {}
    for name in wanted:
        try:
            versions[name] = engines.version(engines.PACKAGES[name])
            names.append(name)
        except engines.Missing as reason:
            print(f"left out: {engines.TITLES[name]}: {reason}", file=sys.stderr)
    return names, versions


def run_worker(spec, rows, show):
    environment = {**os.environ, "TORCHINDUCTOR_COMPILE_THREADS": "1"}
    if spec["threads"] > 1:
        places = ",".join(f"{{{cpu}}}" for cpu in usable_cpus(spec["threads"]))
        environment.update(OMP_PROC_BIND="true", OMP_PLACES=places)
    command = [sys.executable, "-B", os.path.abspath(__file__), "--worker", json.dumps(spec)]
    with open(spec["log"], "a") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=environment, text=True)
        for line in process.stdout:
            rows.append(json.loads(line))
            show(rows[-1])
    if process.wait():
        print(f"{spec['network']}, {spec['threads']} threads: exit {process.returncode}; see {spec['log']}")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    numbers = lambda text: [int(n) for n in text.split(",")]
    names = lambda text: text.split(",")
    default = os.path.join(dlctest.ROOT, "build", "bin", "dlc")
    parser.add_argument("--dlc", default=default, help="the dlc program (default: build/bin/dlc)")
    networks = f"of models/ (default: {','.join(NETWORKS)})"
    parser.add_argument("--networks", type=names, default=NETWORKS, help=networks)
    parser.add_argument("--batches", type=numbers, default=[1, 8, 32])
    parser.add_argument("--threads", type=numbers, default=[1, 2])
    peers = list(engines.PEERS)
    parser.add_argument("--peers", type=names, default=peers, help=f"of {','.join(peers)}")
    slow = "batches for torch.compile, which takes long to build (default 1)"
    parser.add_argument("--compile-batches", type=numbers, default=[1], help=slow)
    exact = "dlc keeps the weights of dense layers in 32 bits, as its peers do"
    parser.add_argument("--exact-weights", action="store_true", help=exact)
    parser.add_argument("--quick", action="store_true", help="short turns: to see that all works")
    parser.add_argument(
        "--patience",
        type=float,
        default=4,
        help="seconds; a cell that others disturbed is repeated unless it took longer (default 4)",
    )
    parser.add_argument("--work", help="folder of weights, ONNX files and libraries, kept (default: temporary)")
    parser.add_argument("--until", metavar="HH:MM", help="begin no further cell after this time (UTC)")
    parser.add_argument("--json", metavar="F", help="write all figures, every round among them")
    parser.add_argument("--report", metavar="F", help="write the tables as Markdown")
    parser.add_argument("--plot", metavar="F", help="write a picture of the ratios (needs matplotlib)")
    parser.add_argument(
        "--from-json",
        metavar="F,F",
        type=names,
        help="measure nothing; report earlier figures, of each cell the calmest",
    )
    parser.add_argument("--prepare", action="store_true", help="only fill the folder --work")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    return parser.parse_args()


def run_all(args, results):
    """Fills results["rows"], network by network; what is there stays when one fails."""
    names, results["versions"] = available(args.peers)
    with contextlib.ExitStack() as stack:
        work = args.work or stack.enter_context(tempfile.TemporaryDirectory(prefix="dlc-peers-"))
        for network in args.networks:
            try:
                made = make_network(args.dlc, network, os.path.join(work, network), args.exact_weights)
            except (AssertionError, to_onnx.Unsupported, OSError) as reason:
                print(f"left out: {network}: {reason}", file=sys.stderr)
                continue
            for threads in [] if args.prepare else args.threads:
                if args.until and utc() >= args.until:
                    print(f"left out: {network}, {threads} threads: it is {utc()}", file=sys.stderr)
                    continue
                spec = {**made, "network": network, "threads": threads, "batches": args.batches}
                spec.update(engines=names, quick=args.quick, compile_batches=args.compile_batches)
                spec.update(until=args.until, patience=args.patience)
                spec["log"] = os.path.join(work, network, "log.txt")
                run_worker(spec, results["rows"], lambda row: print(report.line(row, names), flush=True))
                if args.json:
                    dlctest.save_json(args.json, results)


def commit():
    """The commit of the source tree, from which the program should have been built."""
    code, out, _ = dlctest.execute(["git", "-C", dlctest.ROOT, "rev-parse", "--short", "HEAD"])
    return out.strip() if code == 0 else "unknown"


def merged(paths):
    """The results of several runs in one. A cell is that of the run with the fewest other programs
    at work, whatever its figures, and never a mixture."""
    parts, rows = [dlctest.load_json(path) for path in paths], {}
    for row in (row for part in parts for row in part["rows"]):
        key = NETWORKS.index(row["network"]), row["threads"], row["batch"]
        if key not in rows or row["others"] < rows[key]["others"]:
            rows[key] = row
    versions = {k: v for part in parts for k, v in part["versions"].items()}
    commits = ", ".join(dict.fromkeys(part["commit"] for part in parts))
    return {**parts[-1], "versions": versions, "commit": commits, "rows": [rows[key] for key in sorted(rows)]}


def main():
    args = arguments()
    if args.worker:
        return worker(json.loads(args.worker))
    if args.from_json:
        results = merged(args.from_json)
    else:
        results = {"date": datetime.date.today().isoformat(), "commit": commit(), "cpu": report.cpu_name()}
        results.update(quick=args.quick, rows=[])
        print(report.heading(results["cpu"]))
        run_all(args, results)
    if args.json:
        dlctest.save_json(args.json, results)
    if args.report:
        report.write(results, args.report, args.plot)
    if args.plot:
        report.plot(results, args.plot)
    return 0 if results["rows"] or args.prepare else 1


if __name__ == "__main__":
    sys.exit(main())
