"""What the scripts of PyTorch's side have in common."""
import argparse


def positive(text):
    """A whole number of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected at least 1 but got {value}")
    return value
