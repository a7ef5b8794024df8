"""Logits of PyTorch for squeezenet1_1's half-precision file: writes squeezenet-half.json beside this file.

Run: OCELLI_DATA=FOLDER python3 squeezenet-half.py (torch 2.13, torchvision 0.28; FOLDER/weights as in its README).

The weights of squeezenet1_1-627df0e7.pth are float32 numbers that fp16 holds exactly, but its biases are not: in the file of
half precision the 26 biases are rounded, by up to 4.2e-4. The logits that lie beside the files are those of float32 biases, so
that PyTorch itself, given the half file, is 1.9e-3 away from them. Here are the logits of the half file, for the same four images
[4, 3, 224, 224], computed in float64 from its float16 tensors: [4 · 1000], row-major, rounded to 8 digits.
"""

import json
import os
import pathlib
import sys
import types

sys.modules["torchvision._meta_registrations"] = types.ModuleType("empty")  # needs compiled operators that no network uses

import numpy as np
import torch
from torchvision import models

torch.backends.nnpack.set_flags(False)  # it only warns where the processor is not on its list
folder = pathlib.Path(os.environ["OCELLI_DATA"]) / "weights"
images = torch.from_numpy(np.load(folder / "expected/input_val4_f32_nchw.npy")).double()
given = np.load(folder / "expected/squeezenet1_1_torchvision_fp16_logits_val4.npy")


def load(name):
    return torch.load(folder / name, weights_only=True)


single, half = load("squeezenet1_1-627df0e7.pth"), load("squeezenet1_1_halfw-d6c1b8ce.pth")
for key, value in half.items():
    assert torch.equal(value, single[key].half()), key
rounded = [key for key, value in half.items() if not torch.equal(value.float(), single[key])]
print(f"rounded: {len(rounded)} of {len(half)} tensors, all biases: {all(key.endswith('bias') for key in rounded)}")
network = models.squeezenet1_1(weights=None).eval().double()
network.load_state_dict({key: value.double() for key, value in half.items()})
with torch.no_grad():
    logits = network(images).numpy()
print(f"greatest difference from the logits beside the files: {abs(logits - given).max():.2e}")
text = json.dumps({"torch": torch.__version__.split("+")[0], "logits": [float(f"{v:.8g}") for v in logits.flatten()]})
pathlib.Path(__file__).with_suffix(".json").write_text(text + "\n")
