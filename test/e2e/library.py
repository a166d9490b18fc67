"""A compiled library through its C interface (runtime/dlc_runtime.h), with ctypes.

    with library.Library(path) as lib:
        with lib.create(max_batch=32, training=True, seed=1) as model:
            model.load("weights.safetensors")
            loss = model.train_step([images], [labels])

Arrays go in and out as numpy arrays; a status that is not DLC_OK becomes an Error with its message.
"""

import ctypes
from ctypes import POINTER, byref, c_char_p, c_double, c_float, c_int32, c_int64, c_uint64, c_void_p

import numpy as np

DTYPES = {1: np.float32, 2: np.uint8, 3: np.int32, 4: np.int64}
CODES = {np.dtype(t): code for code, t in DTYPES.items()}


class Error(Exception):
    """What a call answered: `status` and its message."""

    def __init__(self, status, message):
        super().__init__(f"status {status}: {message}")
        self.status, self.message = status, message


class Buffer(ctypes.Structure):  # dlc_in and dlc_out
    _fields_ = [("data", c_void_p), ("dtype", c_int32)]


class TensorInfo(ctypes.Structure):
    _fields_ = [("name", c_char_p), ("dtype", c_int32), ("rank", c_int32), ("extents", c_int64 * 8)]

    @property
    def shape(self):
        return tuple(self.extents[: self.rank])


class Tensor(ctypes.Structure):
    _fields_ = [("info", TensorInfo), ("data", c_void_p)]


def values(tensor):
    """What a dlc_tensor of floats points to, as a numpy array in its place."""
    size = int(np.prod(tensor.info.shape, dtype=np.int64))
    data = np.ctypeslib.as_array(ctypes.cast(tensor.data, POINTER(c_float)), (size,))
    return data.reshape(tensor.info.shape)


JOINT_MEAN = ctypes.CFUNCTYPE(None, c_void_p, POINTER(c_float), c_int64)
ON_GRADIENT = ctypes.CFUNCTYPE(None, c_void_p, POINTER(Tensor))


class ModelInfo(ctypes.Structure):
    _fields_ = [
        ("size", c_uint64),
        ("name", c_char_p),
        ("static_batch", c_int64),
        *[(n, c_int32) for n in ("num_inputs", "num_outputs", "num_params", "num_variants")],
        *[(n, POINTER(TensorInfo)) for n in ("inputs", "outputs", "params")],
        ("variants", POINTER(c_char_p)),
        *[(f"arena_{n}_bytes", c_int64) for n in ("const", "batch", "thread")],
        *[(n, c_int32) for n in ("num_targets", "num_metrics")],
        ("targets", POINTER(TensorInfo)),
        ("metrics", POINTER(c_char_p)),
        *[(f"train_arena_{n}_bytes", c_int64) for n in ("const", "batch", "thread")],
    ]


class Options(ctypes.Structure):
    _fields_ = [
        ("size", c_uint64),
        ("max_batch", c_int64),
        ("threads", c_int32),
        ("training", c_int32),
        ("seed", c_uint64),
        ("memory", c_void_p),
        ("memory_size", c_uint64),
        *[(n, c_void_p) for n in ("allocate", "release", "allocator_user", "parallel_for", "parallel_for_user")],
        ("cpu_variant", c_char_p),
        ("error", c_char_p),
        ("error_size", c_uint64),
        *[(n, c_int32) for n in ("target", "device")],
        ("stream", c_void_p),
        ("on_gradient", ON_GRADIENT),
        ("joint_mean", JOINT_MEAN),
        ("joint_user", c_void_p),
    ]


class Schedule(ctypes.Structure):
    _fields_ = [
        ("learning_rate", c_double),
        ("kind", c_int64),
        *[(n, c_double) for n in ("gamma", "power", "minimum", "period")],
        ("warmup_steps", c_int64),
    ]


CPU, CUDA = 1, 2  # dlc_target
BUFFERS = POINTER(Buffer)
FUNCTIONS = {  # name -> result and arguments, in the order of dlc_entry
    "info": (POINTER(ModelInfo), []),
    "create": (c_int32, [POINTER(Options), POINTER(c_void_p)]),
    "load": (c_int32, [c_void_p, c_char_p]),
    "load_memory": (c_int32, [c_void_p, c_void_p, c_uint64]),
    "forward": (c_int32, [c_void_p, c_int64, BUFFERS, BUFFERS]),
    "variant": (c_char_p, [c_void_p]),
    "error": (c_char_p, [c_void_p]),
    "destroy": (None, [c_void_p]),
    "save_prepared": (c_int32, [c_void_p, c_char_p]),
    "train_step": (c_int32, [c_void_p, c_int64, BUFFERS, BUFFERS, POINTER(c_float)]),
    "differentiate": (c_int32, [c_void_p, c_int64, BUFFERS, BUFFERS, POINTER(c_float)]),
    "backward": (c_int32, [c_void_p, c_int64, BUFFERS, BUFFERS, BUFFERS]),
    "update": (c_int32, [c_void_p]),
    "zero_grad": (c_int32, [c_void_p]),
    "evaluate": (c_int32, [c_void_p, c_int64, BUFFERS, BUFFERS, POINTER(c_double)]),
    "gradients": (c_int32, [c_void_p, POINTER(Tensor), POINTER(c_int64)]),
    "save": (c_int32, [c_void_p, c_char_p]),
    "save_state": (c_int32, [c_void_p, c_char_p]),
    "load_state": (c_int32, [c_void_p, c_char_p]),
    "set_schedule": (c_int32, [c_void_p, POINTER(Schedule)]),
    "get_schedule": (c_int32, [c_void_p, POINTER(Schedule)]),
    "learning_rate": (c_double, [c_void_p]),
    "step": (c_int64, [c_void_p]),
    "set_first_sample": (c_int32, [c_void_p, c_int64]),
    "warm": (c_int32, [c_void_p, c_int64]),
}


