"""The first 100 training losses of the small MNIST network in PyTorch: writes mnist-losses.json beside this file.

Run: OCELLI_DATA=FOLDER python3 mnist-losses.py (torch 2.13; FOLDER/mnist has the two train-*.gz files of MNIST).

Network: conv 5x5, 16 channels, padding 2 · ReLU · max pool 2 · conv 5x5, 32, padding 2 · ReLU · max pool 2 · linear to 10
logits; no dropout, no normalisation. Loss: cross entropy, mean over the batch. Adam, rate 1e-3, betas 0.9 and 0.999,
eps 1e-8, no weight decay. Losses are those of the forward pass before each step. Nothing is random:

- value i (0-based, row-major) of a parameter is float32((hash(seed, i) / 2^31 − 1) · bound) with float64 arithmetic
  before the rounding, bound = 1/sqrt(fan_in) in float64 (PyTorch's default range), and in 32-bit unsigned integers
  hash(seed, i) = mix(i · 2654435761 + seed), mix(h): h ^= h>>>16; h *= 0x85ebca6b; h ^= h>>>13; h *= 0xc2b2ae35;
  h ^= h>>>16 (MurmurHash3's finaliser; Math.imul in JavaScript);
- batch k (0-based) is samples 64k to 64k+63 in file order.

Three series: "scaled" (MNIST, pixels / 255 in float32), "raw" (MNIST, pixels 0..255) and "generated", which needs no
files: sample s has label hash(8, s) mod 10, and byte p = 0..783 of it is hash(7, 784·s + p) >>> 25, plus 128 in the rows
3·label to 3·label + 2 (label 9 has only row 27); then / 255 in float32.

Each series has the losses in float32 and in float64 (same initial values and pixels), the greatest relative difference
between the two (how far float32 itself drifts), the first step (0-based) at which that exceeds 1e-4 and 1e-3, and
checksums of each parameter after step 100, in float32. "firstValues" has the first values of each parameter before step 1.
"""

import gzip
import json
import math
import os
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

BATCH_SIZE = 64
STEPS = 100
LEARNING_RATE = 1e-3
SHAPES = {
    "conv1.0.weight": (16, 1, 5, 5),
    "conv1.0.bias": (16,),
    "conv2.0.weight": (32, 16, 5, 5),
    "conv2.0.bias": (32,),
    "out.weight": (10, 1568),
    "out.bias": (10,),
}
PARAMETERS = [
    {"name": name, "shape": list(shape), "seed": seed, "bound": 1 / math.sqrt(fan_in)}
    for seed, ((name, shape), fan_in) in enumerate(zip(SHAPES.items(), (25, 25, 400, 400, 1568, 1568)), start=1)
]


def hashes(seed, indices):
    """hash(seed, i) of every index, as uint32."""
    h = indices.astype(np.uint32) * np.uint32(2654435761) + np.uint32(seed)
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return h ^ (h >> np.uint32(16))


def initial(parameter):
    count = math.prod(parameter["shape"])
    values = (hashes(parameter["seed"], np.arange(count)).astype(np.float64) / 2**31 - 1) * parameter["bound"]
    return torch.from_numpy(values.astype(np.float32)).reshape(parameter["shape"])


