# shellcheck shell=bash
# Shows how far a long build or installation is.

# Becomes a command whose output goes into a log, beside a process that reports how far it is.
with_progress() { # WHAT LOG COMMAND...
  local self=$BASHPID
  trap '' TTOU # as a group in the background, both may write to the terminal
  : >"$2"
  report_progress "$1" "$2" "$self" >/dev/null & # it writes to stderr alone
  exec "${@:3}" >"$2" 2>&1
}

# On a terminal a line that is rewritten each second, otherwise a line now and then.
report_progress() { # WHAT LOG PID
  local pause=30 step start=$SECONDS
  exec 7>&- 9>&- # it must not hold the locks of the build and of the run
  ! on_terminal || pause=1
  while sleep "$pause" && kill -0 "$3" 2>/dev/null; do
    step=$(tail -c 2000 -- "$2" | sed -nE 's#^\[([0-9]+)/([0-9]+)\].*#step \1 of \2, #p' | tail -n 1)
    if on_terminal; then
      printf '\rpipeline.sh: %s: %s%d s\033[K' "$1" "$step" $((SECONDS - start)) >&2
    else
      say "$1: $step$((SECONDS - start)) s"
    fi
  done
}

end_progress() { # PROCESS GROUP
  kill -- "-$1" 2>/dev/null || :
  ! on_terminal || printf '\r\033[K' >&2
}

on_terminal() { [[ -t 2 ]] && logs_as text; }
