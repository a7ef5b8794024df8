"""Some steps of each optimizer on a small network: writes optimizers.json beside this file. Run: python3 optimizers.py (torch 2.13).

The network: y = sigmoid(x·Wᵀ + b)·Vᵀ with parameters "hidden.weight" W, "hidden.bias" b, "out.weight" V; the loss is the
mean of (y − target)². All is computed in float64; the data are multiples of 1/1024, which float32 holds exactly. Step k has
the learning rate rates[k], which is halved on the way as a schedule would. Each case has the loss before every step, the
parameters after every step, and of the optimizer's state dict after the last one what is kept of each parameter, named
"hidden.weight.exp_avg" and so on, and the "group".
"""

import json
import pathlib

import torch

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
STEPS = 6
SHAPES = {"hidden.weight": (3, 4), "hidden.bias": (3,), "out.weight": (2, 3)}


def exact(*shape):
    return torch.round(torch.randn(shape) * 1024) / 1024


def number(value):
    return float(f"{value:.9g}")


def tensor(x):
    return {"shape": list(x.shape), "data": [number(v) for v in x.detach().flatten().tolist()]}


X, TARGET = exact(5, 4), exact(5, 2)
START = {name: exact(*shape) for name, shape in SHAPES.items()}


def train(optimizer_class, rate, **settings):
    parameters = {name: value.clone().requires_grad_() for name, value in START.items()}
    optimizer = optimizer_class(parameters.values(), lr=rate, **settings)
    rates = [rate if step < STEPS / 2 else rate / 2 for step in range(STEPS)]
    losses, after = [], []
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = rates[step]
        hidden = torch.sigmoid(X @ parameters["hidden.weight"].T + parameters["hidden.bias"])
        loss = ((hidden @ parameters["out.weight"].T - TARGET) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(number(loss))
        after.append({name: tensor(value)["data"] for name, value in parameters.items()})
    slots = {
        f"{name}.{slot}": tensor(kept)
        for name, value in parameters.items()
        for slot, kept in optimizer.state[value].items()
        if slot != "step"
    }
    group = optimizer.state_dict()["param_groups"][0]
    return {"rates": rates, "losses": losses, "after": after, "slots": slots, "group": group}


SGD, ADAM, ADAMW = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW
CASES = [
    ("sgd", {"learningRate": 0.5}, train(SGD, 0.5)),
    ("sgd", {"learningRate": 0.5, "weightDecay": 0.05}, train(SGD, 0.5, weight_decay=0.05)),
    ("sgd", {"learningRate": 0.2, "momentum": 0.9}, train(SGD, 0.2, momentum=0.9)),
    (
        "sgd",
        {"learningRate": 0.2, "momentum": 0.9, "dampening": 0.3, "weightDecay": 0.05},
        train(SGD, 0.2, momentum=0.9, dampening=0.3, weight_decay=0.05),
    ),
    (
        "sgd",
        {"learningRate": 0.2, "momentum": 0.8, "nesterov": True, "weightDecay": 0.01},
        train(SGD, 0.2, momentum=0.8, nesterov=True, weight_decay=0.01),
    ),
    ("adam", {}, train(ADAM, 1e-3)),
    ("adam", {"learningRate": 0.1, "weightDecay": 0.1}, train(ADAM, 0.1, weight_decay=0.1)),
    (
        "adam",
        {"learningRate": 0.1, "betas": [0.8, 0.95], "epsilon": 1e-3},
        train(ADAM, 0.1, betas=(0.8, 0.95), eps=1e-3),
    ),
    ("adamw", {}, train(ADAMW, 1e-3)),
    ("adamw", {"learningRate": 0.1, "weightDecay": 0.2}, train(ADAMW, 0.1, weight_decay=0.2)),
]
fixture = {
    "x": tensor(X),
    "target": tensor(TARGET),
    "start": {name: tensor(value) for name, value in START.items()},
    "cases": [{"name": name, "options": options, **result} for name, options, result in CASES],
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(fixture, separators=(",", ":")) + "\n")
