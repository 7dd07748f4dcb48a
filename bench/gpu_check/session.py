"""Running commands with time limits and logs, on the GPU or an emulator of one."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build/release/qmnist_gpu"
TOTAL_SECONDS = 840  # and up to a minute for packages: 15 minutes
LOG_LINES = 30  # of a command that failed, in the report


class Failure(Exception):
    """Why a part failed."""


class Skip(Exception):
    """Why a part cannot run here."""


class Session:
    """The folder of results, the time that is left, and the commands of the current part."""

    def __init__(self, emulator):
        self.emulator = str(Path(emulator).resolve()) if emulator else ""
        self.folder = ROOT / "build/gpu-check"
        self.work = self.folder / "work"  # run folders and logs
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        self.end = time.monotonic() + TOTAL_SECONDS
        self.log = None

    def open_log(self, part):
        self.log = self.work / f"{part}.log"
        self.log.write_text("")

    def log_tail(self):
        """The current part's last command with the last lines of its output."""
        lines = self.log.read_text(errors="replace").splitlines()
        starts = [number for number, line in enumerate(lines) if line.startswith("$ ")]
        last = starts[-1] if starts else 0
        return [*lines[last : last + 1], *lines[last + 1 :][-LOG_LINES:]]

    def on_gpu(self, command):
        """The command as it runs on the emulator, if there is one."""
        words = [str(word) for word in command]
        return [self.emulator, *words] if self.emulator else words

    def start(self, command, **more):
        """Starts a command in a process group of its own, with its output in the part's log."""
        words = [str(word) for word in command]
        with self.log.open("a") as log:
            log.write(f"$ {' '.join(words)}\n")
            log.flush()
            return subprocess.Popen(
                words, cwd=ROOT, stdout=log, stderr=log, start_new_session=True, **more
            )

    def seconds_left(self):
        return self.end - time.monotonic()

    def run(self, command, limit=None):
        """Runs a command, at most for `limit` seconds and the time that is left; returns its status."""
        left = self.seconds_left()
        if left < 1:
            raise Failure("the 15 minutes are over; run this part alone")
        process = self.start(command)
        limit = min(limit or left, left)
        try:
            return process.wait(limit)
        except subprocess.TimeoutExpired:
            raise Failure(f"a command took longer than {limit:.0f} s") from None
        finally:
            kill(process)

    def expect(self, command, limit=None):
        """Runs a command that must succeed."""
        status = self.run(command, limit)
        if status != 0:
            raise Failure(f"a command ended with exit status {status}")

    def train(self, config, name, limit, device="cuda", settings=(), options=()):
        """Trains into a run folder; returns the folder, its summary and the seconds of the command."""
        folder = self.work / name
        command = self.training_command(config, folder, device, settings)
        begin = time.monotonic()
        self.expect([*command, *options], limit)
        wall = time.monotonic() - begin
        return folder, json.loads((folder / "summary.json").read_text()), wall

    def training_command(self, config, folder, device="cuda", settings=()):
        values = [f"device={device}", f"output.dir={folder}", *settings]
        if self.emulator:
            values.append(f"data.dir={self.small_data()}")
        command = [PROGRAM, "--config", ROOT / "configs" / f"{config}.json"]
        for value in values:
            command += ["--set", value]
        return self.on_gpu(command) if device == "cuda" else command

    def small_data(self):
        """7,000 images, for the emulator."""
        folder = self.work / "data"
        if not folder.is_dir():
            subprocess.run([ROOT / ".ci/small_digits", folder], check=True)
        return folder


def kill(process):
    """Ends a command with all that it started, and waits for it."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def output_of(command):
    """What a command prints, empty if it fails or does not exist."""
    try:
        done = subprocess.run(
            [str(word) for word in command], cwd=ROOT, capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
