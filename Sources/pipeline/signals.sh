# shellcheck shell=bash
# Signals reach the command that is running, and its exit code is the answer.

child='' process_group='' undelivered='' signals=0 caught=0

# shellcheck disable=SC2034 # 'caught' is for those who call attend
# Between commands no process needs the signal: the script ends, and the run's record says so.
on_signal() { # NAME NUMBER
  signals=$((signals + 1)) caught=$2
  [[ -n $child ]] || fail $((128 + $2)) "stopped by SIG$1"
  kill -s "$1" "$child" 2>/dev/null || undelivered=$1
}
trap 'on_signal HUP 1' HUP
trap 'on_signal INT 2' INT
trap 'on_signal TERM 15' TERM

# Runs a command, forwarding signals to it, and returns its exit code. Job control gives it a process group of its own:
# Ctrl-C then reaches it once, from here, and not a second time from the terminal; and without job control bash would
# start it with SIGINT ignored. A command in the foreground would hold every signal back until it ends.
attend() {
  local seen answer code=''
  child=starting undelivered=''
  set -m
  "$@" </dev/null &
  # shellcheck disable=SC2034 # for those who call attend
  child=$! process_group=$!
  set +m
  [[ -z $undelivered ]] || kill -s "$undelivered" "$child"
  while :; do
    seen=$signals answer=0
    { wait "$child" || answer=$?; } 2>/dev/null # silences bash's own 'Killed'
    # -1, 127 and 255 on a second wait: there was nothing to wait for, the answer before was the command's.
    [[ -z $code || ! $answer =~ ^(-1|127|255)$ ]] || break
    code=$answer
    ((seen != signals && code > 128)) || break # a signal ends wait early: wait again
  done
  child=''
  return "$code"
}

# The same, where a signal ends the script too, whatever the command made of it.
attend_or_stop() { # COMMAND ARGUMENT...
  local code=0
  attend "$@" || code=$?
  ((caught == 0)) || exit $((128 + caught))
  return "$code"
}
