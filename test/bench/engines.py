"""The engines of peers.py: each prepares one network for one batch size and thread count.

An engine is made by `Engine(job)` and then has `call`, a callable without arguments that
runs one forward pass from `job.x` into `out`, both fixed arrays. dlc, ONNX Runtime and
OpenVINO are all called through their C interfaces with ctypes, arguments converted
beforehand, so all three pay the same half microsecond of Python. PyTorch has no C
interface and is called as its users call it.
"""

import ctypes
import functools
import glob
import importlib.metadata
import importlib.util
import os
from ctypes import POINTER, byref, c_char_p, c_float, c_int, c_int32, c_int64, c_size_t, c_uint64, c_void_p

import numpy as np

import to_onnx  # puts test/e2e on the path
import library  # noqa: I001


class Missing(Exception):
    """An engine that cannot run here; the text says why."""


class Job:
    """What all engines of a cell share.

    `x`: float32 [batch, h, w, c]; `cpus`: one for each thread; `graph`: to_onnx.Graph; `library`: dlc's .so;
    `weights`, `onnx`: files; `out_shape`: [k] or [h, w, c] of one sample.
    """

    def __init__(self, x, cpus, graph, library, weights, onnx):
        self.x, self.batch, self.cpus, self.threads = x, x.shape[0], cpus, len(cpus)
        self.graph, self.library, self.weights, self.onnx = graph, library, weights, onnx
        self.out_shape = graph.output.shape

    def nchw(self):
        """The input in the peers' layout."""
        return np.ascontiguousarray(np.moveaxis(self.x, -1, 1) if self.x.ndim == 4 else self.x)


def version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        raise Missing(f"{package} is not installed") from None


def package_file(package, *pattern):
    version(package)
    folder = os.path.dirname(importlib.util.find_spec(package).origin)
    found = sorted(glob.glob(os.path.join(folder, *pattern)))
    if not found:
        raise Missing(f"{package} is installed without {pattern[-1]}")
    return found[0]


def aligned(shape):
    """float32 zeros at a multiple of 64 bytes, so that no engine gets a worse buffer."""
    count = int(np.prod(shape))
    raw = np.zeros(count + 16, np.float32)
    skip = (-raw.ctypes.data % 64) // 4
    return raw[skip : skip + count].reshape(shape)


def aligned_copy(array):
    copy = aligned(array.shape)
    copy[...] = array
    return copy


class PeerBuffers:
    """Input and output of a peer that wants NCHW."""

    def __init__(self, job):
        self.x = aligned_copy(job.nchw())
        self.out = aligned((job.batch, *to_onnx.nchw(job.out_shape)))

    def output(self):
        return np.moveaxis(self.out, 1, -1) if self.out.ndim == 4 else self.out


# dlc ---------------------------------------------------------------------------------------


class Dlc:
    name = "dlc"

    def __init__(self, job):
        self.x = aligned_copy(job.x)
        self.out = aligned((job.batch, *job.out_shape))
        try:
            self.model = library.Library(job.library).create(job.batch, job.threads)
            self.model.load(job.weights)
        except library.Error as error:
            raise Missing(f"dlc: {error}") from None
        self.buffers = library.buffers([self.x]), library.buffers([self.out])
        entry, handle = self.model.entry, self.model.handle
        self.call = functools.partial(entry.forward, handle, c_int64(job.batch), *self.buffers)
        if self.call():
            raise Missing(f"dlc: {entry.error(handle).decode()}")
        self.note = entry.variant(handle).decode()

    def output(self):
        return self.out

    def close(self):
        self.model.entry.destroy(self.model.handle)


# ONNX Runtime ------------------------------------------------------------------------------


