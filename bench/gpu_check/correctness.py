"""The parts selftest, tests, sanitizers, repeat and resume."""

import filecmp
import json
import math
import os
import shutil
import signal
import time
import xml.etree.ElementTree

from gpu_check.report import code_block, table
from gpu_check.session import PROGRAM, ROOT, Failure, Skip, kill

TOOLS = ("memcheck", "racecheck", "initcheck", "synccheck")
FINDINGS = 99  # compute-sanitizer's exit status then
# Left out: tests that start other programs or make CUDA calls fail, and the longest.
SANITIZED_TESTS = "-CudaRunTest.*:Cuda*ObstacleTest.*:CudaEngineTest.LossesOfTheFirst200Steps*"


def selftest(session, report):
    if session.emulator:
        raise Skip("it takes minutes on an emulator; the device tests have its checks")
    status = session.run(session.on_gpu([PROGRAM, "selftest", "--json"]), limit=180)
    log = session.log.read_text()
    if status not in (0, 4) or "{" not in log:
        raise Failure(f"qmnist_gpu selftest ended with exit status {status}")
    result = json.loads(log[log.index("{") : log.rindex("}") + 1])
    rows = []
    for check in result["checks"]:
        rows.append([check["device"], check["name"], "ok" if check["passed"] else "FAILED", check["detail"]])
        for name, seconds in check.get("figures", {}).items():
            if name.startswith("step_seconds"):
                kernels = f"{check['device']} {check['name'].partition(',')[0]}"
                report.add_figure(kernels, name.replace("seconds", "time").replace("_", " "), seconds * 1e6, "us")
    report.add(code_block(result["devices"]))
    report.add(table(["device", "check", "outcome", "detail"], rows))
    if status != 0:
        raise Failure(f"{result['failed']} of {len(rows)} checks failed")


def tests(session, report):
    results = session.work / "tests.xml"
    command = ["ctest", "--preset", "release", "--label-regex", "^cuda$", "--parallel", "1"]
    status = session.run([*session.on_gpu(command), "--output-junit", results], limit=240)
    suite = xml.etree.ElementTree.parse(results).getroot()
    count, skipped = int(suite.get("tests")), int(suite.get("skipped"))
    failed = [case.get("name") for case in suite.iter("testcase") if case.get("status") == "fail"]
    passed = count - skipped - len(failed)
    report.add(f"{count} tests: {passed} passed, {len(failed)} failed, {skipped} skipped.")
    report.add("\n".join(f"- failed: `{name}`" for name in failed))
    if status != 0 or failed:
        raise Failure(f"{len(failed)} of {count} tests failed")
    if skipped > count // 2:
        raise Failure(f"{skipped} of {count} tests were skipped")


def sanitizers(session, report):
    if session.emulator:
        raise Skip("compute-sanitizer needs a GPU")
    sanitizer = shutil.which("compute-sanitizer") or "/usr/local/cuda/bin/compute-sanitizer"
    if not os.access(sanitizer, os.X_OK):
        raise Skip("compute-sanitizer is not installed; it is part of the CUDA Toolkit")
    report.add(f"Device tests with `--gtest_filter={SANITIZED_TESTS}`:")
    problems = []
    for tool in TOOLS:
        command = [sanitizer, "--tool", tool, "--error-exitcode", FINDINGS]
        command += [ROOT / "build/release/tests/device/device_tests"]
        begin = time.monotonic()
        try:
            status = session.run([*command, f"--gtest_filter={SANITIZED_TESTS}"], limit=75)
            result = {0: "nothing found", FINDINGS: "findings"}.get(status, f"tests failed, status {status}")
        except Failure as failure:
            status, result = 1, str(failure)
        report.add(f"- {tool}: {result} ({time.monotonic() - begin:.0f} s)")
        if status != 0:
            problems.append(f"{tool}: {result}")
            report.add(code_block(session.log_tail()))
    if problems:
        raise Failure("; ".join(problems))


def expect_same_bits(first, second):
    for name in ("model.safetensors", "predictions.csv"):
        if not filecmp.cmp(first / name, second / name, shallow=False):
            raise Failure(f"{name} differs between {first.name} and {second.name}")


def repeat(session, report):
    first, on_gpu, _ = session.train("fast", "repeat-1", 120)
    second, _, _ = session.train("fast", "repeat-2", 120)
    _, on_cpu, _ = session.train("fast", "repeat-cpu", 120, device="cpu")
    expect_same_bits(first, second)
    gpu, cpu = on_gpu["test_accuracy"], on_cpu["test_accuracy"]
    # Of the difference of two accuracies on that many images. Rounding differs, so both learn other
    # weights, but as the learning rate falls to 0, that changes the accuracy less.
    error = math.sqrt(2 * cpu * (1 - cpu) / on_cpu["dataset"]["test_size"])
    report.add("Two runs of `configs/fast.json` have the same bits.")
    report.add(
        f"Test accuracy on the GPU {100 * gpu:.2f} %, on the CPU {100 * cpu:.2f} %; "
        f"three standard errors of the difference are {300 * error:.2f} points."
    )
    report.add_figure("fast", "accuracy on the GPU minus on the CPU", 100 * (gpu - cpu), "points")
    if abs(gpu - cpu) > 3 * error:
        raise Failure(f"the accuracies of GPU and CPU differ by {100 * abs(gpu - cpu):.2f} points")


def finished_epochs(run):
    metrics = run / "metrics.jsonl"
    return len(metrics.read_text().splitlines()) if metrics.is_file() else 0


def resume(session, report):
    epochs = 4 if session.emulator else 10
    settings = [f"training.epochs={epochs}", "output.checkpoint_seconds=0"]  # after each epoch
    whole, _, _ = session.train("baseline", "resume-whole", 120, settings=settings)

    run = session.work / "resume-killed"
    process = session.start(session.training_command("baseline", run, settings=settings))
    try:
        checkpoint = run / "checkpoint.safetensors"  # written after the epoch's metrics
        while not checkpoint.is_file() and process.poll() is None and session.seconds_left() > 0:
            time.sleep(0.002)
    finally:
        kill(process)
    if process.returncode != -signal.SIGKILL:
        raise Failure("the run ended before it could be killed")
    killed_after = finished_epochs(run)
    session.train("baseline", run.name, 120, settings=settings, options=["--resume"])
    if "Resuming at " not in session.log.read_text():
        raise Failure("the killed run started from the beginning")
    expect_same_bits(whole, run)
    done = [json.loads(line)["epoch"] for line in (run / "metrics.jsonl").read_text().splitlines()]
    if done != list(range(1, epochs + 1)):
        raise Failure(f"metrics.jsonl has the epochs {done}, not 1 to {epochs}")
    report.add(
        f"A run of {epochs} epochs of `configs/baseline.json`, killed with SIGKILL after {killed_after} "
        "and resumed, has the bits of one that was not killed."
    )
