"""The seed's transfer learning as a whole command in PyTorch: resnet18, backbone frozen, a folder of photos.

Run: python3 bench/pytorch-transfer.py FOLDER [--epochs 1] [--batch 16] [--workers 2] [--threads 2] [--layout channels_last]
     [--augment seed|none]

Random weights (what a step takes does not depend on them), a new last layer, SGD with momentum; each epoch trains on
FOLDER/train and evaluates FOLDER/val. The frozen part runs without gradients, batch normalisation by its statistics, as
a careful script does it. One line of JSON: {"version","peakRssMiB","accuracy"}; time the whole process.
"""

import argparse

from pytorch_common import DEVIATION, LAYOUTS, MEAN, SEED, network, positive, tell, torch, transforms, use_threads
from torchvision.datasets import ImageFolder

VALIDATION = transforms.Compose(
    [transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor(), transforms.Normalize(MEAN, DEVIATION)]
)


def main():
    parser = argparse.ArgumentParser(description="Transfer learning as a whole command in PyTorch.")
    parser.add_argument("folder")
    parser.add_argument("--layout", choices=tuple(LAYOUTS), default="channels_last")
    parser.add_argument("--augment", choices=("seed", "none"), default="seed")
    for name, default in (("epochs", 1), ("batch", 16), ("workers", 2), ("threads", 2)):
        parser.add_argument(f"--{name}", type=positive, default=default)
    options = parser.parse_args()
    use_threads(options.threads)
    torch.manual_seed(0)
    layout = LAYOUTS[options.layout]

    def loader(part, transform, shuffle):
        data = ImageFolder(f"{options.folder}/{part}", transform)
        return torch.utils.data.DataLoader(
            data, batch_size=options.batch, shuffle=shuffle, num_workers=options.workers, persistent_workers=True
        )

    training = loader("train", SEED if options.augment == "seed" else VALIDATION, True)
    validation = loader("val", VALIDATION, False)
    backbone, _ = network("resnet18", 2)
    head, backbone.fc = backbone.fc, torch.nn.Identity()
    backbone.to(memory_format=layout).eval().requires_grad_(False)
    optimizer = torch.optim.SGD(head.parameters(), lr=0.001, momentum=0.9)
    correct = 0
    for _ in range(options.epochs):
        for images, labels in training:
            with torch.inference_mode():
                features = backbone(images.to(memory_format=layout))
            loss = torch.nn.functional.cross_entropy(head(features.clone()), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss.item()
        with torch.inference_mode():
            correct = sum(
                (head(backbone(images.to(memory_format=layout))).argmax(1) == labels).sum().item()
                for images, labels in validation
            )
    tell(accuracy=correct / len(validation.dataset))


if __name__ == "__main__":
    main()