class OrtApi:
    """ONNX Runtime's C functions by their index in OrtApi, which its ABI promise fixes
    (onnxruntime_c_api.h; version 11 of the table holds all of these)."""

    INDEX = {
        "GetErrorMessage": 2,
        "CreateEnv": 3,
        "CreateSession": 7,
        "Run": 9,
        "CreateSessionOptions": 10,
        "SetSessionGraphOptimizationLevel": 23,
        "SetIntraOpNumThreads": 24,
        "CreateTensorWithDataAsOrtValue": 49,
        "CreateCpuMemoryInfo": 69,
        "ReleaseSession": 95,
        "AddFreeDimensionOverrideByName": 124,
        "AddSessionConfigEntry": 130,
    }
    FLOAT, ALL_OPTIMIZATIONS, WARNING = 1, 99, 2

    def __init__(self):
        lib = ctypes.CDLL(package_file("onnxruntime", "capi", "libonnxruntime.so*"))
        lib.OrtGetApiBase.restype = POINTER(c_void_p)
        get_api = ctypes.CFUNCTYPE(POINTER(c_void_p), ctypes.c_uint32)(lib.OrtGetApiBase()[0])
        self.table = get_api(11)
        self.env = self.make("CreateEnv", c_int(self.WARNING), c_char_p(b"bench"))

    def function(self, name, *types):
        return ctypes.CFUNCTYPE(c_void_p, *types)(self.table[self.INDEX[name]])

    def do(self, name, *arguments):
        status = self.function(name, *[type(a) for a in arguments])(*arguments)
        if status and not name.startswith("Release"):
            message = ctypes.CFUNCTYPE(c_char_p, c_void_p)(self.table[self.INDEX["GetErrorMessage"]])(status)
            raise Missing(f"ONNX Runtime: {name}: {message.decode()}")

    def make(self, name, *arguments):
        made = c_void_p()
        self.do(name, *arguments, ctypes.cast(byref(made), c_void_p))
        return made


@functools.cache
def ort_api():
    return OrtApi()


class Ort:
    """`spin`: idle threads poll for work (its default) or sleep."""

    name = "ONNX Runtime"

    def __init__(self, job, spin=True):
        api, self.buffers = ort_api(), PeerBuffers(job)
        options = api.make("CreateSessionOptions")
        api.do("SetIntraOpNumThreads", options, c_int(job.threads))
        api.do("SetSessionGraphOptimizationLevel", options, c_int(OrtApi.ALL_OPTIMIZATIONS))
        api.do("AddFreeDimensionOverrideByName", options, c_char_p(b"batch"), c_int64(job.batch))
        entries = {"session.intra_op.allow_spinning": "1" if spin else "0"}
        if job.threads > 1:  # of all but the caller; it counts CPUs from 1
            entries["session.intra_op_thread_affinities"] = ";".join(str(cpu + 1) for cpu in job.cpus[1:])
        for entry in entries.items():
            api.do("AddSessionConfigEntry", options, *[c_char_p(s.encode()) for s in entry])
        self.session = api.make("CreateSession", api.env, c_char_p(job.onnx.encode()), options)
        memory = api.make("CreateCpuMemoryInfo", c_int(0), c_int(0))
        self.values = [self.tensor(api, memory, a) for a in (self.buffers.x, self.buffers.out)]
        names = [(c_char_p * 1)(b"input"), (c_char_p * 1)(b"output")]
        cells = [(c_void_p * 1)(v.value) for v in self.values]
        types = [c_void_p] * 4 + [c_size_t, c_void_p, c_size_t, c_void_p]
        pointer = lambda a: ctypes.cast(a, c_void_p)
        arguments = [self.session, None, pointer(names[0]), pointer(cells[0]), c_size_t(1)]
        arguments += [pointer(names[1]), c_size_t(1), pointer(cells[1])]
        self.kept = names, cells
        self.call = functools.partial(api.function("Run", *types), *arguments)
        api.do("Run", *[c_void_p(a) if a is None else a for a in arguments])
        self.note = "" if job.threads == 1 else "spinning" if spin else "sleeping"

    @staticmethod
    def tensor(api, memory, array):
        shape = (c_int64 * array.ndim)(*array.shape)
        data = [c_void_p(array.ctypes.data), c_size_t(array.nbytes)]
        dims = [ctypes.cast(shape, c_void_p), c_size_t(array.ndim), c_int(OrtApi.FLOAT)]
        return api.make("CreateTensorWithDataAsOrtValue", memory, *data, *dims)

    def output(self):
        return self.buffers.output()

    def close(self):
        ort_api().do("ReleaseSession", self.session)


# OpenVINO ----------------------------------------------------------------------------------


class OvShape(ctypes.Structure):
    _fields_ = [("rank", c_int64), ("dims", POINTER(c_int64))]


class OvPartialShape(ctypes.Structure):
    _fields_ = [("rank_min", c_int64), ("rank_max", c_int64), ("dims", c_void_p)]


@functools.cache
def openvino_library():
    folder = package_file("openvino", "libs", "libopenvino_c.so*")
    lib = ctypes.CDLL(folder)
    lib.ov_get_last_err_msg.restype = c_char_p
    return lib


