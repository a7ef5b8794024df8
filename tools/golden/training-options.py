"""Steps of a small network under each option of training, in float64: tests/parity/training-options.test.ts.

Run: python training-options.py > training-options.json (torch 2.13). Data are multiples of 1/1024, which float32 holds
exactly. Each case has the losses before every step and all tensors of the state dict after the last one.
"""
import copy
import json

import torch
from torch import nn, optim
from torch.nn import functional as F

torch.manual_seed(0)


def exact(*shape):
    return (torch.randn(*shape, dtype=torch.float64) * 512).round() / 1024


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.bn, self.fc = nn.Conv2d(1, 3, 3, padding=1, bias=False), nn.BatchNorm2d(3), nn.Linear(48, 3)

    def forward(self, x):
        return self.fc(F.relu(self.bn(self.conv(x))).flatten(1))


first = Net().double()
for value in first.parameters():
    value.data = exact(*value.shape)
first.bn.running_mean.copy_(exact(3))
first.bn.running_var.copy_(exact(3).abs() + 1)
STEPS = [(exact(6, 1, 4, 4), torch.randint(3, (6,)), torch.randint(3, (6,))) for _ in range(6)]
MIX_SHARE = 0.75
CLASS_WEIGHTS = [0.5, 1.0, 2.0]


def flat(tensor):
    return {"shape": list(tensor.shape), "data": [float(f"{v:.9g}") for v in tensor.flatten().tolist()]}


def state(net):
    return {name: flat(value.double()) for name, value in net.state_dict().items()}


def train(name, *, make=lambda ps: optim.SGD(ps, lr=0.1, momentum=0.9), smoothing=0.0, weights=None, clip=None,
          accumulate=1, decay=None, frozen=0, scale=None, mix=False, statistics=True):
    net = copy.deepcopy(first)
    head = list(net.fc.parameters())
    backbone = list(net.conv.parameters()) + list(net.bn.parameters())
    rate = 0.1
    optimizer = make(net.parameters() if scale is None else [{"params": backbone, "lr": rate * scale}, {"params": head}])
    average = copy.deepcopy(net) if decay else None
    losses = []
    weight = None if weights is None else torch.tensor(weights, dtype=torch.float64)
    loss_of = nn.CrossEntropyLoss(weight=weight, label_smoothing=smoothing)
    for step in range(len(STEPS) // accumulate):
        is_frozen = step < frozen
        for value in backbone:
            value.requires_grad = not is_frozen
        net.train()
        if is_frozen and statistics:
            net.bn.eval()
        optimizer.zero_grad()
        total = 0
        for images, labels, others in STEPS[step * accumulate : (step + 1) * accumulate]:
            logits = net(images)
            loss = loss_of(logits, labels)
            if mix:
                loss = MIX_SHARE * loss + (1 - MIX_SHARE) * loss_of(logits, others)
            (loss / accumulate).backward()
            total += loss.item() / accumulate
        if clip:
            nn.utils.clip_grad_norm_(net.parameters(), clip)
        optimizer.step()
        losses.append(total)
        if decay:
            d = min(decay, (2 + step) / (11 + step))
            for (key, kept), value in zip(average.state_dict().items(), net.state_dict().values()):
                kept.copy_(d * kept + (1 - d) * value if kept.is_floating_point() else value)
    return {"name": name, "losses": [float(f"{v:.9g}") for v in losses], "after": state(net),
            **({"averages": state(average)} if decay else {})}


ADAM = {"make": lambda ps: optim.Adam(ps, lr=0.1)}
cases = [
    train("label smoothing and class weights", smoothing=0.1, weights=CLASS_WEIGHTS),
    train("clipping", clip=0.5),
    train("two batches a step", accumulate=2),
    train("three batches a step, clipped", accumulate=3, clip=0.5, **ADAM),
    train("averages", decay=0.9),
    train("a tenth of the rate for the backbone", scale=0.1),
    train("mixed labels", mix=True),
    train("backbone frozen", frozen=6),
    train("backbone frozen, batch statistics", frozen=6, statistics=False),
    train("backbone trained from step 4 on, adam", frozen=3, **ADAM),
    train("backbone trained from step 4 on, sgd", frozen=3),
]
steps = [{"images": flat(i)["data"], "labels": l.tolist(), "others": o.tolist()} for i, l, o in STEPS]
print(json.dumps({"start": state(first), "steps": steps, "share": MIX_SHARE, "classWeights": CLASS_WEIGHTS, "cases": cases}))
