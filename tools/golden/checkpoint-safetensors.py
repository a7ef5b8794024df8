"""A file by the format's own library, for src/checkpoint/safetensors.test.ts; and a look at one that ocelli wrote.

Run: python checkpoint-safetensors.py [FILE] (torch 2.13, safetensors 0.8)
"""
import pathlib
import sys

import torch
from safetensors import safe_open
from safetensors.torch import save_file

out = pathlib.Path(__file__).parent / "checkpoint" / "tensors.safetensors"
save_file(
    {
        "conv.weight": torch.arange(6, dtype=torch.float32).reshape(1, 2, 3) / 4,
        "half": torch.tensor([1.5, -2.0, 65504.0], dtype=torch.float16),
        "brain": torch.tensor([1.5, -3.0], dtype=torch.bfloat16),
        "double": torch.tensor([0.1], dtype=torch.float64),
        "long": torch.tensor([-5, 2**40]),
        "int": torch.tensor([-7], dtype=torch.int32),
        "short": torch.tensor([-300], dtype=torch.int16),
        "char": torch.tensor([-3], dtype=torch.int8),
        "byte": torch.tensor([0, 255, 3], dtype=torch.uint8),
        "flag": torch.tensor([True, False]),
        "scalar": torch.tensor(2.5),
        "empty": torch.zeros(0, 3),
    },
    out,
    metadata={"format": "pt"},
)
for path in sys.argv[1:]:
    with safe_open(path, framework="pt") as file:
        print(file.metadata(), {name: file.get_tensor(name) for name in file.keys()})
