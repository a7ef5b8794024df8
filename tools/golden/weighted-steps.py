"""One SGD step of a linear layer on 16 samples with PyTorch's weighted cross entropy: what two batches of 8 must come to."""

import json
import pathlib

import torch
from torch.nn import functional as F

torch.manual_seed(3)
images = torch.randn(16, 2)
labels = torch.tensor([0] * 7 + [1, 0, 0, 1, 1, 2, 2, 1, 2])
others = torch.cat([labels[:8].roll(1), labels[8:].roll(1)])
counted = [0] * 9 + [1] * 5 + [2] * 2
counts = torch.bincount(torch.tensor(counted)).float()
class_weights = 16 / (3 * counts)
weight, bias = torch.randn(3, 2), torch.randn(3)


def stepped(loss_of, from_, to):
    w, b = weight.clone().requires_grad_(), bias.clone().requires_grad_()
    loss = loss_of(F.linear(images[from_:to], w, b))
    loss.backward()
    return {"loss": loss.item(), "weight": (w - 0.5 * w.grad).flatten().tolist(), "bias": (b - 0.5 * b.grad).tolist()}


def plain(smoothing, from_=0, to=16):
    return stepped(lambda z: F.cross_entropy(z, labels[from_:to], class_weights, label_smoothing=smoothing), from_, to)


def mixed(shares):
    # PyTorch's mean over all samples, each with its two labels weighted by the batch's shares
    share = torch.tensor([shares[0]] * 8 + [shares[1]] * 8)

    def loss_of(z):
        both = [F.cross_entropy(z, y, class_weights, reduction="none") for y in (labels, others)]
        total = (share * class_weights[labels] + (1 - share) * class_weights[others]).sum()
        return (share * both[0] + (1 - share) * both[1]).sum() / total

    return stepped(loss_of, 0, 16)


halves = [[0, 8], [8, 16]]
cases = [
    {"name": "class weights", "smoothing": 0, "shares": None, "parts": halves, "expected": plain(0.0)},
    {"name": "with label smoothing", "smoothing": 0.1, "shares": None, "parts": halves, "expected": plain(0.1)},
    {"name": "uneven parts", "smoothing": 0.1, "shares": None, "parts": [[0, 8], [8, 11]], "expected": plain(0.1, 0, 11)},
    {"name": "with MixUp", "smoothing": 0, "shares": [0.7, 0.4], "parts": halves, "expected": mixed([0.7, 0.4])},
]
content = {
    **{"images": images.flatten().tolist(), "labels": labels.tolist(), "others": others.tolist(), "counted": counted},
    **{"weight": weight.flatten().tolist(), "bias": bias.tolist(), "cases": cases},
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(content) + "\n")
