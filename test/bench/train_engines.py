"""The engines of train_peers.py: each trains one network by SGD with momentum on a fixed batch.

An engine is made by `Engine(job)` and then has `step()`, one training step that returns the loss
before its update. All start from the same weights.
"""

import os
import sys

import numpy as np

BENCH = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(BENCH), "e2e"))

import library  # noqa: E402

RATE, MOMENTUM, BN_MOMENTUM = 0.01, 0.9, 0.99
STATISTICS = ("moving_mean", "moving_variance")


class Job:
    """`x`: float32 [batch, h, w, c]; `labels`: int32 [batch]; `graph`: to_onnx.Graph to the logits;
    `library`: dlc's .so, compiled with --train; `weights`: a safetensors file."""

    def __init__(self, x, labels, threads, graph, library, weights):
        self.x, self.labels, self.threads = x, labels, threads
        self.graph, self.library, self.weights = graph, library, weights

    def nchw(self):
        return np.ascontiguousarray(np.moveaxis(self.x, -1, 1) if self.x.ndim == 4 else self.x)


class Dlc:
    def __init__(self, job):
        self.job = job
        self.model = library.Library(job.library).create(len(job.x), job.threads, training=True)
        self.model.load(job.weights)

    def step(self):
        return self.model.train_step([self.job.x], [self.job.labels])


class Torch:
    """`compiled`: through torch.compile, the optimiser's step too."""

    def __init__(self, job, compiled=False):
        import to_torch
        import torch

        torch.set_num_threads(job.threads)
        network = to_torch.module(job.graph, trainable=True).to(memory_format=torch.channels_last)
        x = torch.from_numpy(job.nchw())
        x = x.contiguous(memory_format=torch.channels_last) if x.dim() == 4 else x
        labels = torch.from_numpy(job.labels.astype(np.int64))
        rate = torch.optim.SGD(network.parameters(), RATE, MOMENTUM)

        def step():
            rate.zero_grad(set_to_none=True)
            loss = torch.nn.functional.cross_entropy(network(x), labels)
            loss.backward()
            rate.step()
            return loss.detach()

        if compiled:
            network = torch.compile(network)
            rate.step = torch.compile(rate.step)
        self.run = step

    def step(self):
        return float(self.run())


class TorchCompile(Torch):
    def __init__(self, job):
        super().__init__(job, compiled=True)


class Jax:
    def __init__(self, job):
        import jax
        import jax.numpy as jnp
        import to_jax

        graph, x, labels = job.graph, jnp.asarray(job.nchw()), jnp.asarray(job.labels)

        def loss(trained, fixed):
            logits, statistics = to_jax.apply(graph, {**trained, **fixed}, x)
            log = jax.nn.log_softmax(logits)
            return -jnp.take_along_axis(log, labels[:, None], 1).mean(), statistics

        def step(trained, fixed, velocity):
            (value, new), gradient = jax.value_and_grad(loss, has_aux=True)(trained, fixed)
            velocity = {k: MOMENTUM * v + gradient[k] for k, v in velocity.items()}
            trained = {k: w - RATE * velocity[k] for k, w in trained.items()}
            fixed = {k: BN_MOMENTUM * v + (1 - BN_MOMENTUM) * new[k] for k, v in fixed.items()}
            return value, trained, fixed, velocity

        weights = {k: jnp.asarray(v) for k, v in graph.weights.items()}
        fixed = {k: v for k, v in weights.items() if k.endswith(STATISTICS)}
        trained = {k: v for k, v in weights.items() if k not in fixed}
        self.state = trained, fixed, {k: jnp.zeros_like(v) for k, v in trained.items()}
        self.run = jax.jit(step, donate_argnums=(0, 1, 2))

    def step(self):
        value, *self.state = self.run(*self.state)
        return float(value)


ENGINES = {"dlc": Dlc, "torch": Torch, "compile": TorchCompile, "jax": Jax}
TITLES = {"dlc": "dlc", "torch": "PyTorch", "compile": "torch.compile", "jax": "JAX"}
