"""The engines of gpu.py: each runs one network's forward on data that lie on the device."""

import contextlib
import ctypes
import os
import statistics
import sys
import time

import numpy as np

import to_onnx
from to_onnx import dlctest, reference

import library

ROUNDS, TURN = 7, 0.05  # turns of each engine; seconds of one


class Gpu:
    """Where PyTorch and dlc compute."""

    def __init__(self):
        import torch

        self.torch, self.stream = torch, torch.cuda.Stream()
        self.name = f"{torch.cuda.get_device_name()}, torch {torch.__version__}"
        self.modes, self.turn = ["eager", "graph", "compile"], TURN

    def options(self):
        return {"target": library.CUDA, "stream": ctypes.c_void_p(self.stream.cuda_stream)}

    def place(self, tensor):
        return tensor.cuda()

    def wait(self):
        self.torch.cuda.synchronize()

    def seconds(self, call, calls):
        """Of so many calls in a row, by the device's clock."""
        begin, end = (self.torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record(self.stream)
        for _ in range(calls):
            call()
        end.record(self.stream)
        end.synchronize()
        return begin.elapsed_time(end) * 1e-3

    def current(self):
        return self.torch.cuda.stream(self.stream)

    def graph(self, call):
        """A function that replays what `call` launches."""
        graph = self.torch.cuda.CUDAGraph()
        with self.torch.cuda.graph(graph):
            call()
        return graph.replay


class Simulated:
    """The same on this machine, to try the script: PyTorch on the CPU, dlc on the simulator."""

    def __init__(self):
        import torch

        self.torch = torch
        self.name = f"the simulator, torch {torch.__version__}"
        self.modes, self.turn = ["eager", "graph", "compile"], 1e-9

    def options(self):
        return {"target": library.CUDA}

    def place(self, tensor):
        return tensor.clone()

    def wait(self):
        pass

    def seconds(self, call, calls):
        begin = time.perf_counter()
        for _ in range(calls):
            call()
        return time.perf_counter() - begin

    def current(self):
        return contextlib.nullcontext()

    def graph(self, call):
        raise RuntimeError("there are no CUDA graphs of PyTorch without a GPU")


def load_simulator(dlc, chip):
    """What libraries then open as the driver, of this chip."""
    path = os.path.join(os.path.dirname(os.path.dirname(dlc)), "test", "simulator", "libcuda.so.1")
    ctypes.CDLL(path).dlc_fake_cuda_reset(f"capability={chip.removeprefix('sm_').removesuffix('a')}".encode())


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


class Dlc:
    name = "dlc"

    def __init__(self, machine, path, folder, model, weights, batch):
        torch, opened = machine.torch, library.Library(path)
        self.model = loaded(opened, weights or random_weights(opened), folder, max_batch=batch, **machine.options())
        x = [machine.place(torch.from_numpy(a)) for a in reference.random_inputs(model, batch, seed=1)]
        y = [machine.place(torch.zeros((batch, *s[1:]))) for _, s, _ in opened.tensors("outputs")]
        machine.wait()
        self.tensors = x, y
        self.arguments = ctypes.c_int64(batch), device_buffers(x), device_buffers(y)
        self.call()

    def call(self):
        self.model.call("forward", *self.arguments)

    def output(self):
        return self.tensors[1][0].cpu().numpy()


class Torch:
    """`mode`: eager, graph (CUDA graph of it) or compile."""

    def __init__(self, machine, model, graph, precision, batch, mode):
        import to_torch

        torch, self.name = machine.torch, f"PyTorch {mode}"
        kind = torch.bfloat16 if precision == "bf16" else torch.float32
        module = to_torch.module(graph).eval().to(kind, memory_format=torch.channels_last)
        module = module.cuda() if isinstance(machine, Gpu) else module
        self.x = machine.place(torch.from_numpy(reference.random_inputs(model, batch, seed=1)[0])).to(kind)
        if self.x.ndim == 4:  # the view that channels_last means
            self.x = self.x.permute(0, 3, 1, 2)
        self.run = torch.compile(module, mode="max-autotune") if mode == "compile" else module
        for _ in range(3):
            self.call()
        machine.wait()
        if mode == "graph":
            self.call = machine.graph(self.call)

    def call(self):
        self.y = self.run(self.x)

    def output(self):
        y = self.y.float().cpu().numpy()
        return np.moveaxis(y, 1, -1) if y.ndim == 4 else y


def turn(machine, engine):
    """Seconds of a call: as many in a row as take about a turn."""
    calls = 1
    while True:
        seconds = machine.seconds(engine.call, calls)
        if seconds >= machine.turn:
            return seconds / calls
        calls = max(calls + 1, int(calls * 1.2 * machine.turn / max(seconds, 1e-6)))


@contextlib.contextmanager
def torch_settings(machine, precision):
    torch, allowed = machine.torch, precision != "fp32"
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = allowed
    with torch.no_grad(), machine.current():
        yield


def medians(machine, engines, rounds=ROUNDS):
    """{name: seconds of a call}; engines take turns."""
    times = {engine.name: [] for engine in engines}
    for i in range(rounds):
        for engine in engines[i % len(engines) :] + engines[: i % len(engines)]:
            times[engine.name].append(turn(machine, engine))
    return {name: statistics.median(seconds) for name, seconds in times.items()}


def time_network(machine, path, folder, model, precision, batch):
    """A row of results: of each engine seconds, and how far its output is from dlc's; why others failed."""
    row = {"engines": {}, "failed": {}}
    weights = reference.Random(seed=7)
    graph = to_onnx.Graph(model, weights)
    engines = []
    with torch_settings(machine, precision):
        makers = {"dlc": lambda: Dlc(machine, path, folder, model, weights.tensors, batch)}
        for mode in machine.modes:
            makers[mode] = lambda mode=mode: Torch(machine, model, graph, precision, batch, mode)
        for name, make in makers.items():
            try:
                engines.append(make())
            except Exception as reason:  # an engine's own failure must not end the run
                row["failed"][name] = " ".join(f"{type(reason).__name__}: {reason}".split())[:300]
        if not engines:
            return row
        want = engines[0].output().astype(np.float64)
        for name, seconds in medians(machine, engines).items():
            row["engines"][name] = {"seconds": seconds}
        for engine in engines:
            row["engines"][engine.name]["difference"] = difference(engine.output(), want)
    return row
