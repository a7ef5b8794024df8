"""Golden results of transforms with fixed parameters, from torchvision on Pillow: writes transforms.json beside this file.
Run: python3 transforms.py (torch 2.13, torchvision 0.28, Pillow 12.3).

A case: {"name", "image": [width, height, channels] of a synthetic picture, "parameters", "shape", "hash": the beginning of the
SHA-256 of the result's bytes}. "spaces" are the operations and strengths of RandAugment and TrivialAugmentWide.
"""

import hashlib
import itertools
import json
import os
import pathlib
import sys
import types

os.environ["ATEN_CPU_CAPABILITY"] = "default"  # the last bits of linspace depend on the vector instructions of the machine
sys.modules["torchvision._meta_registrations"] = types.ModuleType("none")  # its compiled operators are not needed

import numpy as np  # noqa: E402
import torch  # noqa: E402
from PIL import Image  # noqa: E402
from torchvision import transforms  # noqa: E402
from torchvision.transforms import InterpolationMode, autoaugment  # noqa: E402
from torchvision.transforms import functional as F  # noqa: E402
from torchvision.transforms import v2  # noqa: E402

HERE = pathlib.Path(__file__).parent
BILINEAR, BICUBIC, NEAREST = InterpolationMode.BILINEAR, InterpolationMode.BICUBIC, InterpolationMode.NEAREST


def digest(data):
    return hashlib.sha256(data).hexdigest()[:16]


