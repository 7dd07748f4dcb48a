"""The tables of results: Markdown for people, JSON for programs."""

import datetime
import json
import os
import statistics
from pathlib import Path

from race import best


def cpu_model():
    """The CPU's name, from the kernel."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "unknown CPU"


def circumstances(**more):
    """Machine, date and settings of a measurement."""
    cores = len(os.sched_getaffinity(0))
    return {"cpu": cpu_model(), "cores": cores, "date": str(datetime.date.today()), **more}


def as_sentence(facts):
    return "; ".join(f"{key.replace('_', ' ')}: {value}" for key, value in facts.items()) + "."


def as_table(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def as_record(entry):
    """An entry for the JSON file."""
    return {
        "contender": entry.contender.name,
        "variant": entry.variant,
        "version": entry.version,
        "device": entry.device,
        "median_seconds": entry.median if entry.seconds else None,
        "epoch_seconds": entry.seconds,
        "total_seconds": entry.totals,
        "test_accuracies": entry.accuracies,
        "problem": entry.problem,
    }


def peers_row(name, entries, ours):
    entry = best(entries, name)
    if entry.problem or not entry.seconds:
        return [name, entry.problem.replace("|", "/") or "no result", "-", "-", "-", "-"]
    ratio = f"{entry.median / ours.median:.2f}" if ours and ours.seconds else "-"
    accuracy = f"{100 * statistics.mean(entry.accuracies):.2f}"
    return [name, entry.variant, f"{entry.median:.3f}", ratio, accuracy, entry.version]


def write(folder, name, markdown, record):
    """Writes NAME.md and NAME.json into `folder` and shows the table."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.md").write_text(markdown)
    (folder / f"{name}.json").write_text(json.dumps(record, indent=2) + "\n")
    print(f"\n{markdown}\nwritten: {folder / name}.md and .json")


def write_peers(folder, entries, facts):
    """One row per contender, with its fastest variant."""
    ours = best(entries, "ours")
    names = list({entry.contender.name: None for entry in entries})
    header = ["contender", "variant", "s/epoch", "× ours", "test accuracy, %", "version"]
    table = as_table(header, [peers_row(name, entries, ours) for name in names])
    markdown = f"# Peers\n\n{table}\n{as_sentence(facts)}\n"
    write(folder, "peers", markdown, facts | {"entries": [as_record(e) for e in entries]})


def write_on_gpu(folder, results, facts):
    """One row per contender and batch size; `results` are pairs of a batch size and its entries."""
    rows = []
    for batch, entries in results:
        ours = best(entries, "ours")
        for name in {entry.contender.name: None for entry in entries}:
            device = best(entries, name).device or "-"
            rows.append([str(batch), *peers_row(name, entries, ours), device])
    header = ["batch", "contender", "variant", "s/epoch", "× ours", "test accuracy, %", "version"]
    markdown = f"# Peers on a GPU\n\n{as_table([*header, 'device'], rows)}\n{as_sentence(facts)}\n"
    record = [{"batch": batch, "entries": [as_record(e) for e in entries]} for batch, entries in results]
    write(folder, "peers-cuda", markdown, facts | {"batches": record})


def fast_row(entry, epochs, ours):
    """Seconds of a whole run, with and without the one-time cost of its first epoch."""
    if entry.problem or not entry.seconds:
        return [entry.title, entry.problem.replace("|", "/") or "no result", "-", "-", "-"]
    return [
        entry.title,
        f"{statistics.median(entry.totals):.2f}",
        f"{epochs * entry.median:.2f}",
        f"{entry.median / ours.median:.2f}" if ours.seconds else "-",
        f"{100 * statistics.mean(entry.accuracies):.2f}",
    ]


def write_fast(folder, entries, epochs, facts):
    """One row per variant."""
    ours = best(entries, "ours")
    header = ["contender", "s/run", "s/run, once compiled", "× ours", "test accuracy, %"]
    table = as_table(header, [fast_row(entry, epochs, ours) for entry in entries])
    markdown = f"# 98 % in the least time\n\n{table}\n{as_sentence(facts)}\n"
    write(folder, "fast", markdown, facts | {"entries": [as_record(e) for e in entries]})


def write_sizes(folder, results, facts):
    """One row per size; `results` are pairs of a size (a dict) and its entries."""
    rows = []
    for size, entries in results:
        shapes = [size["hidden"].replace(",", ", "), str(size["batch"]), str(size["steps"])]
        pair = [best(entries, name) for name in ("ours", "jax")]
        if all(entry.seconds and not entry.problem for entry in pair):
            ours, jax = pair
            micros = [f"{1e6 * entry.median / size['steps']:.0f}" for entry in pair]
            rows.append([*shapes, *micros, f"{jax.median / ours.median:.2f}", jax.variant])
        else:
            problem = next(entry.problem for entry in pair if entry.problem)
            rows.append([*shapes, "-", "-", "-", problem.replace("|", "/")])
    header = ["hidden", "batch", "steps/epoch", "ours, µs/step", "jax, µs/step"]
    header += ["× ours", "jax's variant"]
    markdown = f"# Sizes\n\n{as_table(header, rows)}\n{as_sentence(facts)}\n"
    record = [size | {"entries": [as_record(e) for e in entries]} for size, entries in results]
    write(folder, "sizes", markdown, facts | {"sizes": record})
