"""A network of every kind of layer, in training and in evaluation: writes modules.json beside this file.

Run: python3 modules.py (torch 2.13). All is computed in float64; weights and data are multiples of 1/1024, which float32
holds exactly. "state" is the state dict, in order. Each of "runs" begins with it and has the output, the gradients of
Σ output·seed with respect to "images" and all parameters, and the running statistics afterwards: "training"; "frozen"
(training, but stem.1 normalises with its running statistics); "evaluation".
"""

import json
import pathlib

import torch
from torch import nn

torch.backends.nnpack.set_flags(False)  # it only warns where the processor is not on its list
torch.manual_seed(0)
torch.set_default_dtype(torch.float64)


def number(value):
    short = float(f"{float(value):.9g}")
    return int(short) if short == int(short) else short


def tensor(x):
    return {"shape": list(x.shape), "data": [number(v) for v in x.detach().flatten().tolist()]}


def exact(*shape):
    return torch.round(torch.randn(shape) * 1024) / 1024


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 2 * channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(2 * channels)
        self.conv2 = nn.Conv2d(2 * channels, channels, 3, padding=1, groups=channels)
        self.downsample = nn.Identity()

    def forward(self, x):
        return nn.functional.relu(self.conv2(nn.functional.relu6(self.bn1(self.conv1(x)))) + self.downsample(x))


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 8, (3, 2), stride=(2, 1), padding=(1, 0)),
            nn.BatchNorm2d(8, eps=1e-3, momentum=0.3),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, 1),
        )
        self.dilated = nn.Conv2d(8, 4, 3, padding=2, dilation=2, groups=2, bias=False)
        self.blocks = nn.Sequential(Residual(4), nn.MaxPool2d(2, 1, ceil_mode=True), Residual(4))
        self.pool = nn.AvgPool2d((2, 3), (2, 1), (1, 1), ceil_mode=True, count_include_pad=False)
        self.classifier = nn.Sequential(nn.Linear(16, 6, bias=False), nn.SiLU(), nn.Linear(6, 3))

    def forward(self, x):
        x = self.pool(self.blocks(self.dilated(self.stem(x))))
        return self.classifier(nn.functional.adaptive_avg_pool2d(x, 2).flatten(1))


network = Network()
with torch.no_grad():
    for name, value in network.state_dict().items():
        if value.is_floating_point():
            value.copy_(exact(*value.shape) / 2)
            if name.endswith("running_var"):
                value.abs_().add_(0.5)
state = {name: value.clone() for name, value in network.state_dict().items()}
images, seed = exact(3, 3, 11, 10), exact(3, 3)


def run(training, frozen=()):
    network.load_state_dict(state)
    network.train(training)
    for name in frozen:
        network.get_submodule(name).eval()
    x = images.clone().requires_grad_()
    parameters = dict(network.named_parameters())
    output = network(x)
    gradients = torch.autograd.grad((output * seed).sum(), [x, *parameters.values()])
    return {
        "output": tensor(output),
        "gradients": {name: tensor(value) for name, value in zip(["images", *parameters], gradients)},
        "buffers": {name: tensor(value) for name, value in network.named_buffers()},
    }


fixture = {
    "state": {name: tensor(value) for name, value in state.items()},
    "parameters": [name for name, _ in network.named_parameters()],
    "images": tensor(images),
    "seed": tensor(seed),
    "runs": {"training": run(True), "frozen": run(True, ["stem.1"]), "evaluation": run(False)},
}
text = ",\n".join(f'"{key}":{json.dumps(value, separators=(",", ":"))}' for key, value in fixture.items())
pathlib.Path(__file__).with_suffix(".json").write_text(f"{{\n{text}\n}}\n")
