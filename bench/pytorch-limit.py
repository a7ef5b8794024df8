"""The floating-point limit of this machine, as the largest product of matrices reaches it.

Run: python3 bench/pytorch-limit.py [--threads 2] [--steps 10]

Best of so many products of 3072×3072 float32 matrices. One line of JSON: {"version","peakRssMiB","gflops"}.
"""

import argparse
import time

from pytorch_common import positive, tell, torch, use_threads

SIZE = 3072


def main():
    parser = argparse.ArgumentParser(description="The floating-point limit of this machine.")
    for name, default in (("threads", 2), ("steps", 10)):
        parser.add_argument(f"--{name}", type=positive, default=default)
    options = parser.parse_args()
    use_threads(options.threads)
    a, b, c = (torch.rand(SIZE, SIZE) for _ in range(3))
    best = float("inf")
    for _ in range(options.steps):
        start = time.perf_counter()
        torch.mm(a, b, out=c)
        best = min(best, time.perf_counter() - start)
    tell(gflops=round(2 * SIZE**3 / best / 1e9, 1))


if __name__ == "__main__":
    main()
