# shellcheck shell=bash
# To be sourced by tests that need packages of PyPI; they skip (exit status 77) where these cannot be installed.

skip() { echo "SKIP: $*"; exit 77; }

# install_packages FOLDER REQUIREMENTS: a virtual environment with these packages, which stays for the next time.
install_packages() {
  local venv=$1 requirements=$2 log
  command -v python3 >/dev/null || skip 'python3 is missing'
  # Written last, so that half an installation is made anew, as is one by another Python or of other packages.
  local installed=$venv/installed.txt
  cmp --silent "$installed" <(python3 --version && cat "$requirements") && return
  log=$(mktemp)
  rm -rf "$venv"
  python3 -m venv "$venv" >"$log" 2>&1 || skip "Python has no venv: $(tail -n 1 "$log")"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements" >"$log" 2>&1 ||
    skip "the packages cannot be installed (can PyPI be reached?): $(grep ERROR "$log" | tail -n 1)"
  rm "$log"
  (python3 --version && cat "$requirements") >"$installed"
}
