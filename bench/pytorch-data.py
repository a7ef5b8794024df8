"""Times decoding and augmenting photos with torchvision on Pillow, for comparison with ours.

Run: python3 bench/pytorch-data.py FOLDER [--steps 60] [--batch 16] [--workers 2] [--warmup 10]

FOLDER/train holds a folder for each class. The augmentation is ours named "seed": a random area of 224×224, both flips,
rotation, colour jitter, seldom grey, normalised floats. A DataLoader with worker processes that stay from one epoch to the
next makes batches, as fast as they are taken. One line of JSON: {"framework","version","pillow","batchSize","workers","steps",
"imagesPerSecond"}. Without PyTorch and torchvision it says so and ends with exit code 0.
"""

import argparse
import json
import sys
import time
import types

from pytorch_arguments import positive

try:
    import PIL
    import torch

    sys.modules["torchvision._meta_registrations"] = types.ModuleType("none")  # its compiled operators are not needed
    import torchvision
    from torchvision import transforms
    from torchvision.datasets import ImageFolder
except ImportError:
    print("skipped: PyTorch, torchvision or Pillow is not installed for this Python", file=sys.stderr)
    sys.exit(0)

SEED = transforms.Compose(
    [
        transforms.RandomResizedCrop(224),
        transforms.RandomHorizontalFlip(0.5),
        transforms.RandomVerticalFlip(0.5),
        transforms.RandomRotation(30),
        transforms.ColorJitter(brightness=0.2, contrast=0.1, saturation=0.1, hue=0.1),
        transforms.RandomGrayscale(0.025),
        transforms.ToTensor(),
        transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ]
)


def batches_of(loader):
    while True:
        yield from loader


def main():
    parser = argparse.ArgumentParser(description="Times decoding and augmenting photos with torchvision on Pillow.")
    parser.add_argument("folder")
    for name, default in (("steps", 60), ("batch", 16), ("workers", 2), ("warmup", 10)):
        parser.add_argument(f"--{name}", type=positive, default=default)
    options = parser.parse_args()
    torch.manual_seed(0)
    loader = torch.utils.data.DataLoader(
        ImageFolder(f"{options.folder}/train", SEED),
        batch_size=options.batch,
        shuffle=True,
        num_workers=options.workers,
        persistent_workers=True,
    )
    images, start = 0, 0.0
    for step, (batch, _) in enumerate(batches_of(loader)):
        if step == options.warmup - 1:
            start = time.perf_counter()
        if step >= options.warmup:
            images += len(batch)
        if step == options.warmup + options.steps - 1:
            break
    result = {
        "framework": "torchvision",
        "version": torchvision.__version__,
        "pillow": PIL.__version__,
        "batchSize": options.batch,
        "workers": options.workers,
        "steps": options.steps,
        "imagesPerSecond": round(images / (time.perf_counter() - start)),
    }
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