def synthetic(width, height, channels):
    """Slopes, edges and noise; tests/parity/synthetic.ts has the same."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(channels), indexing="ij")
    slope = x * (3 + c) + y * (5 - c)
    edges = ((x // 16 + y // 12) % 3) * (40 + 30 * c)
    noise = ((x * 7919 + y * 104729 + c * 1299709) % 251) // (1 + (x + y) % 5)
    values = ((slope + edges + noise) % 256).astype(np.uint8)
    return Image.fromarray(values if channels == 3 else values[:, :, 0])


CASES = []


def case(name, image, parameters, result):
    """`image` [width, height, channels] of a synthetic picture; `result` a picture or a tensor."""
    if isinstance(result, Image.Image):
        shape, data = [result.width, result.height], result.tobytes()
    else:
        shape, data = list(result.shape), result.contiguous().numpy().tobytes()
    CASES.append({"name": name, "image": image, "parameters": parameters, "shape": shape, "hash": digest(data)})


def sizes():
    for image in ([61, 47, 3], [61, 47, 1], [300, 260, 3], [5, 4, 3]):
        picture = synthetic(*image)
        for width, height in ([224, 224], [61, 20], [7, 93], [1, 1], [61, 47], [130, 47], [33, 224]):
            for mode in (BILINEAR, BICUBIC, NEAREST):
                result = F.resize(picture, [height, width], mode)
                case("resizeTo", image, {"width": width, "height": height, "interpolation": mode.value}, result)
    for image, side in itertools.product(([2, 257, 3], [2, 201, 3], [2, 200, 3], [1, 300, 1]), (40, 224, 299)):
        result = F.resize(synthetic(*image), [side, side])  # Pillow turns the passes round where height > 100 · width
        case("resize to square", image, {"side": side}, result)
    for image in ([500, 375, 3], [500, 333, 3], [333, 500, 3], [256, 256, 3], [257, 300, 1], [61, 47, 3]):
        picture = synthetic(*image)
        for short in (256, 64, 33):
            case("resize", image, {"short": short}, transforms.Resize(short)(picture))
    for image in ([341, 256, 3], [256, 361, 3], [60, 47, 3], [61, 90, 1], [20, 31, 3]):
        picture = synthetic(*image)
        for side in (224, 61, 32, 47):
            case("centerCrop", image, {"side": side}, F.center_crop(picture, side))
    for image in ([500, 375, 3], [100, 80, 1], [37, 230, 3]):
        picture = synthetic(*image)
        for resize, crop, mode in ((256, 224, BILINEAR), (342, 299, BILINEAR), (232, 224, BICUBIC), (40, 61, BILINEAR)):
            result = F.center_crop(F.resize(picture, resize, mode), crop)
            parameters = {"resize": resize, "crop": crop, "interpolation": mode.value}
            case("evaluationCrop", image, parameters, result)
    for image in ([500, 375, 3], [120, 90, 1]):
        picture = synthetic(*image)
        for top, left, height, width in ((0, 0, 90, 120), (13, 7, 51, 34), (88, 3, 1, 90), (30, 41, 60, 40)):
            for size, mode in itertools.product((224, 48), (BILINEAR, BICUBIC, NEAREST)):
                result = F.resized_crop(picture, top, left, height, width, [size, size], mode)
                box = {"top": top, "left": left, "height": height, "width": width}
                case("resizedCrop", image, {"box": box, "size": size, "interpolation": mode.value}, result)
    picture = synthetic(31, 22, 3)
    case("pad", [31, 22, 3], {"padding": [3, 1, 4, 2], "fill": 0}, F.pad(picture, [3, 1, 4, 2]))
    case("pad", [31, 22, 3], {"padding": [3, 0, 0, 2], "fill": [9, 99, 199]}, F.pad(picture, [3, 0, 0, 2], (9, 99, 199)))


def turns():
    for image in ([61, 47, 3], [64, 64, 3], [33, 40, 1]):
        picture = synthetic(*image)
        case("flipHorizontal", image, {}, F.hflip(picture))
        case("flipVertical", image, {}, F.vflip(picture))
        angles = (0, 90, 180, 270, 360, -90, 1e-14, 1e-17, 0.4, -0.4, 7.25, 29.99, -30, 12.3456789, 45, 135, 90.0001, 200)
        for angle in angles:
            case("rotate", image, {"degrees": angle, "fill": 0}, F.rotate(picture, angle))
        case("rotate", image, {"degrees": 20, "fill": 128}, F.rotate(picture, 20, fill=128))
    wide = synthetic(40000, 3, 1)
    case("rotate", [40000, 3, 1], {"degrees": 0.01, "fill": 0}, F.rotate(wide, 0.01))


ADJUST = {
    "brightness": F.adjust_brightness,
    "contrast": F.adjust_contrast,
    "saturation": F.adjust_saturation,
    "hue": F.adjust_hue,
}


def colours():
    factors = (0, 0.3, 0.8, 0.9137, 1, 1.05, 1.2, 2.7)
    angles = (-0.5, -0.1, -0.0731, 0, 0.003, 0.1, 0.31, 0.5)
    for image in ([61, 47, 3], [33, 40, 1], [1, 1, 3]):
        picture = synthetic(*image)
        for kind, adjust in ADJUST.items():
            for amount in angles if kind == "hue" else factors:
                case("adjust", image, [{"kind": kind, "amount": amount}], adjust(picture, amount))
        case("gray", image, {}, F.to_grayscale(picture, image[2]))
    for order in itertools.permutations(ADJUST):
        steps = [{"kind": kind, "amount": 0.07 if kind == "hue" else 0.9 + 0.07 * i} for i, kind in enumerate(order)]
        picture = synthetic(64, 41, 3)
        for step in steps:
            picture = ADJUST[step["kind"]](picture, step["amount"])
        case("adjust", [64, 41, 3], steps, picture)
    every = np.arange(1 << 24, dtype=np.uint32)
    every = np.stack([every >> 16, (every >> 8) & 255, every & 255], -1).astype(np.uint8).reshape(4096, 4096, 3)
    every = Image.fromarray(every)
    for kind, amount in (("hue", -0.0731), ("hue", 0.1), ("saturation", 1.0873), ("saturation", 0.93)):
        case("adjust", "every colour", [{"kind": kind, "amount": amount}], ADJUST[kind](every, amount))


def operations():
    for image in ([61, 47, 3], [40, 40, 1]):
        picture = synthetic(*image)
        spaces = (
            autoaugment.RandAugment()._augmentation_space(31, (image[1], image[0])),
            autoaugment.TrivialAugmentWide()._augmentation_space(31),
        )
        for space in spaces:
            for name, (magnitudes, signed) in [*space.items(), ("Invert", (torch.tensor(0.0), False))]:
                bins = (0, 9, 17, 30) if magnitudes.ndim else (0,)
                for bin in bins:
                    for sign in (1, -1) if signed else (1,):
                        magnitude = sign * float(magnitudes[bin] if magnitudes.ndim else 0)
                        result = autoaugment._apply_op(picture, name, magnitude, InterpolationMode.NEAREST, None)
                        case("operation", image, {"name": name, "magnitude": magnitude}, result)
    for image in ([2, 9, 3], [3, 3, 3]):  # too small to smooth, and just not
        case("operation", image, {"name": "Sharpness", "magnitude": 0.5}, F.adjust_sharpness(synthetic(*image), 1.5))
    flat = Image.new("RGB", (20, 10), (7, 7, 200))
    for name in ("AutoContrast", "Equalize"):
        result = autoaugment._apply_op(flat, name, 0, InterpolationMode.NEAREST, None)
        case("operation", "flat", {"name": name, "magnitude": 0}, result)


def space_of(space):
    return [
        [name, magnitudes.tolist() if magnitudes.ndim else None, signed] for name, (magnitudes, signed) in space.items()
    ]


def tensors():
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    tensor = F.to_tensor(synthetic(61, 47, 3))
    case("toTensor", [61, 47, 3], {}, tensor)
    case("toTensor", [61, 47, 3], {"mean": mean, "std": std}, F.normalize(tensor, mean, std))
    grey = F.to_tensor(synthetic(33, 40, 1))
    case("toTensor", [33, 40, 1], {"mean": [0.1307], "std": [0.3081]}, F.normalize(grey, [0.1307], [0.3081]))
    case("erase", [61, 47, 3], {"top": 3, "left": 5, "height": 20, "width": 33}, F.erase(tensor, 3, 5, 20, 33, 0.25))
    case("everyByte", None, {"mean": mean, "std": std}, every_byte(mean, std))


def every_byte(mean, std):
    picture = Image.fromarray(np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, 2))
    return F.normalize(F.to_tensor(picture), mean, std)


def mixtures():
    """Batches of three synthetic pictures, shifted by one column each, with labels 0, 2, 1 of 3 classes."""
    picture = F.to_tensor(synthetic(24, 16, 3))
    batch = torch.stack([picture.roll(shift, 2) for shift in range(3)])
    labels = torch.tensor([0, 2, 1])
    mixup, cutmix = v2.MixUp(num_classes=3), v2.CutMix(num_classes=3)
    for share in (0.3, 0.77123, 1.0):
        params = {"lam": share, "labels": labels, "batch_size": 3}
        mixed = torch.cat([mixup.transform(value, params).flatten() for value in (batch, labels)])
        case("mixWith", [24, 16, 3], {"share": share}, mixed)
    for x1, y1, x2, y2 in ((0, 0, 24, 16), (3, 5, 10, 9), (7, 7, 7, 12)):
        share = float(1.0 - (x2 - x1) * (y2 - y1) / (24 * 16))
        params = {"box": (x1, y1, x2, y2), "lam_adjusted": share, "labels": labels, "batch_size": 3}
        mixed = torch.cat([cutmix.transform(value, params).flatten() for value in (batch, labels)])
        box = {"left": x1, "top": y1, "width": x2 - x1, "height": y2 - y1}
        case("cutWith", [24, 16, 3], box, mixed)


def write_json(path, value):
    path.write_text(json.dumps(value, separators=(",", ":")).replace('},{"name"', '},\n{"name"') + "\n")


def transforms_json():
    sizes()
    turns()
    colours()
    operations()
    tensors()
    mixtures()
    spaces = {
        "randAugment": space_of(autoaugment.RandAugment()._augmentation_space(31, (375, 500))),
        "randAugment10": space_of(autoaugment.RandAugment()._augmentation_space(10, (224, 224))),
        "trivialAugmentWide": space_of(autoaugment.TrivialAugmentWide()._augmentation_space(31)),
    }
    write_json(HERE / "transforms.json", {"cases": CASES, "spaces": spaces})


if __name__ == "__main__":
    transforms_json()
