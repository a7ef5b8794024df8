"""Golden pixels of prepared photos, from torchvision on Pillow: writes preprocessing.json beside this file.
Run: python3 preprocessing.py FOLDER, the folder that holds hymenoptera_data (torchvision 0.28, Pillow 12.3).

For each photo the SHA-256 of its bytes as red, green, blue: "val" photos resized to 256 and cut to the middle 224 as for
evaluation, "train" photos augmented with parameters that depend on their number.
"""

import hashlib
import json
import pathlib
import sys
import types

sys.modules["torchvision._meta_registrations"] = types.ModuleType("none")  # its compiled operators are not needed

from PIL import Image  # noqa: E402
from torchvision.transforms import functional as F  # noqa: E402

ADJUST = {
    "brightness": F.adjust_brightness,
    "contrast": F.adjust_contrast,
    "saturation": F.adjust_saturation,
    "hue": F.adjust_hue,
}


def evaluated(picture):
    return F.center_crop(F.resize(picture, 256), 224)


def augmented(picture, number):
    """The steps of the augmentation "seed"; tests/parity/preprocessing.test.ts has the same numbers."""
    width = 1 + (number * 7919) % picture.width
    height = 1 + (number * 104729) % picture.height
    left = (number * 31) % (picture.width - width + 1)
    top = (number * 17) % (picture.height - height + 1)
    picture = F.resized_crop(picture, top, left, height, width, [224, 224])
    if number % 2:
        picture = F.hflip(picture)
    if number % 3 == 1:
        picture = F.vflip(picture)
    picture = F.rotate(picture, (number * 0.37) % 60 - 30)
    amounts = {
        "brightness": 0.8 + (number % 41) / 100,
        "contrast": 0.9 + (number % 21) / 100,
        "saturation": 0.9 + (number % 19) / 90,
        "hue": -0.1 + (number % 23) / 110,
    }
    kinds = list(amounts)
    for step in range(4):
        kind = kinds[(number + step) % 4]
        picture = ADJUST[kind](picture, amounts[kind])
    return F.to_grayscale(picture, 3) if number % 20 == 0 else picture


def results(root):
    hashes = {}
    for number, path in enumerate(sorted(root.glob("*/*/*.jp*g"))):
        picture = Image.open(path).convert("RGB")
        name = path.relative_to(root).as_posix()
        result = evaluated(picture) if name.startswith("val/") else augmented(picture, number)
        hashes[name] = hashlib.sha256(result.tobytes()).hexdigest()
    return hashes


if __name__ == "__main__":
    hashes = results(pathlib.Path(sys.argv[1]) / "hymenoptera_data")
    pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(hashes, indent=0) + "\n")
