"""Small .pth files as PyTorch writes them, for src/checkpoint/pth.test.ts. Run: python checkpoint.py (torch 2.13)."""
import collections
import os
import pathlib

import torch

out = pathlib.Path(__file__).parent / "checkpoint"
out.mkdir(exist_ok=True)

base = torch.arange(12, dtype=torch.float32).reshape(3, 4)
torch.save(
    collections.OrderedDict(
        plain=base,
        transposed=base.t(),
        view=base[1:, ::2],
        scalar=torch.tensor(2.5),
        empty=torch.zeros(0, 3),
        half=torch.tensor([1.5, -2.0, 65504.0, 6e-8], dtype=torch.float16),
        brain=torch.tensor([1.5, -3.0], dtype=torch.bfloat16),
        double=torch.tensor([0.1], dtype=torch.float64),
        long=torch.tensor([-5, 2**40]),
        byte=torch.tensor([0, 255], dtype=torch.uint8),
        flag=torch.tensor([True, False]),
        parameter=torch.nn.Parameter(torch.tensor([7.0])),
    ),
    out / "tensors.pth",
)

torch.manual_seed(0)
net = torch.nn.DataParallel(torch.nn.Linear(2, 1))
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
net(torch.ones(1, 2)).sum().backward()
optimizer.step()
torch.save(
    {"state_dict": net.state_dict(), "optimizer": optimizer.state_dict(), "best_acc": 0.5, "classes": ["a", "b"], "epoch": 3},
    out / "checkpoint.pth",
)


class Evil:
    def __reduce__(self):
        return (os.system, ("echo harm",))


torch.save({"state_dict": {"weight": torch.ones(1)}, "extra": Evil()}, out / "evil.pth")
