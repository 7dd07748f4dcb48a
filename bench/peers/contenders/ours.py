"""qmnist_gpu itself: its times and accuracy come from the files of its run folder."""

import csv
import json
import subprocess
import tempfile
from pathlib import Path

from contenders.common import ONE_CYCLE_PEAK, parse_options, report
from dataset import fingerprint

ROOT = Path(__file__).resolve().parents[3]


def main():
    options = parse_options(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        values = {
            "data.dir": options.data,
            "model.hidden": json.dumps(options.hidden),
            "training.batch_size": options.batch,
            "training.epochs": options.epochs,
            "training.seed": options.seed,
            "training.threads": options.threads,
            "output.dir": folder,
        }
        if options.one_cycle:
            values |= {"schedule.name": "one_cycle", "optimizer.learning_rate": ONE_CYCLE_PEAK}
        command = [options.program, "--quiet", "--device", options.device]
        command += ["--config", str(ROOT / "configs/baseline.json")]
        for key, value in values.items():
            command += ["--set", f"{key}={value}"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(done.stderr.strip() or f"exit status {done.returncode}")

        run = Path(folder)
        epochs = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        summary = json.loads((run / "summary.json").read_text())
        with (run / "predictions.csv").open() as file:
            split = fingerprint(row["index"] for row in csv.DictReader(file))
    version = subprocess.run([options.program, "--version"], capture_output=True, text=True).stdout
    seconds = [epoch["seconds"] for epoch in epochs]
    device = ""
    if options.device == "cuda":  # "GPU 0: NAME, compute capability ..."
        device = summary["device"].partition(": ")[2].partition(", ")[0]
    report(version.strip(), seconds, summary["test_accuracy"], split, device)


if __name__ == "__main__":
    main()
