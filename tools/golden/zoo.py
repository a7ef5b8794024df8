"""Facts about torchvision's classification networks: writes zoo.json and zoo-names.json.gz beside this file.

Run: python3 zoo.py (torch 2.13, torchvision 0.28). Downloads nothing.

zoo-names.json.gz: by network, the shape of each entry of the state dict by name, in order, with 1000 classes.

zoo.json, by network:
- "parameters", "buffers": numbers of tensors; "parameterCount": numbers in all parameters;
- "twoClasses": the same count after the head was replaced by one of two classes, as fine-tuning does it;
- "published": what torchvision says of its weights: figures, and for each file its address, accuracy and preprocessing;
- "initial" (one network of each kind): [mean, standard deviation, greatest absolute value] of each parameter that a new
  network starts with, by name; tensors of more than LARGE numbers are left out.
"""

import gzip
import json
import math
import pathlib
import sys
import types

sys.modules["torchvision._meta_registrations"] = types.ModuleType("empty")  # needs compiled operators that no network uses

import torch
from torch import nn
from torchvision import models

NETWORKS = (
    "resnet18 resnet34 resnet50 resnet101 resnet152 alexnet vgg11 vgg13 vgg16 vgg19 vgg11_bn vgg13_bn vgg16_bn vgg19_bn "
    "squeezenet1_0 squeezenet1_1 densenet121 densenet161 densenet169 densenet201 inception_v3"
).split()
INITIAL = ("resnet18", "resnet50", "alexnet", "vgg11_bn", "squeezenet1_1", "densenet121", "inception_v3")
LARGE = 150_000
HERE = pathlib.Path(__file__).parent


def build(name):
    torch.manual_seed(0)
    options = {"init_weights": True} if name == "inception_v3" else {}
    return models.get_model(name, weights=None, **options)


def replace_head(network, name):
    if name.startswith("resnet"):
        network.fc = nn.Linear(network.fc.in_features, 2)
    elif name.startswith("inception"):
        network.fc = nn.Linear(network.fc.in_features, 2)
        network.AuxLogits.fc = nn.Linear(network.AuxLogits.fc.in_features, 2)
    elif name.startswith("squeezenet"):
        network.classifier[1] = nn.Conv2d(512, 2, kernel_size=1)
    elif name.startswith("densenet"):
        network.classifier = nn.Linear(network.classifier.in_features, 2)
    else:
        network.classifier[6] = nn.Linear(network.classifier[6].in_features, 2)


def count(network):
    return sum(p.numel() for p in network.parameters())


def weights_of(entry):
    preset = entry.transforms()
    accuracy = entry.meta["_metrics"]["ImageNet-1K"]
    return {
        "name": entry.name,
        "url": entry.url,
        "mebibytes": entry.meta["_file_size"],
        "top1": accuracy["acc@1"],
        "top5": accuracy["acc@5"],
        "preprocessing": {
            "resize": preset.resize_size[0],
            "crop": preset.crop_size[0],
            "interpolation": preset.interpolation.value,
            "mean": preset.mean,
            "std": preset.std,
        },
    }


def published(name):
    entries = [entry for entry in models.get_model_weights(name) if not math.isnan(entry.meta["_metrics"]["ImageNet-1K"]["acc@1"])]
    first = entries[0].meta
    return {
        "parameters": first["num_params"],
        "gmacs": first["_ops"],
        "minimumSize": first["min_size"][0],
        "weights": [weights_of(entry) for entry in entries],
    }


def moments(tensor):
    values = tensor.detach().double()
    return [float(f"{v:.5g}") for v in (values.mean(), values.std(correction=0), values.abs().max())]


names = {}
facts = {}
for name in NETWORKS:
    network = build(name)
    state = network.state_dict()
    names[name] = {key: list(value.shape) for key, value in state.items()}
    fact = {
        "parameters": len(list(network.parameters())),
        "buffers": len(list(network.buffers())),
        "parameterCount": count(network),
        "published": published(name),
    }
    if name in INITIAL:
        fact["initial"] = {key: moments(p) for key, p in network.named_parameters() if p.numel() <= LARGE}
    replace_head(network, name)
    fact["twoClasses"] = count(network)
    facts[name] = fact

lines = [f'"{name}":{json.dumps(fact, separators=(",", ":"))}' for name, fact in facts.items()]
(HERE / "zoo.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
text = json.dumps(names, separators=(",", ":")).encode()
(HERE / "zoo-names.json.gz").write_bytes(gzip.compress(text, 9, mtime=0))
