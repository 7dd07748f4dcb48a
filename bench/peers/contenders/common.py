"""Shared by all contenders: options, hyperparameters and the line of results."""

import argparse
import json
import math
import time

LEARNING_RATE, BETA1, BETA2, EPSILON = 1e-3, 0.9, 0.999, 1e-7  # configs/baseline.json
ONE_CYCLE_PEAK = 3e-3  # configs/fast.json
CLASSES = 10


def parse_options(description, flags=()):
    """Parses the options that every contender gets, and this contender's own flags."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", required=True, help="folder with the data files")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--hidden", default="128,64", help="sizes of the hidden layers")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0, help="0: all cores")
    parser.add_argument("--one-cycle", action="store_true", help="train as configs/fast.json does")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--program", help="path of qmnist_gpu, for its own contender")
    for flag in flags:
        parser.add_argument(flag, action="store_true")
    options = parser.parse_args()
    options.hidden = [int(size) for size in options.hidden.split(",")]
    return options


def learning_rate(options, step, steps):
    """The learning rate of a step, counted from 0: constant, or PyTorch's OneCycleLR."""
    if not options.one_cycle:
        return LEARNING_RATE
    top = 0.3 * steps - 1
    if step <= top:
        begin, end, progress = ONE_CYCLE_PEAK / 25, ONE_CYCLE_PEAK, step / top
    else:
        begin, end, progress = ONE_CYCLE_PEAK, 0, (step - top) / (steps - 1 - top)
    return end + (begin - end) * (1 + math.cos(math.pi * progress)) / 2


def time_epochs(train_epoch, epochs):
    """Seconds of each epoch. `train_epoch` returns once the epoch's work is done."""
    seconds = []
    for _ in range(epochs):
        begin = time.perf_counter()
        train_epoch()
        seconds.append(time.perf_counter() - begin)
    return seconds


def report(version, epoch_seconds, test_accuracy, split, device=""):
    """Prints the line that the race reads; `device` is the name of the GPU, if any."""
    result = {
        "version": version,
        "epoch_seconds": epoch_seconds,
        "test_accuracy": float(test_accuracy),
        "split": split,
        "device": device,
    }
    print(json.dumps(result), flush=True)
