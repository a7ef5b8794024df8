"""Golden learning rates, from PyTorch's own scheduler classes: writes schedules.json beside this file.

Run: python3 schedules.py (torch 2.13).

A case: {"schedule": the text that parseSchedule takes, "learningRate", "stepsPerEpoch", "epochs", "metrics"? (validation
loss after each epoch, for plateau), "learningRates": one for each optimizer step}. All is float64 and written in full.
A per-epoch scheduler is stepped after each epoch, a per-step one after each step. Behind a warm-up every scheduler is
stepped per step inside SequentialLR, with its epochs counted in steps, so that it starts anew where the warm-up ends.
"""

import json
import pathlib
import warnings

import torch
from torch.optim import lr_scheduler as schedulers

warnings.filterwarnings("ignore", message=".*epoch parameter in `scheduler.step\\(\\)`.*")  # SequentialLR's own call
WARMUP_START = 0.01
CASES = []


def optimizer(rate):
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)


def case(schedule, make, rate, steps_per_epoch, epochs, per_epoch=False, metrics=None):
    """Adds a case; `make` maps an optimizer to its scheduler."""
    sgd = optimizer(rate)
    scheduler = make(sgd)
    rates = []
    for epoch in range(epochs):
        for _ in range(steps_per_epoch):
            rates.append(sgd.param_groups[0]["lr"])
            sgd.step()
            if not per_epoch:
                scheduler.step()
        if per_epoch:
            scheduler.step(*([metrics[epoch]] if metrics else []))
    entry = {"schedule": schedule, "learningRate": rate, "stepsPerEpoch": steps_per_epoch, "epochs": epochs}
    if metrics:
        entry["metrics"] = metrics
    CASES.append({**entry, "learningRates": rates})


def warmed(steps, main):
    """Linear warm-up over `steps` steps, then the scheduler that `main` makes."""

    def make(sgd):
        warmup = schedulers.LinearLR(sgd, start_factor=WARMUP_START, total_iters=steps)
        return schedulers.SequentialLR(sgd, [warmup, main(sgd)], milestones=[steps])

    return make


def one_cycle(max_lr, total, share=0.3):
    return lambda sgd: schedulers.OneCycleLR(
        sgd, max_lr=max_lr, total_steps=total, pct_start=share, cycle_momentum=False
    )


case("none", lambda sgd: schedulers.ConstantLR(sgd, factor=1.0), 0.01, 3, 2)
case("step:7:0.1", lambda sgd: schedulers.StepLR(sgd, 7, 0.1), 0.001, 2, 25, per_epoch=True)
case("step:1:0.98", lambda sgd: schedulers.StepLR(sgd, 1, 0.98), 0.045, 1, 30, per_epoch=True)
case("multistep:3,6:0.2", lambda sgd: schedulers.MultiStepLR(sgd, [3, 6], 0.2), 0.1, 3, 9, per_epoch=True)
case("cosine", lambda sgd: schedulers.CosineAnnealingLR(sgd, 40), 0.1, 8, 5)
case("cosine:0.0001", lambda sgd: schedulers.CosineAnnealingLR(sgd, 30, 0.0001), 0.03, 10, 3)
case("onecycle", one_cycle(0.01, 50), 0.01, 10, 5)
case("onecycle:0.25", one_cycle(0.4, 21, 0.25), 0.4, 7, 3)
case("onecycle", one_cycle(0.1, 3), 0.1, 3, 1)  # so short that it never rises
case("warmup:1+none", warmed(5, lambda sgd: schedulers.ConstantLR(sgd, factor=1.0)), 0.5, 5, 2)
case("warmup:2+step:2:0.1", warmed(8, lambda sgd: schedulers.StepLR(sgd, 8, 0.1)), 0.1, 4, 9)
case("warmup:1+multistep:1,3:0.5", warmed(6, lambda sgd: schedulers.MultiStepLR(sgd, [6, 18], 0.5)), 0.2, 6, 6)
case("warmup:0.5+cosine", warmed(5, lambda sgd: schedulers.CosineAnnealingLR(sgd, 25)), 0.1, 10, 3)
case("warmup:1+cosine:0.001", warmed(10, lambda sgd: schedulers.CosineAnnealingLR(sgd, 30, 0.001)), 0.1, 10, 4)
case(
    "plateau:0.1:2",
    lambda sgd: schedulers.ReduceLROnPlateau(sgd, factor=0.1, patience=2),
    0.1,
    2,
    14,
    per_epoch=True,
    metrics=[1.0, 0.9, 0.89995, 0.95, 0.9, 0.88, 0.9, 0.9, 0.7, 0.7, 0.7, 0.7, 0.71, 0.6],
)
case(
    "plateau:0.5:0",
    lambda sgd: schedulers.ReduceLROnPlateau(sgd, factor=0.5, patience=0),
    6e-8,
    1,
    6,
    per_epoch=True,
    metrics=[1.0, 1.0, 1.0, 1.0, 1.0, 1.0],  # stops at 1.5e-8: a step down of at most 1e-8 is not taken
)

lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in CASES)
pathlib.Path(__file__).with_suffix(".json").write_text(f"[\n{lines}\n]\n")
