"""Opens what checkpoint-ours.ts wrote and goes on from it; then writes optimizers.pth, which ocelli goes on from.

Run: python checkpoint-ours.py (torch 2.13). An assertion fails if a file of ocelli is not what PyTorch takes it for.
"""
import pathlib

import torch
from torch import nn, optim

out = pathlib.Path(__file__).parent / "checkpoint"


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.bn, self.fc = nn.Conv2d(1, 2, 2), nn.BatchNorm2d(2), nn.Linear(2, 2)


def counted(tensor, start):
    return (start + torch.arange(tensor.numel()) / 8).reshape(tensor.shape)


def opened(name):
    content = torch.load(out / name, weights_only=True)
    net = Net()
    net.load_state_dict(content["state_dict"], strict=True)
    assert net.bn.num_batches_tracked.dtype == torch.int64 and net.bn.num_batches_tracked == 3
    for parameter_name, parameter in net.named_parameters():
        assert torch.equal(parameter, counted(parameter, 0)), parameter_name
        parameter.grad = torch.ones_like(parameter)
    assert (content["best_acc"], content["epoch"], content["classes"]) == (1.0, 3, ["ant", "bee"])
    assert isinstance(content["best_acc"], float) and content["model"] is None
    return net, content["optimizer"]


net, state = opened("ours-sgd.pth")
head = list(net.fc.parameters())
backbone = [*net.conv.parameters(), *net.bn.parameters()]
sgd = optim.SGD([{"params": backbone, "lr": 9}, {"params": head, "lr": 9}], lr=9, momentum=0.1)
sgd.load_state_dict(state)
assert [(group["lr"], group["momentum"], group["weight_decay"]) for group in sgd.param_groups] == [(0.25, 0.5, 0), (1, 0.5, 0.125)]
assert net.conv.bias not in sgd.state
net.conv.bias.grad = None
before = {name: parameter.detach().clone() for name, parameter in net.named_parameters()}
sgd.step()
for name, parameter in net.named_parameters():
    lr, decay = (1, 0.125) if name.startswith("fc") else (0.25, 0)
    stepped = before[name] - lr * (0.5 * counted(parameter, 1) + 1 + decay * before[name])
    assert torch.allclose(parameter, before[name] if name == "conv.bias" else stepped), name

for name, kind, decay in (("ours-adam.pth", optim.Adam, 0), ("ours-adamw.pth", optim.AdamW, 0.01)):
    net, state = opened(name)
    adam = kind(net.parameters(), lr=9)
    adam.load_state_dict(state)
    assert adam.param_groups[0]["weight_decay"] == decay and adam.param_groups[0]["betas"] == [0.9, 0.999]
    trained = [*net.fc.parameters()] if kind is optim.Adam else [*net.parameters()]
    assert list(adam.state) == trained
    for parameter in net.parameters():
        if not any(parameter is other for other in trained):
            parameter.grad = None
    before = [parameter.detach().clone() for parameter in trained]
    adam.step()
    for parameter, old in zip(trained, before):
        first, second = 0.9 * counted(old, 1) + 0.1, 0.999 * counted(old, 2) + 0.001
        step = 0.125 / (1 - 0.9**4) * first / ((second / (1 - 0.999**4)).sqrt() + 1e-8)
        assert torch.allclose(parameter, old * (1 - 0.125 * decay) - step, rtol=1e-5), name
        assert adam.state[parameter]["step"] == 4

# what ocelli reads: all parameters, only those that are trained, and two groups, after one step with gradients 1, 2, …
def saved(groups, trained, **options):
    optimizer = optim.SGD(groups, lr=0.1, momentum=0.9, **options)
    for index, parameter in enumerate(trained):
        parameter.grad = torch.full_like(parameter, index + 1)
    optimizer.step()
    return optimizer.state_dict()


net = Net()
frozen = saved(net.parameters(), list(net.fc.parameters()))
filtered = saved(net.fc.parameters(), list(net.fc.parameters()))
net = Net()
backbone = [*net.conv.parameters(), *net.bn.parameters()]
groups = saved([{"params": backbone, "lr": 0.01}, {"params": net.fc.parameters()}], list(net.parameters()))
torch.save(dict(frozen=frozen, filtered=filtered, groups=groups), out / "optimizers.pth")
print("all as expected")
