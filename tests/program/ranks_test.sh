#!/usr/bin/env bash
# Training on several ranks, from outside: the bits of one process, whatever ends it.
#
#   ranks_test.sh PROGRAM MPIEXEC
#
# Exit status: 0 passed, 1 failed, 77 skipped (CTest's SKIP_RETURN_CODE).
set -euo pipefail
cd "$(dirname "$0")/../.."
program=$1 mpiexec=$2
command -v pgrep >/dev/null || { echo 'SKIP: pgrep is missing'; exit 77; }
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$folder"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_btl_tcp_if_include=lo
export OMPI_MCA_rmaps_base_oversubscribe=1 PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe  # Open MPI 4 and 5
interrupted=130

fail() { echo "ranks_test.sh: $*" >&2; exit 1; }
# ranks N OPTIONS...: trains on N ranks, with few images.
few=(--config configs/baseline.json --quiet --set data.source=mnist --set data.test_fraction=0.95 --set training.slices=4 --set training.epochs=2)
everything=(--set optimizer.name=adamw --set optimizer.weight_decay=0.01 --set optimizer.clip_norm=0.5 --set model.activation=gelu
  --set regularization.dropout=0.2 --set regularization.ema_decay=0.99 --set regularization.label_smoothing=0.1
  --set augmentation.rotation=10 --set augmentation.elastic=1.5 --set data.validation_fraction=0.2 --set training.early_stopping=2
  --set training.batch_size=61)
ranks() {
  local count=$1
  shift
  "$mpiexec" -n "$count" "$program" "${few[@]}" "$@"
}
expect_same() {  # FOLDER FOLDER
  local file
  for file in model.safetensors predictions.csv checkpoint.safetensors; do
    cmp "$folder/$1/$file" "$folder/$2/$file"
  done
}
# expect_error STATUS TEXT COMMAND...: it ends so, and says so in one line of the program's.
expect_error() {
  local expected=$1 text=$2 status=0
  shift 2
  "$@" >"$folder/output" 2>&1 || status=$?
  [[ $status == "$expected" ]] || fail "status $status instead of $expected: $(<"$folder/output")"
  if [[ $(grep -c '^qmnist_gpu: error: ' "$folder/output") != 1 ]] || ! grep -qF -- "$text" "$folder/output"; then
    fail "expected one line with '$text': $(<"$folder/output")"
  fi
}
# a_rank FOLDER N: the process of a rank that writes there.
a_rank() { pgrep -f -- "^$program .*output.dir=$folder/$1" | sed -n "$2p" | grep .; }
# signal_rank SIGNAL FOLDER N CHECKPOINT: once mpiexec's ranks, in the background, have written the checkpoint.
signal_rank() {
  local begin=$SECONDS process
  until [[ -f $folder/$2/$4 ]]; do
    kill -0 "$!" 2>/dev/null || fail "mpiexec ended without a $4: $(<"$folder/output")"
    ((SECONDS - begin <= 30)) || fail "no $4 within 30 s: $(<"$folder/output")"
    sleep 0.02
  done
  process=$(a_rank "$2" "$3") || fail "there are no $3 ranks: $(<"$folder/output")"
  kill -"$1" "$process"
}

# The same bits.
"$program" "${few[@]}" --device cpu --set output.dir="$folder/one"
"$program" "${few[@]}" "${everything[@]}" --device cpu --set output.dir="$folder/everything"
for count in 1 2 4; do
  ranks "$count" --set output.dir="$folder/$count"
  expect_same "$count" one
  ranks "$count" "${everything[@]}" --set output.dir="$folder/everything_$count"
  expect_same "everything_$count" everything
done

# Refused, by one of them.
expect_error 2 'training.slices is 4, but 3 ranks share a batch; set it to 3' ranks 3 --set output.dir="$folder/refused"
expect_error 2 'training.seed' "$mpiexec" -n 1 "$program" "${few[@]}" --set output.dir="$folder/differs" \
  : -n 1 "$program" "${few[@]}" --set output.dir="$folder/differs" --set training.seed=1
expect_error 2 'training.epochs 1, but rank 0 has device' "$mpiexec" -n 1 "$program" "${few[@]}" --set output.dir="$folder/differs" \
  : -n 1 "$program" "${few[@]}" --set output.dir="$folder/differs" --set training.epochs=1
expect_error 3 'no_such_folder' ranks 2 --set data.dir=no_such_folder --set output.dir="$folder/refused"
CUDA_VISIBLE_DEVICES='' expect_error 4 'device cuda: ' ranks 2 --device cuda --set output.dir="$folder/refused"
# Three processes of srun that are not connected.
expect_error 2 'srun started 3 processes, but MPI sees 1 of them; with srun, use --mpi=pmix' \
  env SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=3 SLURM_PROCID=0 "$program" "${few[@]}" --set output.dir="$folder/refused"
