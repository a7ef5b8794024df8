"""What the scripts of PyTorch's side have in common. Without PyTorch and torchvision importing it ends with exit code 0."""

import argparse
import json
import resource
import sys
import types

try:
    import torch

    sys.modules.setdefault("torchvision._meta_registrations", types.ModuleType("unused"))  # needs operators of its own
    import torchvision
    from torchvision import transforms
except ImportError:
    print("skipped: PyTorch and torchvision are not installed for this Python", file=sys.stderr)
    sys.exit(0)

MEAN, DEVIATION = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]

# what ocelli calls the augmentation "seed"
SEED = transforms.Compose(
    [
        transforms.RandomResizedCrop(224),
        transforms.RandomHorizontalFlip(0.5),
        transforms.RandomVerticalFlip(0.5),
        transforms.RandomRotation(30),
        transforms.ColorJitter(brightness=0.2, contrast=0.1, saturation=0.1, hue=0.1),
        transforms.RandomGrayscale(0.025),
        transforms.ToTensor(),
        transforms.Normalize(MEAN, DEVIATION),
    ]
)

LAYOUTS = {"default": torch.contiguous_format, "channels_last": torch.channels_last}


def positive(text):
    """A whole number of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected at least 1 but got {value}")
    return value


def use_threads(count):
    """Threads inside an op; PyTorch's oneDNN and OpenMP obey. Nothing runs beside it, so the other pool has one."""
    torch.set_num_threads(count)
    torch.set_num_interop_threads(1)
    torch.backends.nnpack.set_flags(False)  # it would be tried, and warned about, in every step of a single thread


def network(name, classes):
    """The network and the shape of one image."""
    if name == "mnist-cnn":
        layers = torch.nn.Sequential(
            torch.nn.Conv2d(1, 16, 5, padding=2),
            torch.nn.ReLU(),
            torch.nn.MaxPool2d(2),
            torch.nn.Conv2d(16, 32, 5, padding=2),
            torch.nn.ReLU(),
            torch.nn.MaxPool2d(2),
            torch.nn.Flatten(),
            torch.nn.Linear(1568, classes),
        )
        return layers, (1, 28, 28)
    options = {"init_weights": False} if name == "inception_v3" else {}
    size = 299 if name == "inception_v3" else 224
    return torchvision.models.get_model(name, weights=None, num_classes=classes, **options), (3, size, size)


def tell(**result):
    """Prints the result as one line of JSON."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"version": torch.__version__, "peakRssMiB": round(peak), **result}), flush=True)
