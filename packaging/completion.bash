# shellcheck shell=bash
# Bash completion for qmnist_gpu. Commands and options are read from the output of --help.

_qmnist_gpu() {
  local current=$2 previous=$3 command='' commands option='^ *(-[a-z], *)?(--[a-z-]+).*' words=''
  # Bash splits --option=value into three words.
  [[ $current != = ]] || current=
  [[ $previous != = ]] || previous=${COMP_WORDS[COMP_CWORD - 2]}
  commands=$("$1" --help 2>/dev/null | sed -nE '/^subcommands:/I,/^$/ s/^ +([a-z]+) .*/\1/p')
  [[ $'\n'$commands$'\n' != *$'\n'"${COMP_WORDS[1]}"$'\n'* ]] || command=${COMP_WORDS[1]}

  case $previous in
    --device) words='auto cpu cuda' ;;
    --format) words=$("$1" export --help 2>/dev/null | sed -nE '/^Formats:/,$ s/^ +([a-z0-9_]+) .*/\1/p') ;;
    --input) words='float32 uint8' ;;
    --preprocess) words='auto mnist notebook' ;;
    --set | --jobs | --seeds | --shard) return ;;
    *)
      if [[ $current == -* ]]; then
        words=$("$1" ${command:+"$command"} --help 2>/dev/null | sed -nE "s/$option/\2/p")
      elif [[ $COMP_CWORD == 1 ]]; then
        words=$commands
      fi
      ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
# Falls back to file names.
complete -o bashdefault -o default -F _qmnist_gpu qmnist_gpu
