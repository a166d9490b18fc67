#!/usr/bin/python3
"""Trains models/digits_cnn on the 8x8 digits; the only provenance of its weights.

    tools/scripts/train_digits.py ../shared/data/datasets/sklearn/digits.csv models

digits.csv is scikit-learn's: 64 grey values 0..16 and the label, 1797 rows; the last 450
are held out. Writes digits_cnn.safetensors, digits_sample.npy [16, 8, 8, 1] and
digits_sample_labels.npy [16] (the first held-out digits) into the folder. Adam, half of
the batches shifted at random by up to one pixel, numpy only.
"""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "test", "e2e"))
import dlctest
from reference import softmax

HELD_OUT, EPOCHS, BATCH, RATE = 450, 120, 32, 2e-3
RNG = np.random.default_rng(7)


def patches(x):
    """[n, h, w, c] -> [n, h, w, 9*c]: the 3x3 neighbourhood of every pixel, zeros outside."""
    h, w = x.shape[1:3]
    p = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return np.concatenate([p[:, i : i + h, j : j + w] for i in range(3) for j in range(3)], -1)


def conv_relu_pool(x, kernel, bias):
    """Returns the pooled map and what backward needs."""
    columns = patches(x)
    y = np.maximum(columns @ kernel.reshape(-1, kernel.shape[3]) + bias, 0)
    n, h, w, c = y.shape
    cells = y.reshape(n, h // 2, 2, w // 2, 2, c)
    pooled = cells.max((2, 4))
    mask = (cells == pooled[:, :, None, :, None]) & (cells > 0)
    return pooled, (columns, mask, x.shape)


def backward(grad, kernel, saved):
    columns, mask, shape = saved
    g = (grad[:, :, None, :, None] * mask).reshape(*shape[:3], kernel.shape[3])
    d_kernel = np.tensordot(columns, g, ((0, 1, 2), (0, 1, 2))).reshape(kernel.shape)
    d_columns = g @ kernel.reshape(-1, kernel.shape[3]).T
    h, w, c = shape[1:]
    padded = np.zeros((shape[0], h + 2, w + 2, c))
    for i in range(3):
        for j in range(3):
            k = (3 * i + j) * c
            padded[:, i : i + h, j : j + w] += d_columns[..., k : k + c]
    return padded[:, 1:-1, 1:-1], d_kernel, g.sum((0, 1, 2))


def forward(p, x):
    a, saved1 = conv_relu_pool(x / 16, p["conv1/kernel"], p["conv1/bias"])
    b, saved2 = conv_relu_pool(a, p["conv2/kernel"], p["conv2/bias"])
    flat = b.reshape(len(x), -1)
    return softmax(flat @ p["out/kernel"] + p["out/bias"]), (saved1, saved2, b.shape, flat)


def gradients(p, x, labels):
    probabilities, (saved1, saved2, shape, flat) = forward(p, x)
    d = probabilities.copy()
    d[np.arange(len(x)), labels] -= 1
    d /= len(x)
    g = {"out/kernel": flat.T @ d, "out/bias": d.sum(0)}
    grad = (d @ p["out/kernel"].T).reshape(shape)
    grad, g["conv2/kernel"], g["conv2/bias"] = backward(grad, p["conv2/kernel"], saved2)
    _, g["conv1/kernel"], g["conv1/bias"] = backward(grad, p["conv1/kernel"], saved1)
    return g


def shifted(x):
    """Every digit moved by -1, 0 or 1 pixels in both directions."""
    p, out = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))), np.empty_like(x)
    for i, (r, c) in enumerate(RNG.integers(0, 3, (len(x), 2))):
        out[i] = p[i, r : r + 8, c : c + 8]
    return out


def train(p, x, labels):
    m = {k: np.zeros_like(v) for k, v in p.items()}
    v = {k: np.zeros_like(w) for k, w in p.items()}
    step = 0
    for epoch in range(EPOCHS):
        order = RNG.permutation(len(x))
        rate = RATE * (1 - epoch / EPOCHS)
        for at in range(0, len(x), BATCH):
            pick, step = order[at : at + BATCH], step + 1
            images = shifted(x[pick]) if RNG.random() < 0.5 else x[pick]
            for k, g in gradients(p, images, labels[pick]).items():
                m[k] = 0.9 * m[k] + 0.1 * g
                v[k] = 0.999 * v[k] + 0.001 * g * g
                p[k] -= rate * (m[k] / (1 - 0.9**step)) / (np.sqrt(v[k] / (1 - 0.999**step)) + 1e-7)


def accuracy(p, x, labels):
    return float((forward(p, x)[0].argmax(1) == labels).mean())


def main():
    table, folder = np.loadtxt(sys.argv[1], delimiter=","), sys.argv[2]
    x, labels = table[:, :64].reshape(-1, 8, 8, 1), table[:, 64].astype(int)
    cut = len(x) - HELD_OUT
    shapes = {"conv1": (3, 3, 1, 16), "conv2": (3, 3, 16, 32), "out": (128, 10)}
    p = {}
    for name, shape in shapes.items():
        p[name + "/kernel"] = RNG.standard_normal(shape) * np.sqrt(2 / np.prod(shape[:-1]))
        p[name + "/bias"] = np.zeros(shape[-1])
    train(p, x[:cut], labels[:cut])
    print(
        f"trained on {accuracy(p, x[:cut], labels[:cut]):.4f}, held out {accuracy(p, x[cut:], labels[cut:]):.4f}"
    )
    note = {"note": "trained by tools/scripts/train_digits.py on scikit-learn's digits (UCI, 8x8)"}
    dlctest.write_safetensors(os.path.join(folder, "digits_cnn.safetensors"), p, note)
    np.save(os.path.join(folder, "digits_sample.npy"), x[cut : cut + 16].astype(np.float32))
    np.save(os.path.join(folder, "digits_sample_labels.npy"), labels[cut : cut + 16].astype(np.int32))


if __name__ == "__main__":
    main()
