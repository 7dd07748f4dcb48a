#!/usr/bin/env python3
"""How much of its ranks' time a sweep left unused, by the times at which files of its trials were written.

    bench/idle_share.py FOLDER WORKERS     WORKERS: trials that could train at a time, as 4 of 4 ranks
"""
import pathlib
import sys

folder, workers = pathlib.Path(sys.argv[1]), int(sys.argv[2])
trials = [(folder / "config.json", list(folder.iterdir())) for folder in sorted(folder.glob("[0-9]*"))]
times = [(first.stat().st_mtime, max(file.stat().st_mtime for file in files)) for first, files in trials]
busy = sum(end - begin for begin, end in times)
whole = max(end for _, end in times) - min(begin for begin, _ in times)
print(f"{len(times)} trials of {busy / len(times):.2f} s in {whole:.2f} s: idle {100 * (1 - busy / workers / whole):.1f} %")
