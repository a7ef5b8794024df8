"""Checkpoints as other people's training scripts leave them, of one tiny network, for src/checkpoint/find/others.test.ts.

Run: python checkpoint-others.py (torch 2.13, numpy). The network is conv (1→2, 1×1) and fc (2→3); its weights are 0, 1, 2 …
"""
import argparse
import collections
import datetime
import enum
import functools
import pathlib

import numpy as np
import torch

out = pathlib.Path(__file__).parent / "checkpoint" / "others"
out.mkdir(exist_ok=True)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(1, 2, 1)
        self.fc = torch.nn.Linear(2, 3)
        self.register_buffer("passing", torch.ones(2), persistent=False)

    def forward(self, x):
        return self.fc(self.conv(x).mean((2, 3)))


class Kind(enum.Enum):
    FIRST = 1


class AttributeDict(dict):
    pass


class Anything:
    def __init__(self):
        self.values = {"lr": 0.1}


net = Net()
with torch.no_grad():
    first = 0
    for parameter in net.parameters():
        parameter.copy_(torch.arange(first, first + parameter.numel(), dtype=torch.float32).reshape(parameter.shape))
        first += parameter.numel()
state = net.state_dict()
average = {name: tensor + 100 for name, tensor in state.items()}
optimizer = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9)
schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [3, 6, 6])
net(torch.ones(1, 1, 2, 2)).sum().backward()
optimizer.step()
optimizer.zero_grad(set_to_none=True)
with torch.no_grad():
    first = 0
    for parameter in net.parameters():
        parameter.copy_(torch.arange(first, first + parameter.numel(), dtype=torch.float32).reshape(parameter.shape))
        first += parameter.numel()


def save(name, value, **options):
    torch.save(value, out / name, **options)


def prefixed(prefix, tensors=state):
    return collections.OrderedDict((prefix + name, tensor) for name, tensor in tensors.items())


beside = dict(
    schedule=schedule.state_dict(),
    args=argparse.Namespace(lr=0.1, arch="resnet18"),
    path=pathlib.PurePosixPath("/x"),
    date=datetime.datetime(2024, 1, 2),
    kind=Kind.FIRST,
    partial=functools.partial(Anything, 1),
    object=Anything(),
    set={1, 2},
    frozen=frozenset([3]),
    dtype=torch.float32,
    complex=1 + 2j,
    complex_tensor=torch.ones(2, dtype=torch.complex64),
    scalar=np.float64(0.5),
    array=np.arange(3),
    names=np.array(["a", "b"]),
    counts=collections.defaultdict(list, {1: [2]}),
    bytes=b"\x00\xff",
    optimizer=optimizer.state_dict(),
)
for protocol in (2, 3, 4, 5):
    save(f"beside-{protocol}.pth", {"state_dict": state, **beside}, pickle_protocol=protocol)
save("beside-legacy.pth", {"state_dict": state, **beside}, _use_new_zipfile_serialization=False)
save("net.pth", {"epoch": 3, "net": state, "optimizer": optimizer.state_dict()})
save("weights.pth", {"weights": state, "classes": ["a", "b", "c"]})
save("nested.pth", {"model": {"state_dict": state, "name": "x"}})
save("backbone.pth", {"anything": prefixed("backbone.")})
save("compiled.pth", {"conv._orig_mod.weight": state["conv.weight"], **{k: v for k, v in state.items() if k != "conv.weight"}})
save("wrapped.pth", prefixed("module._orig_mod.net."))
save(
    "lightning.ckpt",
    {
        "state_dict": {**prefixed("model."), "criterion.weight": torch.ones(3)},
        "hyper_parameters": AttributeDict(arch="resnet18", class_to_idx={"b": 1, "a": 0, "c": 2}),
        "callbacks": {"best": torch.tensor(0.5)},
        "optimizer_states": [optimizer.state_dict()],
    },
)
averaged = torch.optim.swa_utils.AveragedModel(net)
averaged.update_parameters(net)
save("averaged.pth", averaged.state_dict())
save("ema.pth", {"state_dict": state, "state_dict_ema": average})
save("ema-prefix.pth", {**prefixed("ema_model.", average), **prefixed("model.")})
save("ema-part.pth", {"model": state, "model_ema": {"fc.weight": average["fc.weight"], "fc.bias": average["fc.bias"], "conv.weight": average["conv.weight"]}})
save("head.pth", {"conv.weight": state["conv.weight"], "conv.bias": state["conv.bias"], "fc.1.weight": state["fc.weight"], "fc.1.bias": state["fc.bias"]})
save("numpy.pth", {name: np.asfortranarray(tensor.numpy()) for name, tensor in state.items()})
save("whole.pth", net)
save("whole-legacy.pth", torch.nn.DataParallel(net), _use_new_zipfile_serialization=False)
del net.passing  # TorchScript does not note which buffers are not saved
torch.jit.script(net).save(out / "script.pt")
save("beside-layer.pth", {**prefixed("backbone."), "head.weight": torch.ones(5, 3), "head.bias": torch.ones(5)})
save("extra-layer.pth", {**state, "se.weight": torch.ones(2, 2)})
save("nan.pth", {**state, "fc.bias": torch.tensor([0.0, float("nan"), 1.0])})
save("inf-half.pth", {name: (tensor * 1e5).half() for name, tensor in state.items()})
save("beyond.pth", {name: tensor.double() * 1e39 for name, tensor in state.items()})
save("quantised.pth", {name: torch.quantize_per_tensor(tensor, 0.1, 0, torch.qint8) for name, tensor in state.items()})
save("whole-numbers.pth", {name: tensor.to(torch.int8) for name, tensor in state.items()})
np.savez(out / "arrays.npz", weight=state["fc.weight"].numpy())
np.save(out / "array.npy", state["fc.weight"].numpy())
