#!/usr/bin/env python3
"""Counts the cache lines that a thread of the CPU engine reads in a step and another thread has written, by the division of
work in docs/cpu-engine.md, for numbers of threads that a machine need not have. Nothing is measured.

    thread_traffic.py
"""

LINE = 64
PIXELS, CLASSES = 784, 10
BLOCK = 16  # columns of a panel's pieces
NONZERO_PIXELS, NONZERO_UNITS = 0.19, 0.2  # in a trained network; products leave out the others
SPARSE_UNITS = 128  # layers with fewer outputs multiply everything


def filled_up(columns):
    return -(-columns // BLOCK) * BLOCK


def lines_of_step(hidden, batch, threads):
    """Lines that a thread reads in a step and others have written."""
    widths = [filled_up(width) for width in (*hidden, CLASSES)]
    others = (threads - 1) / threads
    floats = 0
    # Phase 1: the thread's images.
    floats += batch / threads * widths[0] * others  # the first layer's activations
    for inputs, outputs in zip(widths, widths[1:]):
        floats += 2 * inputs * outputs * others  # weights and their transposed copy
    # Phase 2: the thread's outputs of the first layer, its inputs of the others.
    floats += batch * others * widths[0] / threads  # deltas
    for i, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        floats += batch * others * outputs  # deltas
        if i > 0:  # it has written the first layer's activations itself
            floats += batch * others * inputs / threads
    pixels = batch * PIXELS * others
    bits = 2 * batch * PIXELS / 8 * others
    return (4 * floats + pixels + bits) / LINE


def multiply_adds_of_step(hidden, batch, threads):
    """Those of a thread."""
    widths = [filled_up(width) for width in (*hidden, CLASSES)]
    first = 2 * PIXELS * widths[0] * NONZERO_PIXELS
    later = sum(3 * inputs * outputs * (NONZERO_UNITS if outputs >= SPARSE_UNITS else 1)
                for inputs, outputs in zip(widths, widths[1:]))
    return batch / threads * (first + later)


def main():
    print("| hidden | batch | threads | lines | us at 7 to 25 ns a line | us of multiply-adds at 60 GFLOP/s |")
    print("| --- | --- | --- | --- | --- | --- |")
    for hidden, batch in (((128, 64), 32), ((512, 256), 32), ((1024, 1024), 128), ((2048, 1024), 256)):
        for threads in (2, 4, 8):
            lines = lines_of_step(hidden, batch, threads)
            compute = multiply_adds_of_step(hidden, batch, threads) * 2 / 60e3
            print(f"| {', '.join(map(str, hidden))} | {batch} | {threads} | {lines:,.0f} | {lines * 0.007:,.0f} to "
                  f"{lines * 0.025:,.0f} | {compute:,.0f} |")


if __name__ == "__main__":
    main()
