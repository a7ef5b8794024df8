"""Times one training step of the small MNIST network in PyTorch, for comparison with ours.

Run: python3 bench/pytorch-step.py [--steps 100] [--batch 64] [--threads 2] [--warmup 20]

A step: forward, cross entropy, backward, Adam, on random batches that are made before. One line of JSON for each memory
layout: {"framework","version","layout","batchSize","threads","steps","medianMs","minMs","loss"}. The loss is read in
every step, as a loop that reports it does. Without PyTorch it says so and ends with exit code 0.

On threads: --threads sets PyTorch's pool for the work inside an op (torch.set_num_threads; both oneDNN and OpenMP obey
it). The pool for independent ops is set to 1, for this network has none. OMP_NUM_THREADS need not be set. More threads
than physical cores slow every step. To compare, run this and ours in turn, not at once, and take the better layout.
"""

import argparse
import json
import statistics
import sys
import time

from pytorch_arguments import positive

try:
    import torch
except ImportError:
    print("skipped: PyTorch is not installed for this Python", file=sys.stderr)
    sys.exit(0)

BATCHES = 8


def network():
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 16, 5, padding=2),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(16, 32, 5, padding=2),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(1568, 10),
    )


def measure(layout, options):
    torch.manual_seed(0)
    model = network().to(memory_format=layout)
    adam = torch.optim.Adam(model.parameters())
    batches = [
        (
            torch.rand(options.batch, 1, 28, 28).to(memory_format=layout),
            torch.randint(0, 10, (options.batch,)),
        )
        for _ in range(BATCHES)
    ]
    times = []
    for step in range(options.warmup + options.steps):
        images, labels = batches[step % BATCHES]
        start = time.perf_counter()
        adam.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        adam.step()
        value = loss.item()
        times.append((time.perf_counter() - start) * 1000)
    return times[options.warmup :], value


def main():
    parser = argparse.ArgumentParser(description="Times one training step of the small MNIST network in PyTorch.")
    for name, default in (("steps", 100), ("batch", 64), ("threads", 2)):
        parser.add_argument(f"--{name}", type=positive, default=default)
    parser.add_argument("--warmup", type=int, default=20)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.set_num_interop_threads(1)
    torch.backends.nnpack.set_flags(False)  # it would be tried, and warned about, in every step of a single thread
    for name, layout in (("default", torch.contiguous_format), ("channels_last", torch.channels_last)):
        times, loss = measure(layout, options)
        result = {
            "framework": "pytorch",
            "version": torch.__version__,
            "layout": name,
            "batchSize": options.batch,
            "threads": options.threads,
            "steps": options.steps,
            "medianMs": round(statistics.median(times), 3),
            "minMs": round(min(times), 3),
            "loss": round(loss, 4),
        }
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
