#!/usr/bin/env bash
# Exports a model in every format and runs each export where it is meant to run: ONNX Runtime, OpenCV, NumPy, Keras, safetensors, and
# a C++17 compiler.
#
#   export_consumers_test.sh PROGRAM FOLDER     qmnist_gpu, and where the Python packages are installed and stay
#
# Exit status: 0 passed, 1 failed, 77 skipped (CTest's SKIP_RETURN_CODE).
set -euo pipefail
program=$1 venv=$2
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# shellcheck source=tests/slow/python_packages.sh
source "$root/tests/slow/python_packages.sh"
parts=$("$program" info)
for part in ONNX NPZ; do
  [[ $parts == *"QMNIST_$part ON"* ]] || skip "this build exports no $part"
done
command -v c++ >/dev/null || skip 'c++ is missing'
install_packages "$venv" "$root/tests/export/requirements.txt"

# Trains a little with an activation, exports that, and runs what was exported.
check_exports() {
  local activation=$1 format compiler programs=()
  local run=$work/$activation/run exports=$work/$activation/exports
  "$program" --config "$root/configs/baseline.json" --quiet --set data.source=mnist --set training.epochs=1 \
    --set model.activation="$activation" --set output.dir="$run"
  mkdir "$exports"
  cd "$exports"
  for format in onnx npz safetensors cpp; do
    "$program" export --model "$run" --format "$format"
  done
  mkdir float32
  "$program" export --model "$run" --format onnx --input float32 --output float32/model.onnx

  for compiler in c++ clang++; do
    command -v "$compiler" >/dev/null || continue
    "$compiler" -std=c++17 -O2 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -I "$exports" \
      "$root/tests/export/predict.cpp" -o "$work/$activation/$compiler"
    programs+=("$work/$activation/$compiler")
  done

  # Keras writes its settings to a folder; ours, as there may be no other.
  KERAS_BACKEND=jax KERAS_HOME=$work/keras "$venv/bin/python" -B "$root/tests/export/check_consumers.py" \
    "$run" "$exports" "$root" "${programs[@]}"
}

for activation in relu leaky_relu gelu tanh; do
  echo "-- $activation"
  check_exports "$activation"
done
