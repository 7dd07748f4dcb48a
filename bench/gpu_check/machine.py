"""The parts machine and build."""

import os
import re
import shutil
from pathlib import Path

from gpu_check.report import code_block, table
from gpu_check.session import PROGRAM, ROOT, Failure, output_of

QUERY = (
    "name driver_version pci.bus_id compute_cap memory.total memory.used power.limit power.default_limit "
    "power.max_limit power.draw clocks.sm clocks.max.sm clocks.max.memory pstate temperature.gpu "
    "ecc.mode.current mig.mode.current persistence_mode compute_mode"
).split()


def value_in(path, key):
    """The value of the first line `key = value` or `key : value`."""
    for line in Path(path).read_text().splitlines():
        name, _, value = line.replace("=", ":", 1).partition(":")
        if name.strip() == key:
            return value.strip().strip('"')
    return "unknown"


def machine(session, report):
    commit = output_of(["git", "rev-parse", "--short", "HEAD"])
    report.commit = commit + ("+" if commit and output_of(["git", "status", "--porcelain"]) else "")
    nvcc = shutil.which("nvcc") or "/usr/local/cuda/bin/nvcc"
    release = re.search(r"release .*", output_of([nvcc, "--version"]))
    cores = len(os.sched_getaffinity(0))
    rows = [
        ["commit", report.commit.replace("+", " with changes") or "unknown"],
        ["system", f"{value_in('/etc/os-release', 'PRETTY_NAME')}, Linux {os.uname().release}"],
        ["CPU", f"{value_in('/proc/cpuinfo', 'model name')}, {cores} threads"],
        ["memory", value_in("/proc/meminfo", "MemTotal")],
        ["nvcc", release.group(0) if release else "not found"],
    ]
    report.add(table(["", "value"], rows))
    if session.emulator:
        return
    smi = output_of(["nvidia-smi", f"--query-gpu={','.join(QUERY)}", "--format=csv,noheader"])
    gpus = [[cell.strip() for cell in line.split(",")] for line in smi.splitlines()]
    if not gpus:
        raise Failure("nvidia-smi is missing or fails, so clocks, power limit, ECC and MIG are unknown")
    header = ["nvidia-smi", *(f"GPU {number}" for number in range(len(gpus)))]
    report.add(table(header, [list(row) for row in zip(QUERY, *gpus)]))


def build(session, report):
    build_script = ROOT / "scripts/build"
    session.expect([build_script, "release", "device_tests"])  # and the program
    info = output_of(session.on_gpu([PROGRAM, "info"]))
    report.add(code_block(info.splitlines()))
    if "without CUDA" in info:
        raise Failure(
            "built without CUDA: no CUDA Toolkit (nvcc) was found; "
            "install one (docs/gpu.md), delete build/release and run this again"
        )
    gpu = re.search(r"^GPU +(GPU \d+: ([^,]*)|none: .*)", info, re.MULTILINE)
    if not gpu or not gpu.group(2):
        raise Failure(gpu.group(1) if gpu else "qmnist_gpu info names no GPU")
    report.set_gpu(gpu.group(2))
    session.expect([build_script, "release", "bench_kernels"])
