#!/usr/bin/env bash
# Reads a run's files for TensorBoard by TensorBoard itself, and runs the imports of docs/usage.md in MLflow and Weights & Biases.
#
#   trackers_test.sh PROGRAM FOLDER     qmnist_gpu, and where the Python packages are installed and stay
#
# Exit status: 0 passed, 1 failed, 77 skipped (CTest's SKIP_RETURN_CODE).
set -euo pipefail
program=$1 venv=$2
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=tests/slow/python_packages.sh
source "$root/tests/slow/python_packages.sh"

"$program" info | grep -q 'QMNIST_TENSORBOARD ON' || skip 'this build writes no files for TensorBoard'
install_packages "$venv" "$root/tests/tensorboard/requirements.txt"

train() {
  "$program" --config "$root/configs/quick.json" --quiet --device cpu --set data.source=mnist --set output.tensorboard=true \
    --set data.validation_fraction=0.1 --set output.checkpoint_seconds=0 "$@"
}

cd "$work"
train --set output.dir=runs/first --set training.epochs=2
cp runs/first/checkpoint.safetensors early
train --set output.dir=runs/first --set training.epochs=4 --resume
cp early runs/first/checkpoint.safetensors  # as if it had been killed before it saved the epochs 3 and 4
train --set output.dir=runs/first --set training.epochs=5 --resume
train --set output.dir=runs/second --set training.seed=1 --set optimizer.learning_rate=0.002
"$venv/bin/python" -B "$root/tests/tensorboard/check_trackers.py" "$root" runs
