"""A virtual environment per peer under build/peers, as their pinned versions conflict."""

import functools
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parents[1] / "build/peers"


def python(peer):
    """The Python interpreter of a peer's environment."""
    return FOLDER / peer / "bin/python"


def last_error(output):
    """The most informative line of pip's or venv's output."""
    lines = [line.strip() for line in output.strip().splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["no reason given"])[-1].removeprefix("ERROR: ")


@functools.cache  # so that a failed installation is not retried for each size
def install(peer):
    """Installs a peer's pinned packages if missing; returns the error, '' on success."""
    requirements = HERE / "requirements" / f"{peer}.txt"
    wanted = f"python {sys.version_info[0]}.{sys.version_info[1]}\n{requirements.read_text()}"
    done_with = FOLDER / peer / "installed.txt"  # written last, so that an interrupted installation is repeated
    if done_with.is_file() and done_with.read_text() == wanted:
        return ""

    print(f"installing {peer} into {FOLDER / peer} (minutes, and up to 6 GB)", flush=True)
    shutil.rmtree(FOLDER / peer, ignore_errors=True)
    steps = [
        [sys.executable, "-m", "venv", FOLDER / peer],
        [python(peer), "-m", "pip", "install", "--quiet", "-r", requirements],
        [python(peer), "-c", f"import {peer.removesuffix('-cuda')}"],
    ]
    for step in steps:
        done = subprocess.run([str(word) for word in step], capture_output=True, text=True)
        if done.returncode != 0:
            reason = f"not installed: {last_error(done.stderr or done.stdout)}"
            print(f"{peer}: {reason}", flush=True)
            return reason
    done_with.write_text(wanted)
    return ""