class Entry(ctypes.Structure):
    _fields_ = [("size", c_uint64), ("version", c_uint64)] + [
        (name, ctypes.CFUNCTYPE(result, *arguments)) for name, (result, arguments) in FUNCTIONS.items()
    ]


def buffers(arrays):
    """A C array of dlc_in or dlc_out; the numpy arrays must outlive it. None is a NULL."""
    result = (Buffer * max(1, len(arrays)))()
    for place, array in zip(result, arrays):
        if array is None:
            place.dtype = 1
            continue
        assert array.flags.c_contiguous and array.dtype in CODES, (array.flags, array.dtype)
        place.data, place.dtype = array.ctypes.data, CODES[array.dtype]
    return result


class Library:
    def __init__(self, path):
        self.handle = ctypes.CDLL(path, mode=ctypes.RTLD_LOCAL)
        self.handle.dlc_model_entry.restype = POINTER(Entry)
        self.entry = self.handle.dlc_model_entry().contents
        self.info = self.entry.info().contents

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def tensors(self, kind):
        """[(name, shape, dtype)] of "inputs", "outputs", "params" or "targets"."""
        infos = getattr(self.info, kind)
        return [(t.name.decode(), t.shape, DTYPES[t.dtype]) for t in infos[: getattr(self.info, "num_" + kind)]]

    def create(self, max_batch=1, threads=1, training=False, seed=0, **options):
        """`options`: on_gradient(name, array) and joint_mean(array), called while the model differentiates;
        further fields of dlc_options, such as target=CUDA."""
        return Model(self, max_batch, threads, training, seed, **options)


class Model:
    """An instance; destroyed at the end of its `with`."""

    def __init__(self, library, max_batch, threads, training, seed, on_gradient=None, joint_mean=None, **more):
        self.library, self.entry, self.handle = library, library.entry, c_void_p()
        text = ctypes.create_string_buffer(1024)
        options = Options(
            size=ctypes.sizeof(Options), max_batch=max_batch, threads=threads, training=training, seed=seed, **more
        )
        options.error, options.error_size = ctypes.cast(text, c_char_p), len(text)
        if on_gradient:
            options.on_gradient = ON_GRADIENT(lambda _, t: on_gradient(t[0].info.name.decode(), values(t[0])))
        if joint_mean:
            options.joint_mean = JOINT_MEAN(lambda _, data, n: joint_mean(np.ctypeslib.as_array(data, (n,))))
        self.hooks = options.on_gradient, options.joint_mean  # must outlive the instance
        status = self.entry.create(byref(options), byref(self.handle))
        if status:
            raise Error(status, text.value.decode())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.entry.destroy(self.handle)

    def call(self, name, *arguments):
        """A function that answers a status."""
        status = getattr(self.entry, name)(self.handle, *arguments)
        if status:
            raise Error(status, self.entry.error(self.handle).decode())

    def load(self, path):
        self.call("load", str(path).encode())

    def save(self, path, state=False):
        self.call("save_state" if state else "save", str(path).encode())

    def load_state(self, path):
        self.call("load_state", str(path).encode())

    def forward(self, inputs):
        batch = inputs[0].shape[0]
        outputs = [np.zeros((batch, *s[1:]), t) for _, s, t in self.library.tensors("outputs")]
        self.call("forward", batch, buffers(inputs), buffers(outputs))
        return outputs

    def train_step(self, inputs, targets, name="train_step"):
        """One step; returns the loss. `name`: "differentiate" leaves the parameters alone."""
        loss = c_float()
        self.call(name, inputs[0].shape[0], buffers(inputs), buffers(targets), byref(loss))
        return loss.value

    def backward(self, inputs, output_grads, skip=()):
        """A vector-Jacobian product: gradients of the inputs; None for integer ones and those in `skip`."""
        kinds = self.library.tensors("inputs")
        grads = [
            None if i in skip or t != np.float32 else np.zeros((inputs[0].shape[0], *s[1:]), np.float32)
            for i, (_, s, t) in enumerate(kinds)
        ]
        self.call("backward", inputs[0].shape[0], buffers(inputs), buffers(output_grads), buffers(grads))
        return grads

    def evaluate(self, inputs, targets):
        """{metric: mean over the batch}"""
        count = self.library.info.num_metrics
        values = (c_double * count)()
        self.call("evaluate", inputs[0].shape[0], buffers(inputs), buffers(targets), values)
        return {self.library.info.metrics[i].decode(): values[i] for i in range(count)}

    def gradients(self):
        """{parameter: copy of its gradient}"""
        count = c_int64(0)
        self.call("gradients", None, byref(count))
        list_ = (Tensor * max(1, count.value))()
        self.call("gradients", list_, byref(count))
        result = {}
        for tensor in list_[: count.value]:
            result[tensor.info.name.decode()] = values(tensor).copy()
        return result

    def set_first_sample(self, number):
        self.call("set_first_sample", number)

    def step(self):
        return self.entry.step(self.handle)

    def learning_rate(self):
        return self.entry.learning_rate(self.handle)
