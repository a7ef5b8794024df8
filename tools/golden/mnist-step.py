"""One training step of the small MNIST network: writes mnist-step.json and mnist-step.bin beside this file.

Run: python3 mnist-step.py (torch 2.13). The network is that of mnist-losses.py, and so are its first weights and, as
"images" [N, 1, 28, 28], the pixels and labels of the series "generated" without their division by 255, which makes raw
bytes as training has them. All is computed in float64.

The .bin has, in float32 little-endian, the gradients of the mean cross entropy for 16 images and then for the first 5 of
them: each the six parameters in order. The .json has for each batch the loss and the logits, and each parameter after one
step of Adam and of SGD (settings in the file); of the two large ones ("every") only every 53rd element, from the first.
"""

import json
import math
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

EVERY = {"conv2.0.weight": 53, "out.weight": 53}
torch.backends.nnpack.set_flags(False)  # it only warns where the processor is not on its list
ADAM = {"lr": 1e-3}
SGD = {"lr": 0.01, "momentum": 0.9, "weight_decay": 1e-4}
SHAPES = {
    "conv1.0.weight": ((16, 1, 5, 5), 25),
    "conv1.0.bias": ((16,), 25),
    "conv2.0.weight": ((32, 16, 5, 5), 400),
    "conv2.0.bias": ((32,), 400),
    "out.weight": ((10, 1568), 1568),
    "out.bias": ((10,), 1568),
}


def hashes(seed, count):
    """hash(seed, i) of mnist-losses.py for i below count."""
    h = np.arange(count, dtype=np.uint32) * np.uint32(2654435761) + np.uint32(seed)
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return h ^ (h >> np.uint32(16))


def initial(seed, shape, fan_in):
    values = (hashes(seed, math.prod(shape)).astype(np.float64) / 2**31 - 1) * (1 / math.sqrt(fan_in))
    return torch.from_numpy(values.astype(np.float32)).double().reshape(shape)


def data(count):
    labels = hashes(8, count) % 10
    bright = (np.arange(784) // 28 // 3)[None, :] == labels[:, None]
    pixels = (hashes(7, count * 784).reshape(-1, 784) >> np.uint32(25)) + np.uint32(128) * bright
    return torch.from_numpy(pixels.astype(np.float64)).reshape(-1, 1, 28, 28), torch.from_numpy(labels.astype(int))


def logits(p, x):
    x = F.max_pool2d(F.relu(F.conv2d(x, p["conv1.0.weight"], p["conv1.0.bias"], padding=2)), 2)
    x = F.max_pool2d(F.relu(F.conv2d(x, p["conv2.0.weight"], p["conv2.0.bias"], padding=2)), 2)
    return F.linear(x.flatten(1), p["out.weight"], p["out.bias"])


def numbers(x):
    return [float(f"{v:.9g}") for v in x.detach().flatten().tolist()]


def step(count, optimizer_class, settings):
    parameters = {
        name: initial(seed, *entry).requires_grad_() for seed, (name, entry) in enumerate(SHAPES.items(), start=1)
    }
    images, labels = data(count)
    optimizer = optimizer_class(parameters.values(), **settings)
    output = logits(parameters, images)
    loss = F.cross_entropy(output, labels)
    loss.backward()
    optimizer.step()
    after = {name: numbers(value.detach().flatten()[:: EVERY.get(name, 1)]) for name, value in parameters.items()}
    return float(f"{loss.item():.12g}"), output, [value.grad for value in parameters.values()], after


batches, gradients = [], []
for count in [16, 5]:
    loss, output, found, after_adam = step(count, torch.optim.Adam, ADAM)
    *_, after_sgd = step(count, torch.optim.SGD, SGD)
    gradients += [value.numpy().astype("<f4").tobytes() for value in found]
    batches.append(
        {"size": count, "loss": loss, "logits": numbers(output), "after": {"adam": after_adam, "sgd": after_sgd}}
    )
fixture = {"every": EVERY, "adam": ADAM, "sgd": SGD, "parameters": {name: shape for name, (shape, _) in SHAPES.items()}, "batches": batches}
path = pathlib.Path(__file__)
path.with_suffix(".json").write_text(json.dumps(fixture, separators=(",", ":")) + "\n")
path.with_suffix(".bin").write_bytes(b"".join(gradients))
