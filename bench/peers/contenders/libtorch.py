"""libtorch, PyTorch's C++ library: builds libtorch/main.cpp if need be, and runs it."""

import importlib.metadata
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import dataset
from contenders.common import CLASSES, parse_options, report

SOURCE = Path(__file__).parent / "libtorch"


def call(what, *command):
    """A command's output; if it fails, this contender ends with the last line of its errors."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
        reason = next((line for line in lines if "error" in line.lower()), "".join(lines[-1:]))
        raise SystemExit(f"{what}: {reason.strip() or f'exit status {done.returncode}'}")
    return done.stdout


def build(version):
    """The program, built next to the venv for this version of PyTorch."""
    if not shutil.which("cmake"):
        raise SystemExit("not built: cmake is missing")
    # Found, not imported: importing PyTorch takes seconds.
    torch_folder = Path(importlib.util.find_spec("torch").origin).parent
    folder = Path(sys.prefix).parent / f"libtorch-{version}"
    options = ["-DCMAKE_BUILD_TYPE=Release", f"-DTORCH_FOLDER={torch_folder}"]
    call("not built", "cmake", "-S", SOURCE, "-B", folder, *options)
    call("not built", "cmake", "--build", folder)
    return folder / "libtorch_contender"


def main():
    options = parse_options(__doc__)
    version = importlib.metadata.version("torch")
    program = build(version)
    data = dataset.load(options.data)
    with tempfile.TemporaryDirectory() as folder:
        for part in ("train", "test"):
            for kind in ("images", "labels"):
                getattr(data, f"{part}_{kind}").tofile(f"{folder}/{part}.{kind}")
        numbers = [options.epochs, options.batch, options.seed, options.threads]
        sizes = [dataset.PIXELS, *options.hidden, CLASSES]
        lines = call("failed", program, folder, *numbers, *sizes).split()
    *seconds, accuracy = [float(line) for line in lines]
    report(f"libtorch {version}", seconds, accuracy, data.fingerprint)


if __name__ == "__main__":
    main()
