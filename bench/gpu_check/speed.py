"""The parts kernels, training and peers."""

import json
import statistics
import sys

from gpu_check.report import table
from gpu_check.session import PROGRAM, ROOT, Failure, Skip

BEST_SECONDS = 120  # for training configs/best.json
PROBE_EPOCHS = 5
METRICS = {  # of a kernel, by the name that Google Benchmark's file has for it
    "real_time": ("time", "us"),
    "GB/s": ("bandwidth", "GB/s"),
    "GFLOP/s": ("arithmetic", "GFLOP/s"),
    "%peak": ("share of the peak", "%"),
    "SM MHz": ("SM clock", "MHz"),
    "W": ("power", "W"),
}


def kernels(session, report):
    results = session.work / "kernels.json"
    command = [ROOT / "build/release/bench/kernels", f"--benchmark_out={results}"]
    if session.emulator:
        command.append("--benchmark_filter=-distort|networks:(16|64)")  # they take most of the time there
    session.expect(session.on_gpu(command), limit=240)
    content = json.loads(results.read_text())
    context = content["context"]
    bandwidth, arithmetic = float(context["peak GB/s"]), float(context["peak GFLOP/s"])
    report.add(
        f"Times {context['times']}; clock {context['clock']}; "
        f"peaks {bandwidth:.0f} GB/s, {arithmetic:.0f} GFLOP/s in float32."
    )
    if session.emulator:
        report.add("Skipped on an emulator: clock, power, `distort`, steps of 16 and 64 networks.")
    rows = []
    for entry in content["benchmarks"]:
        if entry.get("aggregate_name", "median") != "median":
            continue
        name = entry["run_name"].partition("/min_time")[0].partition("/iterations")[0]
        for key, (metric, unit) in METRICS.items():
            if key in entry:
                times = "modelled" if session.emulator else ""
                report.add_figure(name, metric, entry[key], unit, times)
        cells = [f"{entry[key]:.4g}" if key in entry else "unknown" for key in METRICS]
        rows.append([f"`{name}`", *cells])
    header = [f"{metric}, {unit}" for metric, unit in METRICS.values()]
    report.add(table(["operation", *header], rows))


def training(session, report):
    rows = []
    try:
        for config in ("baseline", "fast", "best"):
            rows.append(train_config(session, report, config))
    finally:
        header = ["config", "epochs", "test accuracy, %", "seconds_train", "s/epoch", "wall, s"]
        report.add(table(header, rows))
        report.add(
            "s/epoch: median without the first. Where there are fewer epochs than the config has, the "
            "learning-rate schedule ends with them."
        )
    if session.emulator:
        report.add("7,000 images instead of all.")


def train_config(session, report, config):
    """A row of the table."""
    planned = json.loads((ROOT / f"configs/{config}.json").read_text())["training"]["epochs"]
    epochs = epochs_to_train(session, config, planned)
    settings = [f"training.epochs={epochs}"]
    run, summary, wall = session.train(
        config, f"training-{config}", 2 * BEST_SECONDS, settings=settings
    )
    metrics = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    counted = [epoch["seconds"] for epoch in metrics[1:]]  # the first captures graphs
    of_planned = "" if epochs == planned else f" of {planned}"
    name = f"{config}, {epochs}{of_planned} epochs"
    report.add_figure(name, "accuracy", 100 * summary["test_accuracy"], "%")
    report.add_figure(name, "training", summary["seconds_train"], "s")
    report.add_figure(name, "wall", wall, "s")
    if counted:
        report.add_figure(name, "median epoch", statistics.median(counted), "s")
    accuracy, error = summary["test_accuracy"], summary["test_accuracy_deviation"]
    return [
        f"`configs/{config}.json`",
        f"{epochs}{of_planned}",
        f"{100 * accuracy:.2f} ± {100 * error:.2f}",
        f"{summary['seconds_train']:.2f}",
        f"{statistics.median(counted):.4f}" if counted else "-",
        f"{wall:.2f}",
    ]


def epochs_to_train(session, config, planned):
    """All, or as many as fit the time: those of best.json may take long."""
    if session.emulator:
        return 1
    if config != "best":
        return planned
    probe = [f"training.epochs={PROBE_EPOCHS}"]
    _, summary, wall = session.train(config, "training-probe", BEST_SECONDS, settings=probe)
    each = (wall - summary["seconds_load"] - summary["seconds_test"]) / PROBE_EPOCHS
    return max(1, min(planned, int(BEST_SECONDS / each)))


def peers(session, report):
    if session.emulator:
        raise Skip("JAX and PyTorch need a GPU")
    folder = session.work / "peers"
    command = [sys.executable, ROOT / "bench/peers/run", "--device", "cuda", "--program", PROGRAM]
    session.run([*command, "--rounds", "2", "--out", folder])
    content = json.loads((folder / "peers-cuda.json").read_text())
    rows, failed, missing = [], [], {}
    for batch in content["batches"]:
        for entry in batch["entries"]:
            title = f"{entry['contender']} ({entry['variant']})"
            if entry["problem"].startswith("not installed"):
                missing[entry["contender"]] = entry["problem"]
            elif entry["problem"]:
                failed.append(f"{title}, batch {batch['batch']}: {entry['problem']}")
            else:
                accuracy = 100 * statistics.mean(entry["test_accuracies"])
                name = f"{title}, batch {batch['batch']}"
                report.add_figure(name, "median epoch", entry["median_seconds"], "s")
                report.add_figure(name, "accuracy", accuracy, "%")
                rows.append([
                    batch["batch"], entry["contender"], entry["variant"], f"{entry['median_seconds']:.4f}",
                    f"{accuracy:.2f}", entry["version"], entry["device"],
                ])
    header = ["batch", "contender", "variant", "s/epoch", "test accuracy, %", "version", "GPU"]
    report.add(table(header, rows))
    report.add("\n".join(f"- skipped: {name}: {problem}" for name, problem in missing.items()))
    if failed:
        raise Failure("; ".join(failed))
    if missing:
        raise Skip(f"{', '.join(missing)} could not be installed")