class OpenVino:
    name = "OpenVINO"

    def __init__(self, job):
        self.lib, self.buffers = openvino_library(), PeerBuffers(job)
        core, model, compiled, self.request = (c_void_p() for _ in range(4))
        self.do("ov_core_create", byref(core))
        self.do("ov_core_read_model", core, c_char_p(job.onnx.encode()), None, byref(model))
        partial = OvPartialShape()
        self.do("ov_shape_to_partial_shape", self.shape(self.buffers.x), byref(partial))
        self.do("ov_model_reshape_single_input", model, partial)
        # On CPUs with bf16 its default is bf16 arithmetic; all engines compute in float32 here.
        settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": str(job.threads),
            "INFERENCE_PRECISION_HINT": "f32",
            "NUM_STREAMS": "1",
            "ENABLE_CPU_PINNING": "YES",
        }
        pairs = [c_char_p(s.encode()) for item in settings.items() for s in item]
        compile = (core, model, c_char_p(b"CPU"), c_size_t(len(pairs)), byref(compiled), *pairs)
        self.do("ov_core_compile_model", *compile)
        self.do("ov_compiled_model_create_infer_request", compiled, byref(self.request))
        self.tensors = []
        for name, array in (("input", self.buffers.x), ("output", self.buffers.out)):
            tensor, data = c_void_p(), c_void_p(array.ctypes.data)
            kind = self.element_type(name)
            self.do("ov_tensor_create_from_host_ptr", kind, self.shape(array), data, byref(tensor))
            self.do(f"ov_infer_request_set_{name}_tensor_by_index", self.request, c_size_t(0), tensor)
            self.tensors.append(tensor)
        self.owned = [("infer_request", self.request), ("compiled_model", compiled)]
        self.owned += [("model", model), ("core", core)]
        infer = ctypes.CFUNCTYPE(c_int, c_void_p)(("ov_infer_request_infer", self.lib))
        self.call = functools.partial(infer, self.request)
        self.do("ov_infer_request_infer", self.request)
        self.note = ""

    def do(self, name, *arguments):
        if getattr(self.lib, name)(*arguments):
            raise Missing(f"OpenVINO: {name}: {(self.lib.ov_get_last_err_msg() or b'').decode()}")

    def element_type(self, name):
        """The number of float32 in this version, asked for rather than assumed."""
        tensor, kind = c_void_p(), c_int()
        self.do(f"ov_infer_request_get_{name}_tensor_by_index", self.request, c_size_t(0), byref(tensor))
        self.do("ov_tensor_get_element_type", tensor, byref(kind))
        return kind

    @staticmethod
    def shape(array):
        return OvShape(array.ndim, (c_int64 * array.ndim)(*array.shape))

    def output(self):
        return self.buffers.output()

    def close(self):
        for kind, pointer in self.owned:
            free = getattr(self.lib, f"ov_{kind}_free")
            free.restype = None
            free(pointer)


# PyTorch -----------------------------------------------------------------------------------


@functools.cache
def torch_inference():
    """Enters inference mode for good, so that no call pays for entering it."""
    import torch

    torch.inference_mode().__enter__()


class Torch:
    """Eager, or through torch.compile with frozen weights. `last`: channels_last tensors."""

    name = "PyTorch"

    def __init__(self, job, last=True, compile=False):
        version("torch")
        import torch

        import to_torch

        torch_inference()
        torch.set_num_threads(job.threads)
        module = to_torch.module(job.graph).eval()
        x = torch.from_numpy(aligned_copy(job.nchw()))
        if last and x.ndim == 4:
            module = module.to(memory_format=torch.channels_last)
            x = x.contiguous(memory_format=torch.channels_last)
        if compile:
            import torch._inductor.config

            torch._inductor.config.freezing = True
            torch.compiler.reset()
            module = torch.compile(module, dynamic=False)
        self.note = "channels_last" if last else "contiguous"
        self.run, self.x, self.torch = module, x, torch
        self.call()

    def call(self):
        self.y = self.run(self.x)

    def output(self):
        y = self.y.numpy()
        return np.moveaxis(y, 1, -1) if y.ndim == 4 else y

    def close(self):
        self.run = self.y = None


def makers(name, threads):
    """The settings of an engine worth trying; the fastest stands for it."""
    spins = (True, False) if threads > 1 else (True,)
    return {
        "dlc": [Dlc],
        "onnxruntime": [functools.partial(Ort, spin=s) for s in spins],
        "openvino": [OpenVino],
        "torch": [functools.partial(Torch, last=last) for last in (True, False)],
        "compile": [functools.partial(Torch, compile=True)],
    }[name]


TITLES = {
    "dlc": "dlc",
    "onnxruntime": "ONNX Runtime",
    "openvino": "OpenVINO",
    "torch": "PyTorch eager",
    "compile": "torch.compile",
}
PEERS = tuple(TITLES)[1:]
PACKAGES = {"onnxruntime": "onnxruntime", "openvino": "openvino", "torch": "torch", "compile": "torch"}
