"""Losses of five SGD steps on photos of ants and bees in PyTorch: writes hymenoptera-steps.json beside this file.

Run: OCELLI_DATA=FOLDER python3 hymenoptera-steps.py [NETWORK] (some minutes for each network; one alone leaves the other as
it is in the file; torch 2.13, torchvision 0.28; FOLDER/hymenoptera_data, and FOLDER/weights with squeezenet1_1-627df0e7.pth). Nothing is random.

Photos: the training folder in ImageFolder's order, not shuffled, 32 a step, five steps: 123 ants, then 37 bees. Prepared as for
validation: Resize(256), CenterCrop(224), ToTensor, Normalize with ImageNet's figures. SGD, rate 1e-3, momentum 0.9; cross
entropy, mean over the batch; a loss is that before its step. Two networks of two classes:
- squeezenet1_1 with trained weights and a new head, without dropout: the head's values are u(i) / sqrt(512);
- resnet18 with generated weights, in training form (batch normalisation by the batch).

Numbers come from hash(seed, i) in 32-bit unsigned integers: mix(i · 2654435761 + seed), mix(h): h ^= h>>>16; h *= 0x85ebca6b;
h ^= h>>>13; h *= 0xc2b2ae35; h ^= h>>>16. The seed of a tensor is the FNV-1a hash (32 bits) of its name; u(i) = hash(seed, i) /
2^31 − 1. resnet18's tensors are those of zoo-parity.py with gain 1 and scale 0.3: a weight of two or more dimensions is
u(i) · sqrt(3 / fan_in); the weight of a batch normalisation 0.3 · (1 + 0.2 · u(i)), its bias 0.3 · (0.1 · u(i) + 2), where the
hash is divisible by 4 0.3 · (0.1 · u(i) − 2); running_var 1 + 0.2 · u(i); running_mean and other biases 0.1 · u(i). All in float64,
then rounded to float32.

For each network there are the losses in float32 and in float64, from the same float32 weights and images, and the greatest
relative difference between the two.
"""

import json
import math
import os
import pathlib
import sys
import types

sys.modules["torchvision._meta_registrations"] = types.ModuleType("empty")  # needs compiled operators that no network uses

import numpy as np
import torch
import torch.nn.functional as F
from torchvision import models, transforms
from torchvision.datasets import ImageFolder

BATCH_SIZE = 32
STEPS = 5
LEARNING_RATE = 1e-3
MOMENTUM = 0.9
GAIN = 1
SCALE = 0.3
MARGIN = 2.0
DATA = pathlib.Path(os.environ["OCELLI_DATA"])


def seed_of(text):
    h = 0x811C9DC5
    for byte in text.encode():
        h = ((h ^ byte) * 0x01000193) & 0xFFFFFFFF
    return h


def hashes(name, size):
    h = np.arange(size).astype(np.uint32) * np.uint32(2654435761) + np.uint32(seed_of(name))
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return h ^ (h >> np.uint32(16))


def unit(name, shape):
    return (hashes(name, math.prod(shape)).astype(np.float64) / 2**31 - 1).reshape(shape)


def generated(name, shape, normalised):
    if name.endswith("num_batches_tracked"):
        return torch.zeros(shape, dtype=torch.int64)
    values = unit(name, shape)
    if len(shape) >= 2:
        values *= GAIN * math.sqrt(3 / math.prod(shape[1:]))
    elif name.endswith("weight"):
        values = SCALE * (1 + 0.2 * values)
    elif name.endswith("bias") and normalised:
        off = hashes(name, len(values)) % 4 == 0
        values = SCALE * (0.1 * values + np.where(off, -MARGIN, MARGIN))
    elif name.endswith("running_var"):
        values = 1 + 0.2 * values
    else:
        values *= 0.1
    return torch.from_numpy(values.astype(np.float32))


def resnet():
    network = models.resnet18(weights=None, num_classes=2)
    state = network.state_dict()
    names = list(state)
    for key in names:
        state[key] = generated(key, tuple(state[key].shape), key.replace("bias", "running_mean") in state)
    network.load_state_dict(state)
    return network


def squeezenet():
    network = models.squeezenet1_1(weights=None, num_classes=2, dropout=0.0)
    state = torch.load(DATA / "weights/squeezenet1_1-627df0e7.pth", weights_only=True)
    for key, shape in (("classifier.1.weight", (2, 512, 1, 1)), ("classifier.1.bias", (2,))):
        state[key] = torch.from_numpy((unit(key, shape) / math.sqrt(512)).astype(np.float32))
    network.load_state_dict(state)
    return network


def steps(network, batches, dtype):
    network = network.to(dtype).train()
    optimizer = torch.optim.SGD(network.parameters(), lr=LEARNING_RATE, momentum=MOMENTUM)
    losses = []
    for images, labels in batches:
        loss = F.cross_entropy(network(images.to(dtype)), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def number(value):
    return float(f"{value:.9g}")


torch.backends.nnpack.set_flags(False)  # it only warns where the processor is not on its list
prepare = transforms.Compose(
    [
        transforms.Resize(256),
        transforms.CenterCrop(224),
        transforms.ToTensor(),
        transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ]
)
photos = ImageFolder(DATA / "hymenoptera_data/train", prepare)
batches = list(
    torch.utils.data.DataLoader(torch.utils.data.Subset(photos, range(STEPS * BATCH_SIZE)), batch_size=BATCH_SIZE)
)
path = pathlib.Path(__file__).with_suffix(".json")
fixture = json.loads(path.read_text()) if sys.argv[1:] and path.exists() else {}
fixture |= {
    "torch": torch.__version__.split("+")[0],
    "batchSize": BATCH_SIZE,
    "learningRate": LEARNING_RATE,
    "momentum": MOMENTUM,
    "gain": GAIN,
    "scale": SCALE,
    "labels": [labels.tolist() for _, labels in batches],
}
makers = {"squeezenet1_1": squeezenet, "resnet18": resnet}
for name in sys.argv[1:] or makers:
    make = makers[name]
    losses = steps(make(), batches, torch.float32)
    exact = steps(make(), batches, torch.float64)
    drift = max(abs(a - b) / abs(b) for a, b in zip(losses, exact))
    print(f"{name}: losses {', '.join(f'{v:.6f}' for v in exact)}; float32 is away by {drift:.1e}", flush=True)
    fixture[name] = {
        "losses": [number(v) for v in losses],
        "losses64": [number(v) for v in exact],
        "float32Drift": float(f"{drift:.2g}"),
    }
text = ",\n".join(f'"{key}":{json.dumps(value, separators=(",", ":"))}' for key, value in fixture.items())
path.write_text(f"{{\n{text}\n}}\n")
