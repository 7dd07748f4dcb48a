#!/usr/bin/env bash
# Tests scripts/download in a temporary tree, with small files of its own served by file:// URLs (curl resumes those too).
# Exit status: 0 passed, 1 failed, 77 skipped (CTest's SKIP_RETURN_CODE).
set -euo pipefail

command -v curl >/dev/null || { echo "SKIP: curl is missing"; exit 77; }

source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
repo=$work/repo
mirror=$work/mirror
names=(qmnist-train-images-idx3-ubyte.gz qmnist-train-labels-idx2-int.gz
  qmnist-test-images-idx3-ubyte.gz qmnist-test-labels-idx2-int.gz)
first=${names[0]}

# Every test starts from a fresh repo and mirror; the files' halves are 5,000 bytes each.
reset() {
  rm -rf "$repo" "$mirror"
  mkdir -p "$repo/scripts" "$repo/data" "$mirror"
  cp "$source_dir/scripts/download" "$repo/scripts/"
  local name
  for name in "${names[@]}"; do
    head -c 10000 /dev/urandom >"$mirror/$name"
  done
  (cd "$mirror" && md5sum -- *) >"$repo/data/qmnist.md5"
}

# download [ARGS...]: runs the script; leaves its status in $status, what it wrote in $work/out and $work/err.
download() {
  status=0
  QMNIST_URL=${QMNIST_URL-file://$mirror/} "$repo/scripts/download" "$@" >"$work/out" 2>"$work/err" || status=$?
}

fail() {
  echo "FAIL $test: $*"
  echo "--- stdout"; cat "$work/out"
  echo "--- stderr"; cat "$work/err"
  exit 1
}

expect_status() { [[ $status == "$1" ]] || fail "exit status $status, not $1"; }
expect_in() { grep -qF -- "$2" "$work/$1" || fail "no '$2' in std$1"; }
expect_one_error_line() { [[ $(wc -l <"$work/err") == 1 ]] || fail "not exactly one line on stderr"; }
expect_absent() { [[ ! -e $1 ]] || fail "$(basename "$1") is there"; }

# expect_all FOLDER: the four files, right, and nothing half done.
expect_all() {
  (cd "$1" && md5sum --check --quiet "$repo/data/qmnist.md5") >>"$work/err" 2>&1 || fail "the files are not right"
  [[ -z $(find "$1" -name '*.part') ]] || fail "a .part is left"
}

fresh_download() {
  download
  expect_status 0
  expect_all "$repo/data"
  expect_in out "scripts/train"
  [[ ! -s $work/err ]] || fail "wrote to stderr"
}

second_run_keeps_files() {
  download
  rm -r "$mirror"  # so that nothing can be fetched any more
  download
  expect_status 0
  expect_all "$repo/data"
  [[ $(grep -cF ": ok (already there)" "$work/out") == 4 ]] || fail "did not keep all four"
}

url_without_slash_and_folder_with_space() {
  QMNIST_URL=file://$mirror download "$work/repo/a folder"
  expect_status 0
  expect_all "$repo/a folder"
  expect_in out "$repo/a folder"
}

only_what_is_missing_is_fetched() {
  download
  rm "$repo/data/$first"
  find "$mirror" -type f ! -name "$first" -delete
  download
  expect_status 0
  expect_all "$repo/data"
}

# The mirror's first half changes after ours was fetched: only a resumed download can still have the right MD5.
part_is_resumed() {
  head -c 5000 "$mirror/$first" >"$repo/data/$first.part"
  { head -c 5000 /dev/zero; tail -c 5000 "$mirror/$first"; } >"$work/changed"
  mv "$work/changed" "$mirror/$first"
  download
  expect_status 0
  expect_all "$repo/data"
  expect_in out "$first: fetching from byte 5000"
}

complete_part_needs_no_network() {
  mv "$mirror/$first" "$repo/data/$first.part"
  download
  expect_status 0
  expect_all "$repo/data"
}

too_long_part_is_fetched_afresh() {
  head -c 20000 /dev/zero >"$repo/data/$first.part"
  download
  expect_status 0
  expect_all "$repo/data"
}

wrong_part_is_fetched_afresh() {
  head -c 5000 /dev/zero >"$repo/data/$first.part"
  download
  expect_status 0
  expect_all "$repo/data"
}

wrong_md5_is_refused() {
  cp "$mirror/$first" "$work/right"
  head -c 10000 /dev/zero >"$mirror/$first"
  download
  expect_status 1
  expect_one_error_line
  expect_in err "$first"
  expect_in err "MD5"
  expect_absent "$repo/data/$first"
  expect_absent "$repo/data/$first.part"
  mv "$work/right" "$mirror/$first"
  download
  expect_status 0
  expect_all "$repo/data"
}

wrong_file_is_replaced() {
  echo "not a digit" >"$repo/data/$first"
  download
  expect_status 0
  expect_all "$repo/data"
  expect_in out "$first: exists, but its MD5 is not"
}

# The second file is missing: what came before it stays, what comes after it is not tried.
failure_keeps_what_was_fetched() {
  local second
  second=$(sed -n '2s/.*  //p' "$repo/data/qmnist.md5")
  rm "$mirror/$second"
  download
  expect_status 1
  expect_one_error_line
  expect_in err "file://$mirror/$second"
  [[ $(find "$repo/data" -name '*.gz*' | wc -l) == 1 ]] || fail "not exactly one file is there"
}

unreachable_url_is_one_clear_line() {
  no_proxy='*' NO_PROXY='*' QMNIST_URL=http://127.0.0.1:1/qmnist/ download
  expect_status 1
  expect_one_error_line
  expect_in err "http://127.0.0.1:1/qmnist/"
  expect_in err "manually"
  [[ -z $(find "$repo/data" -name '*.gz*') ]] || fail "a stray file is there"
}

# A PATH with all that the script calls, but for curl.
missing_curl_names_setup() {
  local tool
  mkdir "$repo/bin"
  for tool in bash dirname md5sum mkdir mv rm stat; do
    ln -s "$(type -P "$tool")" "$repo/bin/$tool"
  done
  PATH=$repo/bin download
  expect_status 2
  expect_one_error_line
  expect_in err "scripts/setup"
}

# publish SET NAMES...: puts such files into the mirror and their sums into the set's manifest.
publish() {
  local set=$1 name
  rm -rf "$mirror"
  mkdir "$mirror"
  for name in "${@:2}"; do
    head -c 10000 /dev/urandom >"$mirror/$name"
  done
  (cd "$mirror" && md5sum -- *) >"$repo/data/$set.md5"
}

mnist_names=(train-images-idx3-ubyte.gz train-labels-idx1-ubyte.gz t10k-images-idx3-ubyte.gz t10k-labels-idx1-ubyte.gz)

other_sets_have_folders_of_their_own() {
  local set
  for set in fashion kmnist k49; do
    publish "$set" "${mnist_names[@]}"
    head -c 5000 "$mirror/${mnist_names[0]}" >"$work/half"
    mkdir "$repo/data/$set"
    mv "$work/half" "$repo/data/$set/${mnist_names[0]}.part"
    download "$set"
    expect_status 0
    expect_in out "${mnist_names[0]}: fetching from byte 5000"
    expect_in out "data.dir set to $repo/data/$set"
    (cd "$repo/data/$set" && md5sum --check --quiet "$repo/data/$set.md5") || fail "the files are not right"
    download "$set" "$repo/elsewhere/$set"
    expect_status 0
    (cd "$repo/elsewhere/$set" && md5sum --check --quiet "$repo/data/$set.md5") || fail "the files are not right"
  done
  expect_absent "$repo/data/${mnist_names[0]}"
}

other_sets_replace_nothing() {
  publish fashion "${mnist_names[@]}"
  echo "MNIST's" >"$repo/data/${mnist_names[0]}"
  download fashion "$repo/data"
  expect_status 1
  expect_one_error_line
  expect_in err "$repo/data/${mnist_names[0]} exists, but its MD5 is not"
  [[ $(<"$repo/data/${mnist_names[0]}") == "MNIST's" ]] || fail "replaced it"
}

emnist_is_unpacked() {
  type -P zip unzip >/dev/null || { result='SKIP (zip or unzip is missing)'; return 0; }
  local set part
  mkdir "$work/gzip"
  for set in digits mnist letters balanced bymerge byclass; do
    echo "1 65 97" >"$work/gzip/emnist-$set-mapping.txt"
    for part in train-images-idx3 train-labels-idx1 test-images-idx3 test-labels-idx1; do
      echo "$set $part" >"$work/gzip/emnist-$set-$part-ubyte.gz"
    done
  done
  publish emnist gzip.zip
  rm "$mirror/gzip.zip"
  (cd "$work" && zip -q -r "$mirror/gzip.zip" gzip)
  (cd "$mirror" && md5sum gzip.zip) >"$repo/data/emnist.md5"
  download emnist
  expect_status 0
  expect_in out "$repo/data/emnist/letters"
  for set in digits mnist letters balanced bymerge byclass; do
    [[ $(<"$repo/data/emnist/$set/emnist-$set-test-labels-idx1-ubyte.gz") == "$set test-labels-idx1" ]] || fail "$set is not right"
    [[ $(find "$repo/data/emnist/$set" -type f | wc -l) == 5 ]] || fail "not exactly five files of $set"
  done
  rm -r "$mirror" "$repo/data/emnist/letters"
  download emnist
  expect_status 0
  expect_in out "gzip.zip: ok (already there)"
  [[ -f $repo/data/emnist/letters/emnist-letters-mapping.txt ]] || fail "the letters are not there again"
  rm -r "$work/gzip"
}

# With a curl that has no network.
without_a_network_the_place_is_named() {
  local set place
  cp "$source_dir"/data/*.md5 "$repo/data/"
  mkdir "$repo/bin"
  printf '#!/bin/sh\nprintf "Could not resolve host"\nexit 6\n' >"$repo/bin/curl"
  printf '#!/bin/sh\n' >"$repo/bin/unzip"
  chmod +x "$repo/bin/curl" "$repo/bin/unzip"
  while read -r set place; do
    QMNIST_URL='' PATH=$repo/bin:$PATH download "$set"
    expect_status 1
    expect_one_error_line
    expect_in err "cannot fetch $place"
    expect_in err "(Could not resolve host); try again later, or download the files manually into $repo/data"
  done <<'EOF'
qmnist https://raw.githubusercontent.com/facebookresearch/qmnist/master/qmnist-
fashion http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/train-images-idx3-ubyte.gz
kmnist http://codh.rois.ac.jp/kmnist/dataset/kmnist/train-images-idx3-ubyte.gz
k49 http://codh.rois.ac.jp/kmnist/dataset/k49/k49-train-imgs.npz
emnist https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip
EOF
}

bad_command_line_and_help() {
  download --nonsense
  expect_status 2
  expect_in err "--nonsense"
  download one two
  expect_status 2
  download --help
  expect_status 0
  expect_in out "Usage: scripts/download [qmnist|fashion|kmnist|k49|emnist] [FOLDER]"
}

# The manifests that ship name the files that the program looks for.
manifests_are_complete() {
  local set name
  local -A files=(
    [qmnist]="${names[*]}"
    [fashion]="${mnist_names[*]}"
    [kmnist]="${mnist_names[*]}"
    [k49]="k49-train-imgs.npz k49-train-labels.npz k49-test-imgs.npz k49-test-labels.npz"
    [emnist]="gzip.zip")
  : >"$work/out"; : >"$work/err"
  for set in "${!files[@]}"; do
    for name in ${files[$set]}; do
      [[ $(grep -cE "^[0-9a-f]{32}  ${name//./\\.}\$" "$source_dir/data/$set.md5") == 1 ]] || fail "$set: $name is not in it"
    done
    [[ $(wc -w <<<"${files[$set]}") == $(wc -l <"$source_dir/data/$set.md5") ]] || fail "$set: other files are in it"
  done
}

passed=0 skipped=0
for test in \
  fresh_download \
  second_run_keeps_files \
  url_without_slash_and_folder_with_space \
  only_what_is_missing_is_fetched \
  part_is_resumed \
  complete_part_needs_no_network \
  too_long_part_is_fetched_afresh \
  wrong_part_is_fetched_afresh \
  wrong_md5_is_refused \
  wrong_file_is_replaced \
  failure_keeps_what_was_fetched \
  unreachable_url_is_one_clear_line \
  missing_curl_names_setup \
  other_sets_have_folders_of_their_own \
  other_sets_replace_nothing \
  emnist_is_unpacked \
  without_a_network_the_place_is_named \
  bad_command_line_and_help \
  manifests_are_complete; do
  result=PASS
  reset
  "$test"
  echo "$result $test"
  if [[ $result == PASS ]]; then passed=$((passed + 1)); else skipped=$((skipped + 1)); fi
done
echo "$passed passed, $skipped skipped"
