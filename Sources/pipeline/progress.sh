# shellcheck shell=bash
# Shows the progress of a long build or installation.

# Starts a progress reporter, then replaces this shell by a command whose output goes to a log.
with_progress() { # WHAT LOG COMMAND...
  local self=$BASHPID
  trap '' TTOU # lets both, as background process groups, write to the terminal
  : >"$2"
  report_progress "$1" "$2" "$self" >/dev/null & # it writes only to stderr
  exec "${@:3}" >"$2" 2>&1
}

# On a terminal, rewrites a line every second; otherwise prints a line every 30 seconds.
report_progress() { # WHAT LOG PID
  local pause=30 step start=$SECONDS
  exec 7>&-; [[ -z ${marker_fd-} ]] || exec {marker_fd}>&- # it must not hold the locks of the build and of the run
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
