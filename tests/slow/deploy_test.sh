#!/usr/bin/env bash
# Checks deploy/: Kubernetes' files against the API, by its Python client, and the pods' command on this machine.
#
#   deploy_test.sh PROGRAM FOLDER     qmnist_gpu, and where the Python packages are installed and stay
#
# Exit status: 0 passed, 1 failed, 77 skipped (CTest's SKIP_RETURN_CODE).
set -euo pipefail
program=$1 venv=$2
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# shellcheck source=tests/slow/python_packages.sh
source tests/slow/python_packages.sh
install_packages "$venv" tests/deploy/requirements.txt
"$venv/bin/python" tests/slow/check_kubernetes.py deploy/*.yaml
sed 's/completions:/completion:/' deploy/sweep-job.yaml >"$work/wrong.yaml"
if "$venv/bin/python" tests/slow/check_kubernetes.py "$work/wrong.yaml" >/dev/null; then
  echo 'a key that does not exist is not found' && exit 1
fi

# What the pod with the index 15 runs.
mapfile -t arguments < <("$venv/bin/python" - <<'END'
import yaml
job = yaml.safe_load(open("deploy/sweep-job.yaml"))
print("\n".join(job["spec"]["template"]["spec"]["containers"][0]["args"]))
END
)
cat >"$work/sweep.json" <<END
{ "base": "$PWD/configs/baseline.json", "set": { "training.epochs": 1, "data.source": "mnist", "data.test_fraction": 0.99,
  "data.validation_fraction": 0.2 }, "search": "grid", "parameters": { "training.seed": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
  12, 13, 14, 15] }, "output": { "dir": "sweep" } }
END
JOB_COMPLETION_INDEX=15 "$program" "${arguments[@]//\/work/$work}" --device cpu >"$work/output"
grep -q 'shard 15 of 16, of 16 trials in all' "$work/output"
[[ -f $work/sweep/015/model.safetensors && ! -e $work/sweep/000 ]]
