# shellcheck shell=bash
# To be sourced: shows the progress of a long command.

# show_last_step TITLE LOG: until killed, shows the last numbered line of LOG: on a terminal as a progress line, else every 20 seconds.
show_last_step() {
  local title=$1 log=$2 step columns shown=$SECONDS
  columns=$(tput cols 2>/dev/null) || columns=80
  while sleep 0.2 && kill -0 $$ 2>/dev/null; do  # Ctrl-C ends the script, but not its background jobs
    step=$(tail -c 4000 "$log" | sed -nE 's/^(dl|pm)status:[^:]*:([0-9]+)[^:]*:/[\2 %] /; /^\[/p' | tail -n 1)
    if [[ -t 1 ]]; then
      printf '\r%s\e[K' "$(cut -c "1-$((columns - 1))" <<<"$title $step")"
    elif ((SECONDS - shown >= 20)); then
      echo "$title $step"
      shown=$SECONDS
    fi
  done
  rm -f "$log"
}

# with_progress TITLE COMMAND...: runs a command that numbers its steps like ninja or apt, and shows the latest step.
# The command's output is printed to standard error if it fails, else only CMake's warnings.
with_progress() {
  local title=$1 log status=0 watcher
  log=$(mktemp)
  [[ -t 1 ]] || echo "$title"
  show_last_step "$title" "$log" &
  watcher=$!
  "${@:2}" >"$log" 2>&1 || status=$?
  kill "$watcher"
  wait "$watcher" 2>/dev/null || true
  [[ ! -t 1 ]] || printf '\r\e[K'
  if [[ $status == 0 ]]; then
    awk '/^CMake Warning/ { on = 1 } /^(Call Stack|-- )/ { on = 0 } on' "$log" >&2
  else
    cat "$log" >&2
  fi
  rm -f "$log"
  return "$status"
}
