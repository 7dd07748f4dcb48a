#!/usr/bin/env bash
# Checks README.md, CONTRIBUTING.md, docs/ and the other pages: their examples run, their links lead somewhere, their excerpts are
# cut from the files that they name, and README.md is short. Words that the glossary no longer uses are found nowhere else.
#
#   docs_test.sh PROGRAM
#
# An example is a block ```console. A line "$ COMMAND", with "> ..." where it goes on, is run by bash in a folder with configs/ and a
# small data/, one folder a page. It must end in status 0, or in the one shown below "$ echo $?". Error lines that the page shows must
# be in the output; other output depends on data and machine. An excerpt is the block behind <!-- cut from FILE -->; "..." stands for
# what is left out.
#
# Exit status: 0 passed, 1 failed.
set -euo pipefail

program=$(realpath "$1")
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

fail() {
  echo "FAIL $*"
  failures=$((failures + 1))
}

# run_example PLACE COMMAND EXPECTED_STATUS PAGE_OUTPUT, in the working folder
run_example() {
  local place=$1 command=$2 expected=$3 shown=$4 status=0 line
  PATH=$(dirname "$program"):$PATH timeout 300 bash -c "$command" >"$work/output" 2>&1 </dev/null || status=$?
  [[ $status == "$expected" ]] || fail "$place: exit status $status, not $expected: $command: $(tail -n 1 "$work/output")"
  while IFS= read -r line; do
    [[ $line != 'qmnist_gpu: error: '* ]] || grep -qxF -- "$line" "$work/output" || fail "$place: the program does not say: $line"
  done <<<"$shown"
  examples=$((examples + 1))
}

# run_examples PAGE: all of a page, in order.
run_examples() {
  local page=$1 number=0 line in_block='' asks_status='' command='' place='' expected=0 shown=''
  local folder=$work/pages/$page
  mkdir -p "$folder"
  cp -r "$root/configs" "$folder"
  ln -s "$work/data" "$folder/data"
  cd "$folder"
  while IFS= read -r line; do
    number=$((number + 1))
    if [[ ! $in_block ]]; then
      [[ $line != '```console' ]] || in_block=1
    elif [[ $line == '$ echo $?' ]]; then
      asks_status=1
    elif [[ $asks_status ]]; then
      expected=$line asks_status=''
    elif [[ $line == '> '* ]]; then
      command+=$'\n'${line#> }
    elif [[ $line == '$ '* || $line == '```' ]]; then
      [[ ! $command ]] || run_example "$place" "$command" "$expected" "$shown"
      command='' expected=0 shown='' place=$page:$number
      if [[ $line == '```' ]]; then in_block=''; else command=${line#\$ }; fi
    else
      shown+=$line$'\n'
    fi
  done <"$root/$page"
}

# Prints "anchor PAGE#NAME" for each heading, by GitHub's rules, and "link PAGE:LINE TARGET" for each relative link.
anchors_and_links() {
  local page
  for page in "${pages[@]}"; do
    awk -v page="$page" '
      /^```/ { code = !code }
      code { next }
      /^#+ / {
        name = tolower($0); sub(/^#+ /, "", name); gsub(/[^a-z0-9 _-]/, "", name); gsub(/ /, "-", name)
        print "anchor " page "#" name (seen[name]++ ? "-" seen[name] - 1 : "")
      }
      { gsub(/`[^`]*`/, "")
        while (match($0, /\]\([^) ]+\)|^\[[^\]]+\]: [^ ]+/)) {
          target = substr($0, RSTART, RLENGTH); $0 = substr($0, RSTART + RLENGTH)
          gsub(/^\]\(|^\[[^\]]+\]: |\)$/, "", target)
          if (target !~ /^(https?|mailto):/) print "link " page ":" FNR " " target
        } }' "$root/$page"
  done
}

check_links() {
  local kind place target page path
  local -A anchors=()
  while read -r kind place target; do
    if [[ $kind == anchor ]]; then
      anchors[$place]=1
      continue
    fi
    links=$((links + 1))
    page=${place%:*} path=${target%%#*}
    if [[ $path ]]; then path=$(dirname "$page")/$path; else path=$page; fi
    if [[ ! -e $root/$path ]]; then
      fail "$place: there is no ${path#./}"
    elif [[ $target == *'#'* ]]; then
      path=$(realpath --relative-to="$root" "$root/$path")
      [[ ${anchors[$path#${target#*#}]-} ]] || fail "$place: $path has no heading for #${target#*#}"
    fi
  done < <(anchors_and_links | LC_ALL=C sort)  # anchors first
}

# Each line of an excerpt stands so in the file that it names.
check_excerpts() {
  local page place file line
  for page in "${pages[@]}"; do
    while IFS=$'\t' read -r place file line; do
      excerpt_lines=$((excerpt_lines + 1))
      grep -sqxF -- "$line" "$root/$file" || fail "$place: not in $file: $line"
    done < <(awk -v page="$page" '
      /^<!-- cut from .* -->$/ { file = $4; next }
      file != "" && /^```/ { if (inside) file = ""; inside = !inside; next }
      inside && $0 != "..." { print page ":" FNR "\t" file "\t" $0 }' "$root/$page")
  done
}

# The glossary's last column has words that are no longer used. Those in code style have no other meaning here, so neither names nor
# prose may contain them.
check_glossary() {
  local word place
  while IFS= read -r word; do
    words=$((words + 1))
    while IFS= read -r place; do
      fail "$place: \"$word\" is no longer used, see the glossary in CONTRIBUTING.md"
    done < <(grep -rniIE -- "${word// /[ _]?}" .ci bench docs host kernels packaging scripts tests README.md CHANGELOG.md | cut -d: -f1,2)
  done < <(awk -F'|' '
    /^## Glossary/ { inside = 1 }
    inside && NF == 5 { count = split($4, parts, "`"); for (i = 2; i < count; i += 2) print parts[i] }' CONTRIBUTING.md)
}

mkdir "$work/data"
"$root/.ci/small_digits" "$work/data"
gzip -1 "$work/data"/*
cd "$root"
mapfile -t pages < <(find . -name '*.md' -not -path './build/*' -not -path './runs/*' | sed 's|^\./||' | LC_ALL=C sort)

lines=$(wc -l <README.md)
[[ $lines -le 150 ]] || fail "README.md has $lines lines, more than 150"
links=0
check_links
[[ $links -gt 0 ]] || fail "no link was found"
excerpt_lines=0
check_excerpts
[[ $excerpt_lines -gt 0 ]] || fail "no excerpt was found"
words=0
check_glossary
[[ $words -gt 0 ]] || fail "no word was found in the glossary's last column"
examples=0
for page in "${pages[@]}"; do
  run_examples "$page"
done
[[ $examples -gt 0 ]] || fail "no example was found"
echo "${#pages[@]} pages, $links links, $excerpt_lines lines of excerpts, $examples examples, $failures failures"
[[ $failures == 0 ]]
