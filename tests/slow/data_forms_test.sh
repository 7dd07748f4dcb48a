#!/usr/bin/env bash
# Trains on the digits of data/ in each form that the program reads, which must give the same model to the bit; and on sets of 26
# and 62 classes that are made of them.
#
#   data_forms_test.sh PROGRAM
#
# Exit status: 0 passed, 1 failed, 77 skipped (CTest's SKIP_RETURN_CODE).
set -euo pipefail
program=$1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v python3 >/dev/null || { echo 'SKIP: python3 is missing'; exit 77; }

# train NAME [OPTION...]: an epoch of the baseline, to the run folder NAME; without it if this build lacks a library.
train() {
  local name=$1 status=0
  shift
  "$program" --config "$root/configs/baseline.json" --quiet --device cpu --set training.epochs=1 --set output.dir="$work/$name" \
    "$@" 2>"$work/errors" || status=$?
  if [[ $status != 0 ]]; then
    grep 'build again with' "$work/errors" && return 1
    cat "$work/errors"
    exit 1
  fi
}

train expected --set data.source=mnist
for form in idx csv kaggle npz npy pictures; do
  python3 "$root/tests/support/make_data_set.py" "$form" "$work/data"
  if train "$form" --set data.dir="$work/data"; then
    cmp "$work/expected/model.safetensors" "$work/$form/model.safetensors"
    echo "$form: the same model"
  fi
  rm -rf "$work/data"
done

for form in letters 62; do
  python3 "$root/tests/support/make_data_set.py" "$form" "$work/data"
  train "$form" --set data.dir="$work/data" --set data.split=official
  accuracy=$(sed -n 's/^  "test_accuracy": \(.*\),$/\1/p' "$work/$form/summary.json")
  echo "$form: test accuracy $accuracy"
  [[ $accuracy =~ ^0\.[789] ]]
  rm -rf "$work/data"
done