# A batch script of Slurm, which is no step.
SLURM_NTASKS=3 SLURM_PROCID=0 "$program" "${few[@]}" --device cpu --set output.dir="$folder/batch_script"
expect_same batch_script one

# Ended in its midst, then resumed on another number of ranks.
long=(--set training.epochs=4000 --set output.checkpoint_seconds=0 --set output.dir="$folder/killed")
end_in_its_midst() {  # SIGNAL RANK
  rm -rf "$folder/killed"
  "$mpiexec" -n 2 "$program" "${few[@]}" "${long[@]}" >"$folder/output" 2>&1 &
  signal_rank "$1" killed "$2" checkpoint.safetensors
  local begin=$SECONDS
  status=0
  wait "$!" || status=$?
  while a_rank killed 1 >/dev/null && ((SECONDS - begin <= 20)); do sleep 0.1; done  # mpiexec does not wait for what it kills
  ((SECONDS - begin <= 20)) || fail "ended $((SECONDS - begin)) s after SIG$1, or not yet: $(a_rank killed 1)"
}
finish() {
  local epochs
  epochs=$(($(wc -l <"$folder/killed/metrics.jsonl") + 3))
  ranks "$1" "${long[@]}" --resume --set training.epochs="$epochs"
  "$program" "${few[@]}" --device cpu --set training.epochs="$epochs" --set output.dir="$folder/whole"
  expect_same killed whole
}
end_in_its_midst KILL 2
((status != 0)) || fail 'a killed rank is no failure'
finish 4
end_in_its_midst STOP 1
if [[ $status == 0 ]] || ! grep -q '^qmnist_gpu: error: rank . has not answered for' "$folder/output"; then
  fail "a rank that stalls: status $status: $(<"$folder/output")"
fi
finish 1
end_in_its_midst TERM 1
[[ $status == "$interrupted" ]] || fail "SIGTERM to one rank: status $status: $(<"$folder/output")"
finish 2
# A sweep whose trials they share: the results of one process, also where it is ended in its midst.
cat >"$folder/sweep.json" <<END
{ "base": "$PWD/configs/baseline.json", "set": { "data.source": "mnist", "data.test_fraction": 0.95, "data.validation_fraction": 0.2,
  "training.epochs": 24, "output.checkpoint_seconds": 0 }, "search": "grid", "parameters": { "training.seed": [0, 1, 2],
  "training.batch_size": [30, 40, 50, 60] }, "output": { "dir": "sweep" } }
END
sweep=("$program" sweep --config "$folder/sweep.json" --device cpu --quiet)
timeless() { cut -d, -f1-6 "$1"; }  # the columns before the seconds
expect_same_sweep() {  # FOLDER
  local trial file
  diff <(timeless "$folder/$1/results.csv") <(timeless "$folder/swept/results.csv")
  for trial in 0{00..11}; do
    for file in model.safetensors predictions.csv checkpoint.safetensors; do
      cmp "$folder/$1/$trial/$file" "$folder/swept/$trial/$file"
    done
  done
}
"${sweep[@]}" --set output.dir="$folder/swept"
"$mpiexec" -n 3 "${sweep[@]}" --set output.dir="$folder/shared"
expect_same_sweep shared
end_sweep() {  # SIGNAL RANK: in its midst; then resumes it on two ranks
  "$mpiexec" -n 3 "${sweep[@]}" --set output.dir="$folder/$1" >"$folder/output" 2>&1 &
  signal_rank "$1" "$1" "$2" 003/checkpoint.safetensors
  local status=0
  wait "$!" || status=$?
  [[ $status != 0 && ! -f $folder/$1/results.csv ]] || fail "a sweep that was ended by SIG$1 has status $status"
  "$mpiexec" -n 2 "${sweep[@]}" --set output.dir="$folder/$1"
  expect_same_sweep "$1"
}
end_sweep KILL 3
end_sweep TERM 2
expect_error 2 'are not those of rank 0' "$mpiexec" -n 1 "${sweep[@]}" --set output.dir="$folder/differs" \
  : -n 1 "${sweep[@]}" --set output.dir="$folder/differs" --set optimizer.learning_rate=0.01
expect_error 2 'each of 2 ranks takes its own' "$mpiexec" -n 2 "$program" sweep --config "$folder/sweep.json" --device cuda:0,1
echo "ranks give the bits of one process"
