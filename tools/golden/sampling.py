"""Golden distributions of the random parameters of transforms, from torchvision: writes sampling.json beside this file.
Run: python3 sampling.py (torch 2.13, torchvision 0.28).

A case: {"name", "options", "parameter", "low", "high", "counts": how many draws fell into each of as many equal bins}. "fixed"
are boxes of crops that no draw allows: {"size": [width, height], "scale", "ratio", "box": [left, top, width, height]}.
"""

import itertools
import json
import math
import pathlib
import sys
import types

sys.modules["torchvision._meta_registrations"] = types.ModuleType("none")  # its compiled operators are not needed

import torch  # noqa: E402
from torchvision import transforms  # noqa: E402
from torchvision.transforms import v2  # noqa: E402

DRAWS = 40_000
BINS = 16
CASES = []


def record(name, options, draw, ranges):
    """`draw` gives a value for each parameter of `ranges`, (low, high) of each."""
    counts = {parameter: [0] * BINS for parameter in ranges}
    for _ in range(DRAWS):
        for parameter, value in draw().items():
            low, high = ranges[parameter]
            bin = math.floor((value - low) / (high - low) * BINS)
            counts[parameter][min(max(bin, 0), BINS - 1)] += 1
    for parameter, (low, high) in ranges.items():
        case = {"name": name, "options": options, "parameter": parameter, "low": low, "high": high}
        CASES.append({**case, "counts": counts[parameter]})


def box_of(top, left, height, width, whole):
    return {
        "left": left,
        "top": top,
        "width": width,
        "height": height,
        "share": width * height / (whole[0] * whole[1]),
        "ratio": math.log((width + 0.5) / (height + 0.5)),
    }


def box_ranges(width, height, ratio=1.5):
    whole = {"left": (0, width), "top": (0, height), "width": (0, width + 1), "height": (0, height + 1)}
    return {**whole, "share": (0, 1), "ratio": (-ratio, ratio)}


def crops():
    for width, height in ((500, 375), (60, 400), (300, 300)):
        image = torch.zeros(3, height, width)

        def draw():
            box = transforms.RandomResizedCrop.get_params(image, [0.08, 1.0], [3 / 4, 4 / 3])
            return box_of(*box, (width, height))

        record("crop", {"width": width, "height": height}, draw, box_ranges(width, height))


def erased():
    for width, height in ((224, 224), (40, 100)):
        image = torch.zeros(3, height, width)

        def draw():
            top, left, h, w, _ = transforms.RandomErasing.get_params(image, [0.02, 0.33], [0.3, 3.3], [0.0])
            return box_of(top, left, h, w, (width, height))

        record("erasing", {"width": width, "height": height}, draw, box_ranges(width, height, 3))


def jitter():
    orders = list(itertools.permutations(range(4)))

    def draw():
        order, *factors = transforms.ColorJitter.get_params((0.8, 1.2), (0.9, 1.1), (0.9, 1.1), (-0.1, 0.1))
        names = ("brightness", "contrast", "saturation", "hue")
        return {"order": orders.index(tuple(order.tolist())), **dict(zip(names, factors))}

    near = (0.9, 1.1)
    ranges = {"order": (0, 24), "brightness": (0.8, 1.2), "contrast": near, "saturation": near, "hue": (-0.1, 0.1)}
    record("jitter", {}, draw, ranges)


def mixtures():
    width, height = 40, 24
    images = torch.zeros(2, 3, height, width)
    for alpha in (1.0, 0.2):
        mixup, cutmix = v2.MixUp(alpha=alpha, num_classes=2), v2.CutMix(alpha=alpha, num_classes=2)
        record("mixup", {"alpha": alpha}, lambda: {"share": mixup.make_params([images])["lam"]}, {"share": (0, 1)})

        def draw():
            left, top, right, bottom = (int(side) for side in cutmix.make_params([images])["box"])
            return box_of(top, left, bottom - top, right - left, (width, height))

        options = {"alpha": alpha, "width": width, "height": height}
        record("cutmix", options, draw, box_ranges(width, height, 4))


def fixed():
    boxes = []
    for (width, height), scale in itertools.product(((1000, 10), (10, 1000), (7, 1), (1, 7), (40, 40)), ([4.0, 4.0],)):
        ratio = [3 / 4, 4 / 3]
        top, left, h, w = transforms.RandomResizedCrop.get_params(torch.zeros(3, height, width), scale, ratio)
        boxes.append({"size": [width, height], "scale": scale, "ratio": ratio, "box": [left, top, w, h]})
    return boxes


if __name__ == "__main__":
    torch.manual_seed(0)
    for step in (crops, erased, jitter, mixtures):
        step()
    text = json.dumps({"cases": CASES, "fixed": fixed()}, separators=(",", ":"))
    pathlib.Path(__file__).with_suffix(".json").write_text(text.replace('},{"', '},\n{"') + "\n")
