"""Times forward passes of torchvision's networks in PyTorch, for comparison with ours.

Run: python3 bench/pytorch-inference.py --models resnet18,vgg16 [--batch 8] [--threads 2] [--steps 10] [--warmup 3]

A step: the forward pass in evaluation mode under torch.inference_mode, on random images that are made before, with random
weights for ten classes. One line of JSON for each network and memory layout:
{"framework","version","model","layout","batchSize","threads","steps","medianMs","minMs"}. Without PyTorch and
torchvision it says so and ends with exit code 0. On threads see pytorch-step.py.
"""

import argparse
import json
import statistics
import sys
import time
import types

from pytorch_arguments import positive

try:
    import torch

    sys.modules.setdefault("torchvision._meta_registrations", types.ModuleType("unused"))  # needs operators of its own
    import torchvision
except ImportError:
    print("skipped: PyTorch and torchvision are not installed for this Python", file=sys.stderr)
    sys.exit(0)

BATCHES = 4
CLASSES = 10


def network(name):
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
            torch.nn.Linear(1568, CLASSES),
        )
        return layers, (1, 28, 28)
    options = {"init_weights": False} if name == "inception_v3" else {}
    size = 299 if name == "inception_v3" else 224
    return torchvision.models.get_model(name, weights=None, num_classes=CLASSES, **options), (3, size, size)


def measure(model, shape, layout, options):
    model.to(memory_format=layout)
    batches = [torch.rand(options.batch, *shape).to(memory_format=layout) for _ in range(BATCHES)]
    times = []
    with torch.inference_mode():
        for step in range(options.warmup + options.steps):
            start = time.perf_counter()
            model(batches[step % BATCHES])
            times.append((time.perf_counter() - start) * 1000)
    return times[options.warmup :]


def main():
    parser = argparse.ArgumentParser(description="Times forward passes of torchvision's networks in PyTorch.")
    parser.add_argument("--models", type=lambda text: text.split(","), required=True)
    for name, default in (("batch", 8), ("threads", 2), ("steps", 10), ("warmup", 3)):
        parser.add_argument(f"--{name}", type=positive, default=default)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.set_num_interop_threads(1)
    torch.backends.nnpack.set_flags(False)
    for name in options.models:
        model, shape = network(name)
        model.eval()
        for layout_name, layout in (("default", torch.contiguous_format), ("channels_last", torch.channels_last)):
            times = measure(model, shape, layout, options)
            result = {
                "framework": "pytorch",
                "version": torch.__version__,
                "model": name,
                "layout": layout_name,
                "batchSize": options.batch,
                "threads": options.threads,
                "steps": options.steps,
                "medianMs": round(statistics.median(times), 3),
                "minMs": round(min(times), 3),
            }
            print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
