"""Runs the parts, one after the other, and says at the end which failed."""

import os
import sys
import time

from gpu_check import correctness, machine, speed
from gpu_check.report import Report
from gpu_check.session import Failure, Session, Skip

# In this order, so that what is essential is there when the time is over. The first two always run.
PARTS = {
    "machine": machine.machine,
    "build": machine.build,
    "selftest": correctness.selftest,
    "tests": correctness.tests,
    "repeat": correctness.repeat,
    "resume": correctness.resume,
    "training": speed.training,
    "kernels": speed.kernels,
    "sanitizers": correctness.sanitizers,
    "peers": speed.peers,
}


def run_part(name, session, report):
    section = report.begin(name)
    session.open_log(name)
    begin = time.monotonic()
    try:
        PARTS[name](session, report)
        section.outcome = "ok"
    except Skip as reason:
        section.outcome, section.reason = "skipped", str(reason)
    except Failure as reason:
        section.outcome, section.reason = "failed", str(reason)
        section.log = session.log_tail()
    except (OSError, KeyError, ValueError) as error:  # e.g. a result that is not there
        section.outcome, section.reason = "failed", f"{type(error).__name__}: {error}"
        section.log = session.log_tail()
    finally:
        section.outcome = section.outcome or "interrupted"
        section.seconds = time.monotonic() - begin
        report.write()
    print(f"{name:<11} {section.summary()}", flush=True)
    return section.outcome


def main():
    chosen = set(sys.argv[1:]) or set(PARTS)
    session = Session(os.environ.get("QMNIST_EMULATOR", ""))
    report = Report(session.folder, bool(session.emulator))
    outcomes = {}
    for name in PARTS:
        if name not in ("machine", "build") and name not in chosen:
            continue
        outcomes[name] = run_part(name, session, report)
        if name == "build" and outcomes[name] == "failed":
            break  # the others need it
    print(f"\nreport   {report.path('md')}\nfigures  {report.path('csv')}")
    failed = [name for name, outcome in outcomes.items() if outcome == "failed"]
    if failed:
        print(f"failed   {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
