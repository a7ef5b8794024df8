"""Grad-CAM heat maps by PyTorch: writes grad-cam.json beside this file.

Run: python3 grad-cam.py (torch 2.13, torchvision 0.28). Downloads nothing; nothing is random. Weights and images are
those of zoo-parity.py, where they are explained (mnist-cnn: images [N, 1, 28, 28] of the same name "images", gain sqrt(2)).

In float64, for each network: "gain", "scale", "size" [N, H, W] of the images, "classes" [N], of which each image's heat map
is, and "heat", every STRIDE-th value of [N, H, W]: relu(sum_k alpha_k A_k) of the last feature map A, with alpha_k the mean
over places of the gradient of the class's logit (mnist-cnn: the gradient at each place itself), brought to the images' size by F.interpolate (bilinear, align_corners=False)
and divided by its maximum.
"""

import json
import math
import pathlib
import sys
import types

sys.modules["torchvision._meta_registrations"] = types.ModuleType("empty")  # needs compiled operators that no network uses

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torchvision import models

ROOT2 = math.sqrt(2)
MARGIN = 2.0
STRIDE = 13


def hashes(text, count):
    seed = 0x811C9DC5
    for byte in text.encode():
        seed = (seed ^ byte) * 0x01000193 & 0xFFFFFFFF
    h = np.arange(count, dtype=np.uint32) * np.uint32(2654435761) + np.uint32(seed)
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return h ^ (h >> np.uint32(16))


def unit(name, shape):
    return (hashes(name, math.prod(shape)).astype(np.float64) / 2**31 - 1).reshape(shape)


def generated(name, shape, gain, scale, normalised):
    if name.endswith("num_batches_tracked"):
        return torch.zeros(shape, dtype=torch.int64)
    values = unit(name, shape)
    if len(shape) >= 2:
        values *= gain * math.sqrt(3 / math.prod(shape[1:]))
    elif name.endswith("weight"):
        values = scale * (1 + 0.2 * values)
    elif name.endswith("bias") and normalised:
        values = scale * (0.1 * values + np.where(hashes(name, len(values)) % 4 == 0, -MARGIN, MARGIN))
    elif name.endswith("running_var"):
        values = 1 + 0.2 * values
    else:
        values *= 0.1
    return torch.from_numpy(values.astype(np.float32))


class MnistCnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Sequential(nn.Conv2d(1, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2))
        self.conv2 = nn.Sequential(nn.Conv2d(16, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2))
        self.out = nn.Linear(32 * 7 * 7, 10)


def resnet_map(net, x):
    x = net.maxpool(net.relu(net.bn1(net.conv1(x))))
    return net.layer4(net.layer3(net.layer2(net.layer1(x))))


pooled = lambda x: F.adaptive_avg_pool2d(x, 1).flatten(1)
# build, gain, scale, size of the images, from images to the feature map, from it to logits
NETWORKS = {
    "mnist-cnn": (MnistCnn, ROOT2, 1, [2, 28, 28], lambda n, x: n.conv2(n.conv1(x)), lambda n, a: n.out(a.flatten(1))),
    "resnet18": (models.resnet18, 1, 0.3, [2, 64, 97], resnet_map, lambda n, a: n.fc(pooled(a))),
    "alexnet": (
        models.alexnet, ROOT2, 1, [2, 95, 127], lambda n, x: n.features(x),
        lambda n, a: n.classifier(F.adaptive_avg_pool2d(a, 6).flatten(1)),
    ),
    "squeezenet1_1": (
        models.squeezenet1_1, ROOT2, 1, [2, 75, 64], lambda n, x: n.classifier[:3](n.features(x)), lambda n, a: pooled(a),
    ),
    "densenet121": (
        models.densenet121, 1, 1, [1, 64, 70], lambda n, x: F.relu(n.features(x)), lambda n, a: n.classifier(pooled(a)),
    ),
}  # fmt: skip

fixture = {}
for name, (build, gain, scale, size, body, head) in NETWORKS.items():
    network = build() if name == "mnist-cnn" else build(num_classes=10)
    state = network.state_dict()
    for key, value in state.items():
        state[key] = generated(key, tuple(value.shape), gain, scale, key.replace("bias", "running_mean") in state)
    network.load_state_dict(state)
    network = network.double().eval()
    n, h, w = size
    channels = 1 if name == "mnist-cnn" else 3
    images = torch.from_numpy((2 * unit("images", (n, channels, h, w))).astype(np.float32)).double()
    features = body(network, images).detach().requires_grad_()
    logits = head(network, features)
    classes = logits.argmax(1).tolist()
    sum(logits[i, index] for i, index in enumerate(classes)).backward()
    weights = features.grad if name == "mnist-cnn" else features.grad.mean((2, 3), keepdim=True)
    heat = F.relu((features * weights).sum(1, keepdim=True))
    large = F.interpolate(heat.detach(), (h, w), mode="bilinear", align_corners=False)[:, 0]
    large /= large.amax((1, 2), keepdim=True)
    values = [round(value, 7) for value in large.flatten()[::STRIDE].tolist()]
    print(name, classes, "map", list(features.shape), "heat 0:", (heat == 0).double().mean().item())
    fixture[name] = {"gain": gain, "scale": scale, "size": size, "classes": classes, "heat": values}
lines = [f'"{name}":{json.dumps(entry, separators=(",", ":"))}' for name, entry in fixture.items()]
pathlib.Path(__file__).with_suffix(".json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
