#!/usr/bin/env python3
"""A model, not a measurement: microseconds a step on R GPUs, as a Markdown table (docs/cluster.md)."""
import math

# H100 SXM and DGX H100 data sheets: float32 without tensor cores, memory, NVLink in one direction, a 400 Gb/s port for each GPU.
FLOPS, MEMORY, NVLINK, NETWORK, GPUS_OF_NODE = 67e12, 3.35e12, 450e9, 50e9, 8
# NCCL's own model of a ring, src/graph/tuning.cc: base, a step by NVLink, a step by the network, in microseconds, and the share of
# the bandwidth: LL for small messages, Simple for large ones.
LL, SIMPLE = (6.6, 0.6, 2.7, 1 / 4), (8.4, 3.4, 14.0, 1)
# A step with little work: modelled by the emulator for the baseline at batch 32 on an H100 (bench/README.md).
LEAST = 7.5


def all_gather(bytes_of_all, ranks):
    nodes = math.ceil(ranks / GPUS_OF_NODE)
    bandwidth = NVLINK if nodes == 1 else NETWORK
    return min(base + (ranks - nodes) * near + (nodes - 1) * far + 1e6 * bytes_of_all * (ranks - 1) / ranks / bandwidth / share
               for base, near, far, share in (LL, SIMPLE))


def all_to_all(bytes_of_all, ranks):
    """All pairs at once, so one step's latency; NCCL has no model of it."""
    base, near, far, _ = LL
    bandwidth, step = (NVLINK, near) if ranks <= GPUS_OF_NODE else (NETWORK, far)
    return base + step + 1e6 * bytes_of_all * (ranks - 1) / ranks / bandwidth


def step(sizes, batch, ranks):
    parameters = sum(a * b + b for a, b in zip(sizes, sizes[1:]))
    arena = 4 * parameters
    compute = 1e6 * 6 * parameters * batch / ranks / FLOPS  # forward, backward, gradients
    memory = 1e6 * (3 + 7 / ranks) * arena / MEMORY  # weights twice, gradient; Adam's 28 bytes a parameter of the own share
    work = max(LEAST, compute + memory)
    if ranks == 1:
        return work
    slices = 1e6 * 2 * arena / MEMORY  # received and summed
    return work + slices + all_to_all(arena, ranks) + all_gather(arena, ranks)


baseline, wide = [784, 128, 64, 10], [784, 4096, 4096, 4096, 4096, 10]
columns = [(baseline, 32), (baseline, 1024), (wide, 1024), (wide, 16384)]
print("| ranks | baseline, batch 32 | batch 1,024 | 4 x 4,096, batch 1,024 | batch 16,384 |\n| --- | --- | --- | --- | --- |")
for power in range(10):
    ranks = 2**power
    cells = [f"{step(sizes, batch, ranks):,.0f}" if batch >= ranks else "" for sizes, batch in columns]
    print(f"| {ranks} | {' | '.join(cells)} |")