def generated():
    samples = np.arange(STEPS * BATCH_SIZE)
    labels = hashes(8, samples) % 10
    noise = hashes(7, np.arange(len(samples) * 784)).reshape(-1, 784) >> np.uint32(25)
    bright = (np.arange(784) // 28 // 3)[None, :] == labels[:, None]
    pixels = noise + np.uint32(128) * bright
    return torch.from_numpy(pixels.astype(np.float32)).reshape(-1, 1, 28, 28) / 255, torch.from_numpy(labels.astype(int))


def mnist(divisor):
    folder = pathlib.Path(os.environ["OCELLI_DATA"]) / "mnist"
    count = STEPS * BATCH_SIZE
    images = gzip.open(folder / "train-images-idx3-ubyte.gz").read()[16 : 16 + count * 784]
    labels = gzip.open(folder / "train-labels-idx1-ubyte.gz").read()[8 : 8 + count]
    pixels = np.frombuffer(images, np.uint8).astype(np.float32).reshape(-1, 1, 28, 28)
    return torch.from_numpy(pixels) / divisor, torch.tensor(list(labels))


def logits(p, x):
    x = F.max_pool2d(F.relu(F.conv2d(x, p["conv1.0.weight"], p["conv1.0.bias"], padding=2)), 2)
    x = F.max_pool2d(F.relu(F.conv2d(x, p["conv2.0.weight"], p["conv2.0.bias"], padding=2)), 2)
    return F.linear(x.flatten(1), p["out.weight"], p["out.bias"])


def train(images, labels, dtype, layout=torch.contiguous_format):
    """Losses of 100 steps and the parameters after them."""
    parameters = {p["name"]: initial(p).to(dtype) for p in PARAMETERS}
    for name, value in parameters.items():
        if value.dim() == 4:
            parameters[name] = value.contiguous(memory_format=layout)
        parameters[name].requires_grad_()
    adam = torch.optim.Adam(parameters.values(), lr=LEARNING_RATE)
    losses = []
    for k in range(STEPS):
        batch = slice(k * BATCH_SIZE, (k + 1) * BATCH_SIZE)
        loss = F.cross_entropy(logits(parameters, images[batch].to(dtype, memory_format=layout)), labels[batch])
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())
    return losses, parameters


def number(value):
    return float(f"{value:.9g}")


def drift(losses, exact):
    return max(abs(a - b) / abs(b) for a, b in zip(losses, exact))


def first_above(limit, losses, exact):
    return next((k for k, pair in enumerate(zip(losses, exact)) if drift(*[[v] for v in pair]) > limit), None)


def series(name, images, labels):
    losses, parameters = train(images, labels, torch.float32)
    exact, _ = train(images, labels, torch.float64)
    torch.set_num_threads(2)
    two, _ = train(images, labels, torch.float32)
    torch.set_num_threads(1)
    other, _ = train(images, labels, torch.float32, torch.channels_last)
    print(
        f"{name}: loss {losses[0]:.4f} to {losses[-1]:.4f}; greatest relative difference float32 to float64 "
        f"{drift(losses, exact):.2e}, channels_last to float64 {drift(other, exact):.2e}, "
        f"channels_last to default {drift(other, losses):.2e}, two threads to one {drift(two, losses):.2e}"
    )
    return {
        "losses": [number(v) for v in losses],
        "losses64": [number(v) for v in exact],
        "float32Drift": float(f"{drift(losses, exact):.3g}"),
        "driftExceeds1e-4At": first_above(1e-4, losses, exact),
        "driftExceeds1e-3At": first_above(1e-3, losses, exact),
        "finalChecksums": {
            key: {"mean": number(v.double().mean()), "meanAbsolute": number(v.double().abs().mean())}
            for key, v in parameters.items()
        },
    }


torch.backends.nnpack.set_flags(False)  # it only warns where the processor is not on its list
torch.set_num_threads(1)  # so that sums are added in one order whatever the machine's cores
fixture = {
    "description": "The first 100 training losses of the small MNIST network in PyTorch; all is explained in mnist-losses.py.",
    "torch": torch.__version__.split("+")[0],
    "learningRate": LEARNING_RATE,
    "batchSize": BATCH_SIZE,
    "parameters": PARAMETERS,
    "firstValues": {p["name"]: [number(v) for v in initial(p).flatten()[:4].tolist()] for p in PARAMETERS},
    "series": {
        "generated": series("generated", *generated()),
        "scaled": series("scaled", *mnist(255)),
        "raw": series("raw", *mnist(1)),
    },
}
text = ",\n".join(f'"{key}":{json.dumps(value, separators=(",", ":"))}' for key, value in fixture.items())
pathlib.Path(__file__).with_suffix(".json").write_text(f"{{\n{text}\n}}\n")
