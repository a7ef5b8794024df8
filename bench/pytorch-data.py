"""Times decoding and augmenting photos with torchvision on Pillow, for comparison with ours.

Run: python3 bench/pytorch-data.py FOLDER [--steps 60] [--batch 16] [--workers 2] [--warmup 10]

FOLDER/train holds a folder for each class. A DataLoader with worker processes that stay from one epoch to the next makes
batches by the augmentation `seed`, as fast as they are taken. One line of JSON: {"version","peakRssMiB","imagesPerSecond"}.
"""

import argparse
import time

from pytorch_common import SEED, positive, tell, torch
from torchvision.datasets import ImageFolder


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
    tell(imagesPerSecond=round(images / (time.perf_counter() - start)))


if __name__ == "__main__":
    main()
