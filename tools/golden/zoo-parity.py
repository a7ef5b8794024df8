"""Forward passes and training steps of torchvision's networks: writes zoo-parity.json beside this file.

Run: python3 zoo-parity.py (torch 2.13, torchvision 0.28; about 8 GB of memory). Downloads nothing; nothing is random.

Numbers come from hash(seed, i) in 32-bit unsigned integers: mix(i · 2654435761 + seed), mix(h): h ^= h>>>16; h *= 0x85ebca6b;
h ^= h>>>13; h *= 0xc2b2ae35; h ^= h>>>16 (MurmurHash3's finaliser). The seed of a tensor is the FNV-1a hash (32 bits) of its
name; u(i) = hash(seed, i) / 2^31 − 1. Element i (row-major) is, in float64 and then rounded to float32:
- a weight of two or more dimensions: u(i) · gain · sqrt(3 / fan_in), of deviation gain / sqrt(fan_in);
- the weight of a batch normalisation: scale · (1 + 0.2 · u(i)); its bias: scale · (0.1 · u(i) + margin), where the hash is
  divisible by 4 scale · (0.1 · u(i) − margin);
- running_var: 1 + 0.2 · u(i); another bias and running_mean: 0.1 · u(i); num_batches_tracked: 0;
- image pixels (name "images"): 2 · u(i). Label i is (3 · i + 1) mod 10.
gain is sqrt(2), which keeps activations at one size through relus, or 1 for networks with batch normalisation. Without a margin
the gradients of deep networks cannot be compared: normalised values lie about zero, so that rounding turns some relus on or off,
and through 150 layers of few values a channel PyTorch's own float32 is 10 % away from float64 in some tensors. With a margin
of MARGIN deviations most channels are nearly always on or, one in four, nearly always off.

All is computed in float64, with 10 classes, no dropout and, for Inception, transform_input. By network:
- "gain", "scale";
- "logits": for some sizes of image [N, H, W], the logits [N · 10] in evaluation;
- "step": one step of SGD (rate 0.05, momentum 0.9), with cross entropy (Inception: plus 0.4 of the auxiliary one), on
  images of "size" [N, H, W]: "loss" before it; then for each parameter in the order of the state dict "gradients" and
  "parameters" (after the step), and for each buffer but num_batches_tracked "buffers" (after the step). Of each tensor t there
  is [norm, p0, p1, p2, p3]: its Euclidean norm and its products with four vectors of signs ±1, which are bits 0..3 of
  hash(seed of its name plus " signs", i) (1 is minus). For random signs the mean square of the products of a difference d of two
  tensors is |d|², so that four numbers measure how far a tensor of any size is away.

The script prints how far PyTorch's own float32 is away from float64, measured in the same way.
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
from torchvision import models

CLASSES = 10
RATE = 0.05
PROJECTIONS = 4
CHUNK = 1 << 22
ROOT2 = math.sqrt(2)
MARGIN = 2.0
# gain, scale, sizes in evaluation, size of the training step
NETWORKS = {
    "resnet18": (1, 0.3, [[1, 224, 224], [2, 64, 97]], [4, 32, 48]),
    "resnet152": (1, 0.3, [[1, 224, 224], [2, 33, 64]], [4, 33, 64]),
    "alexnet": (ROOT2, 1, [[1, 224, 224], [2, 63, 131]], [2, 95, 127]),
    "vgg16": (ROOT2, 1, [[1, 224, 224], [2, 32, 50]], [2, 32, 64]),
    "vgg19": (ROOT2, 1, [[2, 32, 65]], [2, 32, 32]),
    "squeezenet1_0": (ROOT2, 1, [[1, 224, 224], [2, 21, 75]], [2, 64, 75]),
    "densenet121": (1, 1, [[1, 224, 224], [2, 29, 70]], [4, 64, 33]),
    "inception_v3": (1, 1, [[1, 299, 299], [2, 75, 96]], [4, 299, 299]),
}


def seed_of(text):
    h = 0x811C9DC5
    for byte in text.encode():
        h = (h ^ byte) * 0x01000193 & 0xFFFFFFFF
    return h


def hashes(seed, start, stop):
    h = np.arange(start, stop, dtype=np.uint32) * np.uint32(2654435761) + np.uint32(seed)
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return h ^ (h >> np.uint32(16))


def unit(name, shape):
    size = math.prod(shape)
    values = np.empty(size)
    for start in range(0, size, CHUNK):
        stop = min(size, start + CHUNK)
        values[start:stop] = hashes(seed_of(name), start, stop).astype(np.float64) / 2**31 - 1
    return values.reshape(shape)


def generated(name, shape, gain, scale, normalised):
    if name.endswith("num_batches_tracked"):
        return torch.zeros(shape, dtype=torch.int64)
    values = unit(name, shape)
    if len(shape) >= 2:
        values *= gain * math.sqrt(3 / math.prod(shape[1:]))
    elif name.endswith("weight"):
        values = scale * (1 + 0.2 * values)
    elif name.endswith("bias") and normalised:
        off = hashes(seed_of(name), 0, len(values)) % 4 == 0
        values = scale * (0.1 * values + np.where(off, -MARGIN, MARGIN))
    elif name.endswith("running_var"):
        values = 1 + 0.2 * values
    else:
        values *= 0.1
    return torch.from_numpy(values.astype(np.float32))


def sketch(name, tensor):
    values = tensor.detach().double().flatten().numpy()
    products = np.zeros(PROJECTIONS)
    for start in range(0, len(values), CHUNK):
        part = values[start : start + CHUNK]
        signs = hashes(seed_of(name + " signs"), start, start + len(part))
        for bit in range(PROJECTIONS):
            products[bit] += np.dot(part, 1.0 - 2.0 * ((signs >> np.uint32(bit)) & np.uint32(1)))
    return [math.sqrt(np.dot(values, values)), *products]


def images(size, dtype):
    n, h, w = size
    return torch.from_numpy((2 * unit("images", (n, 3, h, w))).astype(np.float32)).to(dtype)


def build(name, gain, scale, dtype):
    options = {"num_classes": CLASSES}
    if name.startswith(("alexnet", "vgg", "squeezenet", "inception")):
        options["dropout"] = 0.0
    if name.startswith("inception"):
        options.update(init_weights=False, transform_input=True)
    network = models.get_model(name, weights=None, **options)
    state = network.state_dict()
    for key, value in state.items():
        normalised = key.replace("bias", "running_mean") in state
        state[key] = generated(key, tuple(value.shape), gain, scale, normalised)
    network.load_state_dict(state)
    return network.to(dtype)


def step(network, size, dtype):
    network.train()
    labels = torch.tensor([(3 * i + 1) % CLASSES for i in range(size[0])])
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE, momentum=0.9)
    output = network(images(size, dtype))
    if isinstance(output, tuple):
        loss = F.cross_entropy(output[0], labels) + 0.4 * F.cross_entropy(output[1], labels)
    else:
        loss = F.cross_entropy(output, labels)
    loss.backward()
    gradients = [sketch(key, p.grad) for key, p in network.named_parameters()]
    optimizer.step()
    parameters = [sketch(key, p) for key, p in network.named_parameters()]
    buffers = [sketch(key, b) for key, b in network.named_buffers() if not key.endswith("num_batches_tracked")]
    return {"size": size, "loss": loss.item(), "gradients": gradients, "parameters": parameters, "buffers": buffers}


def compute(name, dtype):
    gain, scale, sizes, step_size = NETWORKS[name]
    network = build(name, gain, scale, dtype).eval()
    with torch.no_grad():
        logits = [{"size": size, "values": network(images(size, dtype)).flatten().tolist()} for size in sizes]
    return {"gain": gain, "scale": scale, "logits": logits, "step": step(network, step_size, dtype)}


def distance(a, b):
    """|a − b| / |b| of two tensors by their sketches."""
    return math.sqrt(sum((p - q) ** 2 for p, q in zip(a[1:], b[1:])) / PROJECTIONS) / b[0]


def report(name, single, exact):
    def worst(kind):
        return max(distance(a, b) for a, b in zip(single["step"][kind], exact["step"][kind]))

    logits = max(
        max(abs(p - q) for p, q in zip(a["values"], b["values"])) / max(map(abs, b["values"]))
        for a, b in zip(single["logits"], exact["logits"])
    )
    norms = [norm for norm, *_ in exact["step"]["gradients"]]
    print(
        f"{name}: loss {exact['step']['loss']:.4f}, logits up to {max(map(abs, exact['logits'][-1]['values'])):.3g}, "
        f"gradients of norm {min(norms):.2e} to {max(norms):.2e}; float32 is away by {logits:.1e} in logits, "
        f"{worst('gradients'):.1e} in gradients, {worst('parameters'):.1e} in parameters, "
        f"{worst('buffers') if exact['step']['buffers'] else 0:.1e} in buffers",
        flush=True,
    )


def rounded(value, digits=8):
    if isinstance(value, float):
        return float(f"{value:.{digits}g}")
    if isinstance(value, dict):
        return {key: rounded(v, digits) for key, v in value.items()}
    return [rounded(v, digits) for v in value] if isinstance(value, list) else value


torch.backends.nnpack.set_flags(False)  # it only warns where the processor is not on its list
fixture = {}
for name in sys.argv[1:] or NETWORKS:
    exact = compute(name, torch.float64)
    report(name, compute(name, torch.float32), exact)
    fixture[name] = rounded(exact) | {"gain": exact["gain"]}  # unrounded
lines = [f'"{name}":{json.dumps(entry, separators=(",", ":"))}' for name, entry in fixture.items()]
pathlib.Path(__file__).with_suffix(".json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
