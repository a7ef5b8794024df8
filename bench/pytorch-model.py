"""Times training steps or forward passes of a network in PyTorch, for comparison with ours.

Run: python3 bench/pytorch-model.py --model resnet18 --job train|eval --layout default|channels_last
     [--batch 16] [--optimizer adam|sgd] [--precision fp32|bf16] [--steps 10] [--warmup 3] [--threads 2]

A training step: forward, cross entropy, backward, update, on random batches that are made before, random weights, ten
classes; the loss is read in every step, as a loop that reports it does. With bf16 forward and loss are under torch.autocast.
A forward pass: evaluation mode, torch.inference_mode. One line of JSON: {"version","peakRssMiB","medianMs","minMs"}.
"""

import argparse
import contextlib
import statistics
import time

from pytorch_common import LAYOUTS, network, positive, tell, torch, use_threads

BATCHES = 4
CLASSES = 10


def optimizer_of(name, model):
    if name == "sgd":
        return torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9)
    return torch.optim.Adam(model.parameters())


def loss_of(model, images, labels):
    outputs = model(images)
    if isinstance(outputs, tuple):  # inception_v3: logits, auxiliary logits
        return sum(
            weight * torch.nn.functional.cross_entropy(logits, labels)
            for weight, logits in zip((1.0, 0.4), outputs)
        )
    return torch.nn.functional.cross_entropy(outputs, labels)


def trainer(model, options):
    optimizer = optimizer_of(options.optimizer, model)
    precision = (
        torch.autocast("cpu", dtype=torch.bfloat16) if options.precision == "bf16" else contextlib.nullcontext()
    )

    def step(images, labels):
        optimizer.zero_grad()
        with precision:
            loss = loss_of(model, images, labels)
        loss.backward()
        optimizer.step()
        loss.item()

    return step


def evaluator(model):
    model.eval()

    def step(images, _):
        with torch.inference_mode():
            model(images)

    return step


def main():
    parser = argparse.ArgumentParser(description="Times training steps or forward passes of a network in PyTorch.")
    parser.add_argument("--model", required=True)
    parser.add_argument("--job", choices=("train", "eval"), required=True)
    parser.add_argument("--layout", choices=tuple(LAYOUTS), required=True)
    parser.add_argument("--optimizer", choices=("adam", "sgd"), default="adam")
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    for name, default in (("batch", 16), ("steps", 10), ("warmup", 3), ("threads", 2)):
        parser.add_argument(f"--{name}", type=positive, default=default)
    options = parser.parse_args()
    use_threads(options.threads)
    torch.manual_seed(0)
    model, shape = network(options.model, CLASSES)
    layout = LAYOUTS[options.layout]
    model.to(memory_format=layout)
    step = trainer(model, options) if options.job == "train" else evaluator(model)
    batches = [
        (
            torch.rand(options.batch, *shape).to(memory_format=layout),
            torch.randint(0, CLASSES, (options.batch,)),
        )
        for _ in range(BATCHES)
    ]
    times = []
    for index in range(options.warmup + options.steps):
        start = time.perf_counter()
        step(*batches[index % BATCHES])
        times.append((time.perf_counter() - start) * 1000)
    measured = times[options.warmup :]
    tell(medianMs=round(statistics.median(measured), 3), minMs=round(min(measured), 3))


if __name__ == "__main__":
    main()
