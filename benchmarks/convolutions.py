"""Forward and backward of single convolutions in bfloat16: the usual form against the one for small planes.

    python benchmarks/convolutions.py

The layers are those of wrn-10-1 on 8x8 images, which the main study trains, and strided ones of 16x16 images. Both
forms live in one process and take turns; figures are medians of CPU milliseconds, in brackets fastest and slowest.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch

from ssc_tune.models.layers import conv2d
from ssc_tune.training.hardware import describe

LAYERS = [  # in, out, kernel, stride, size of the plane
    (16, 16, 3, 1, 8),
    (16, 32, 3, 2, 8),
    (16, 32, 1, 2, 8),
    (32, 32, 3, 1, 4),
    (32, 64, 3, 2, 4),
    (32, 64, 1, 2, 4),
    (64, 64, 3, 1, 2),
    (16, 32, 3, 2, 16),
    (16, 32, 1, 2, 16),
]


def measure(layer: tuple[int, int, int, int, int], images: int, rounds: int) -> tuple[str, dict[bool, list[float]]]:
    """The form for small planes, and milliseconds of each round without and with it."""
    in_channels, out_channels, kernel, stride, size = layer
    convolution = conv2d(in_channels, out_channels, kernel, stride=stride).to(memory_format=torch.channels_last)
    torch.nn.init.normal_(convolution.weight)
    x = torch.randn(images, in_channels, size, size, dtype=torch.bfloat16).to(memory_format=torch.channels_last)
    x.requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        gradient = torch.randn_like(convolution(x))
        form = convolution.form(x)
    spent: dict[bool, list[float]] = {False: [], True: []}
    for number in range(rounds + 1):
        for small in spent:
            convolution.small_planes = small
            x.grad = convolution.weight.grad = None
            started = time.process_time()
            with torch.autocast("cpu", dtype=torch.bfloat16):
                y = convolution(x)
            y.backward(gradient)
            if number:
                spent[small].append(1e3 * (time.process_time() - started))
    return form, spent


def main() -> None:
    """Reads the command line, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--images", type=int, default=416, help="of a step (default 416, SSC in the main study)")
    parser.add_argument("--rounds", type=int, default=50)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    machine = {**describe(torch.device("cpu")), "torch": torch.__version__}
    print(f"{machine}\n{arguments.images} images, {arguments.rounds} rounds\n")
    print("| layer | plane | form | usual, ms | this form, ms | ratio |\n| --- | --- | --- | --- | --- | --- |")
    for layer in LAYERS:
        form, spent = measure(layer, arguments.images, arguments.rounds)
        usual, small = (statistics.median(spent[kind]) for kind in (False, True))
        name = "{0} to {1}, {2}x{2}, stride {3} | {4}x{4}".format(*layer)
        low = f"{usual:.2f} ({min(spent[False]):.2f}-{max(spent[False]):.2f})"
        high = f"{small:.2f} ({min(spent[True]):.2f}-{max(spent[True]):.2f})"
        print(f"| {name} | {form} | {low} | {high} | {usual / small:.2f} |")


if __name__ == "__main__":
    main()
