"""The contenders, one run of a contender, and the rounds in which they take turns."""

import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import venvs

HERE = Path(__file__).resolve().parent
TIME_LIMIT = 1800  # seconds for one run of a contender, so that a hang does not stop the race


@dataclass
class Contender:
    """A row of the table; it shows the fastest variant."""

    name: str
    module: str
    peer: str = ""  # whose venv it runs in; none for qmnist_gpu
    variants: dict = field(default_factory=lambda: {"": []})  # name -> its options


ONE = ["--threads", "1"]
CONTENDERS = [
    Contender("ours", "ours", variants={"all threads": []}),
    Contender("ours-1", "ours", variants={"1 thread": ONE}),
    Contender(
        "jax",
        "jax_scan",
        "jax",
        {"floats": [], "floats, 1 thread": ONE, "bytes": ["--bytes"]},
    ),
    Contender(
        "pytorch",
        "pytorch",
        "torch",
        {
            "1 thread": ONE,
            "all threads": [],
            "1 thread, compiled": [*ONE, "--compile"],
            "all threads, compiled": ["--compile"],
        },
    ),
    Contender("libtorch", "libtorch", "torch", {"1 thread": ONE, "all threads": []}),
    Contender("keras", "keras_fit", "keras", {"as in the notebook": []}),
    Contender("keras-tuned", "keras_fit", "keras", {"tf.data, XLA": ["--tuned"]}),
]
# With --device cuda.
CUDA_CONTENDERS = [
    Contender("ours", "ours", variants={"CUDA graph of a chunk": []}),
    Contender("jax", "jax_scan", "jax-cuda", {"floats": [], "bytes": ["--bytes"]}),
    Contender(
        "pytorch",
        "pytorch_graphs",
        "torch",
        {"CUDA graph of a step": [], "CUDA graph of up to 64 steps": ["--many-steps"]},
    ),
]
HIDDEN_GPU = {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}
ONLY_GPU = {"JAX_PLATFORMS": "cuda"}  # else JAX falls back to the CPU


@dataclass
class Entry:
    """A variant of a contender with the results of its runs."""

    contender: Contender
    variant: str
    seconds: list = field(default_factory=list)  # counted epochs of all rounds
    totals: list = field(default_factory=list)  # all epochs of a run, one a round
    accuracies: list = field(default_factory=list)  # one a round
    version: str = ""
    device: str = ""  # the GPU's name
    problem: str = ""  # why it was dropped

    @property
    def median(self):
        return statistics.median(self.seconds)

    @property
    def title(self):
        return f"{self.contender.name} ({self.variant})" if self.variant else self.contender.name


def find_contenders(only, device="cpu"):
    """The contenders of a comma-separated list, all if it is empty."""
    contenders = CUDA_CONTENDERS if device == "cuda" else CONTENDERS
    by_name = {contender.name: contender for contender in contenders}
    names = only.split(",") if only else list(by_name)
    unknown = [name for name in names if name not in by_name]
    if unknown:
        known = ", ".join(by_name)
        raise SystemExit(f"bench/peers/run: no contender {unknown[0]}; there are {known}")
    return [by_name[name] for name in names]


def make_entries(contenders):
    """An entry for each variant; installs the peers, or records why that failed."""
    problems = {"": ""}
    for peer in {contender.peer: None for contender in contenders}:
        if peer:
            problems[peer] = venvs.install(peer)
    return [
        Entry(contender, variant, problem=problems[contender.peer])
        for contender in contenders
        for variant in contender.variants
    ]


def run_once(entry, options, device):
    """Runs one process of a contender; returns what it reported, or raises RuntimeError."""
    contender = entry.contender
    python = venvs.python(contender.peer) if contender.peer else sys.executable
    command = [str(python), "-m", f"contenders.{contender.module}", "--device", device, *options]
    command += contender.variants[entry.variant]
    devices = ONLY_GPU if device == "cuda" else HIDDEN_GPU
    process = subprocess.Popen(
        command,
        cwd=HERE,
        env=os.environ | devices | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        output, errors = process.communicate(timeout=TIME_LIMIT)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"took longer than {TIME_LIMIT} s") from None
    finally:
        with contextlib.suppress(ProcessLookupError):  # nothing that it started runs on
            os.killpg(process.pid, signal.SIGKILL)
    if process.returncode != 0:
        lines = errors.strip().splitlines() or [f"exit status {process.returncode}"]
        raise RuntimeError(lines[-1])
    return json.loads(output.strip().splitlines()[-1])


def race(entries, options, rounds, say, device="cpu"):
    """Lets the entries take turns, `rounds` times.

    The first epoch of each run is not counted: it traces, compiles and warms caches. All must
    have the same split as the first contender, which is qmnist_gpu if it takes part.
    """
    split = None
    for number in range(rounds):
        for entry in entries:
            if entry.problem:
                continue
            try:
                result = run_once(entry, [*options, "--seed", str(number)], device)
                split = split or result["split"]
                if result["split"] != split:
                    raise RuntimeError("trained on another split than the first contender")
            except (RuntimeError, ValueError, KeyError, IndexError, OSError) as error:
                entry.problem = str(error)
                say(f"round {number + 1}/{rounds}  {entry.title}: failed: {entry.problem}")
                continue
            counted = result["epoch_seconds"][1:]
            entry.version = result["version"]
            entry.device = result["device"]
            entry.seconds += counted
            entry.totals.append(sum(result["epoch_seconds"]))
            entry.accuracies.append(result["test_accuracy"])
            shown = " ".join(f"{seconds:.3f}" for seconds in counted)
            say(f"round {number + 1}/{rounds}  {entry.title}: {shown} s an epoch")


def best(entries, name):
    """The fastest successful variant of a contender, else its first one, else None."""
    own = [entry for entry in entries if entry.contender.name == name]
    successful = [entry for entry in own if entry.seconds and not entry.problem]
    return min(successful, key=lambda entry: entry.median) if successful else next(iter(own), None)
