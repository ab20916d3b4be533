# shellcheck shell=bash
# Forwards signals to the running command, and returns its exit code.

: "${binaries:?}"
child='' process_group='' undelivered='' signals=0 caught=0

# shellcheck disable=SC2034 # callers of attend read 'caught'
# If no command is running, the script ends, and records that in the run's record.
on_signal() { # NAME NUMBER
  signals=$((signals + 1)) caught=$2
  [[ -n $child ]] || fail $((128 + $2)) "stopped by SIG$1"
  kill -s "$1" "$child" 2>/dev/null || undelivered=$1
}
trap 'on_signal HUP 1' HUP
trap 'on_signal INT 2' INT
trap 'on_signal TERM 15' TERM

# Runs a command, forwards signals to it, and returns its exit code. It runs in the background, because bash handles no
# signal while a foreground command runs. Job control gives it its own process group, so that Ctrl-C reaches it once, from
# here, and not also from the terminal. Without job control, bash would start it with SIGINT ignored.
attend() {
  local seen answer code=''
  child=starting undelivered=''
  set -m
  # Only fetch gets the script's stdin, which may be its source.
  if [[ $1 == "$binaries/fetch" ]]; then "$@" & else "$@" </dev/null & fi
  # shellcheck disable=SC2034 # for callers of attend
  child=$! process_group=$!
  set +m
  [[ -z $undelivered ]] || kill -s "$undelivered" "$child"
  while :; do
    seen=$signals answer=0
    { wait "$child" || answer=$?; } 2>/dev/null # hides bash's 'Killed' message
    # A repeated wait returns -1, 127 or 255 if the command has ended: then the previous answer was its exit code.
    [[ -z $code || ! $answer =~ ^(-1|127|255)$ ]] || break
    code=$answer
    ((seen != signals && code > 128)) || break # a signal interrupted wait: wait again
  done
  child=''
  return "$code"
}

# Like attend, but a signal also ends the script, whatever the command's exit code.
attend_or_stop() { # COMMAND ARGUMENT...
  local code=0
  attend "$@" || code=$?
  ((caught == 0)) || exit $((128 + caught))
  return "$code"
}
