"""Compares what TensorBoard, MLflow and Weights & Biases read of two runs with the runs' own files.

    check_trackers.py REPOSITORY RUNS     in a folder that takes files
"""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import mlflow
import numpy as np
import wandb
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

root, runs = map(Path, sys.argv[1:3])
SCALARS = {"loss": "loss/training", "accuracy": "accuracy/training", "val_loss": "loss/validation",
           "val_accuracy": "accuracy/validation", "learning_rate": "learning_rate"}
PICTURE = "misclassified/01"


def epochs_of(run):
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def check_events(run):
    """Of the run that was resumed twice, too, each epoch is there once."""
    events = EventAccumulator(str(run), size_guidance={"histograms": 0, "scalars": 0, "tensors": 0})
    events.Reload()
    epochs = epochs_of(run)
    for key, tag in SCALARS.items():
        seen = [(event.step, event.value) for event in events.Scalars(tag)]
        expected = [(epoch["epoch"], float(np.float32(epoch[key]))) for epoch in epochs]
        assert seen == expected, (run, tag, seen, expected)
    weights = events.Histograms("weights/0.weight")[-1].histogram_value
    assert weights.num == 784 * 32 and sum(weights.bucket) == weights.num, weights
    pictures = [tag for tag in events.PluginTagToContent("images") if tag.startswith("misclassified/")]
    assert len(pictures) == 20, pictures
    print(f"TensorBoard reads {run}: {len(epochs)} epochs, {len(pictures)} misclassified images")


def ask(port, question, request=None):
    url = f"http://127.0.0.1:{port}/data/plugin/{question}"
    content = None if request is None else json.dumps(request).encode()
    message = urllib.request.Request(url, content, {"Content-Type": "application/json"})
    with urllib.request.urlopen(message, timeout=60) as answer:
        return json.load(answer)


def groups_and_tags(port):
    """The session groups and the tags of images, once the server, which answers from the start, has read both runs."""
    deadline = time.monotonic() + 120
    while True:
        groups = ask(port, "hparams/session_groups", {
            "experimentName": "", "allowedStatuses": ["STATUS_SUCCESS"], "colParams": [], "startIndex": 0, "sliceSize": 10})
        tags = ask(port, "images/tags")
        if len(groups["sessionGroups"]) == 2 and {"confusion", PICTURE} <= tags.get("second", {}).keys():
            return groups, tags
        assert time.monotonic() < deadline, ("TensorBoard has not read both runs within 120 s", groups, tags)
        time.sleep(0.2)


def check_server():
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", runs, "--host", "127.0.0.1", "--port", "0",
               "--load_fast", "false", "--reload_interval", "1"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            port = next(match[1] for match in map(re.compile(r"http://127.0.0.1:(\d+)/").search, server.stderr) if match)
            groups, tags = groups_and_tags(port)
            experiment = ask(port, "hparams/experiment", {"experimentName": ""})
            names = [info["name"] for info in experiment["hparamInfos"] if info["differs"]]
            assert sorted(names) == ["optimizer.learning_rate", "training.seed"], names
            rates = {group["name"]: group["hparams"]["optimizer.learning_rate"] for group in groups["sessionGroups"]}
            assert rates == {"first": 0.001, "second": 0.002}, rates
            assert tags["second"]["confusion"]["displayName"] == "confusion matrix of the test images", tags
            [picture] = ask(port, f"images/images?run=second&tag={PICTURE}&sample=0")
            assert picture["step"] == 2, picture
        finally:
            server.kill()  # its handler of SIGTERM writes to the pipe that this end closes, and may go on to serve
    print("TensorBoard compares the two runs by", ", ".join(sorted(names)))


def documented(package):
    """The code of docs/usage.md that imports a package, for the second run."""
    blocks = re.findall(r"```python\n(.*?)```", (root / "docs/usage.md").read_text(), re.DOTALL)
    code = next(block for block in blocks if re.search(rf"^import {package}$", block, re.MULTILINE))
    return code.replace("runs/baseline", str(runs / "second"))


def check_mlflow():
    mlflow.set_tracking_uri("sqlite:///mlflow.db")
    exec(documented("mlflow"), {})
    client = mlflow.MlflowClient()
    [logged] = client.search_runs(["0"])
    for key in SCALARS:
        seen = [(metric.step, metric.value) for metric in client.get_metric_history(logged.info.run_id, key)]
        assert seen == [(epoch["epoch"], epoch[key]) for epoch in epochs_of(runs / "second")], (key, seen)
    assert logged.data.params["learning_rate"] == "0.002", logged.data.params
    print("MLflow has", len(logged.data.metrics), "metrics")


def check_wandb():
    os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true")
    exec(documented("wandb"), {})
    wandb.teardown()  # waits for the process that writes the file
    [file] = Path("wandb").glob("offline-run-*/run-*.wandb")
    assert file.stat().st_size > 1000, file.stat()
    print("Weights & Biases wrote", file.name)


for folder in ("first", "second"):
    check_events(runs / folder)
check_server()
check_mlflow()
check_wandb()
