# shellcheck shell=bash
# Runs the stages, with the run's marker before them and its record at its end.
failed_stage=pipeline.sh # or the stage that did not start, was killed or stopped

: "${command:?}" "${project:?}" "${binaries:?}" "${me:?}"

# Creates and locks the run's marker. All processes of the run inherit $marker_fd, so it stays locked while any of them lives.
# An unlocked marker tells the next run that this one was killed, so the marker is removed only after the end is logged.
open_marker() {
  local folder problem='' new
  export RUN_COMMAND=$command
  spool=${spool:-$SPOOL_DIR}
  [[ $spool == /* ]] || spool=$PWD/$spool
  # A finished spool may be read-only. A stage that must write there reports the error itself.
  [[ ! -d $spool || -w $spool ]] || return 0
  # The executables would decode it to a different path.
  is_utf8 "$spool" || fail 64 "the spool's path is not UTF-8" "rename the folder: its whole path must be UTF-8"
  for folder in "$spool" "$spool/.runs"; do
    [[ -e $folder || ! -L $folder ]] || fail 74 "'$folder' is a symbolic link whose target does not exist" "mount the target's disk, or correct the link"
    [[ -d $folder ]] || problem=$(LC_ALL=C mkdir -m 700 -- "$folder" 2>&1) || [[ -d $folder ]] ||
      fail 74 "unable to create '$folder': ${problem##*: }" "name another folder with --spool DIR or SPOOL_DIR"
  done
  ((EUID != 0)) || [[ $(stat -c %u -- "$spool") == 0 ]] || warn_of_owner
  new=$folder/.$$.$RUN_ID # locked before the rename, so that no other run sees it unlocked
  lock_marker "$new" "$folder/$RUN_ID" || {
    rm -f -- "$new" 2>/dev/null || :
    [[ $problem != *': '@(Bad file descriptor|Too many open files|Invalid argument) ]] ||
      fail 75 "unable to write to '$folder': too many open files" "raise the limit on open files: ulimit -n 1024"
    # A rollback or a corrected load must be possible on a full disk: only the record of this run is missing.
    if [[ $problem == *': '@(No space left on device|Disk quota exceeded) && $command == @(load|rollback|replay|withdraw) ]]; then
      say "the disk of '$folder' is full: this run leaves no record; $me gc --keep 1 frees what can be spared"
      return 0
    fi
    [[ $problem != flock:* ]] || fail 74 "unable to lock '$new': ${problem##*: }" "put the spool on a local file system, such as ext4 or xfs (--spool DIR)"
    fail 74 "unable to write to '$folder': ${problem##*: }" "check its owner, its mode and the free space of the disk; $me gc --keep 1 frees what can be spared"
  }
  export RUN_MARKER=$folder/$RUN_ID
}

warn_of_owner() {
  local owner
  owner=$(stat -c %U -- "$spool")
  say "the spool '$spool' belongs to '$owner', who cannot change the files that root writes: run this as '$owner', or chown the spool afterwards"
}

# Sets problem to the system's message if it fails. bash prints its own, so a subshell tries first. bash chooses a free
# descriptor, since the user's own may be the source (/dev/fd/N).
lock_marker() { # NEW-FILE MARKER
  local mask
  mask=$(umask)
  umask 077
  problem=$( (LC_ALL=C && : {marker_fd}>"$1") 2>&1) && { exec {marker_fd}>"$1" || ! problem='bash: Too many open files'; } 2>/dev/null && umask "$mask" &&
    problem=$(LC_ALL=C flock -w 5 "$marker_fd" 2>&1) &&
    problem=$( (LC_ALL=C && echo "$command $$ $RUN_ORIGIN $RUN_STARTED_AT" >&"$marker_fd") 2>&1) && problem=$(LC_ALL=C mv -- "$1" "$2" 2>&1)
}

close_marker() { [[ -z ${RUN_MARKER-} ]] || rm -f -- "$RUN_MARKER"; }

# Runs one stage, and exits unless it succeeds. The stage removes the marker after it has logged the end of the run. If
# the stage crashed or did not start, the script logs the end.
stage() { # STAGE ARGUMENT...
  local code=0
  attend "$binaries/$1" "${@:2}" || code=$?
  ((code != 0)) || return 0
  failed_stage=$1
  case $code in
    # Stopped by a signal: the stage has removed the marker, unless the signal came too early.
    129 | 130 | 143) [[ -z ${RUN_MARKER-} || ! -e $RUN_MARKER ]] || fail "$code" "stopped by SIG$(kill -l $((code - 128)))" ;;
    126 | 127) fail 78 "unable to start '$binaries/$1'" "see the message above" \
      "in a git clone, if a file is missing or cannot be executed: remove '$project/.build' and run the same command again" \
      "with the package: install it again" ;;
    12[89] | 1[3-9]?) fail "$code" "$1 was killed by signal $((code - 128))" "run the same command again: finished work is kept" ;;
  esac
  # Without this, a source that ends with 65 every day would fill the disk. A named snapshot may be old, and must stay.
  if [[ $command:$code:${caught:?} == run:65:0 ]] && ! has_argument '--snapshot*' "$@"; then
    attend "$binaries/load" gc --after-run --spool "$spool" || :
  fi
  exit "$code"
}

# The stages share one summary, the run's record. Each adds to it; the last one, or the one that fails, prints it.
# Every stage parses all arguments of the command, so the first one rejects wrong arguments.
chain() { # STAGES ARGUMENT...
  local name
  for name in $1; do
    # The stage before may have ended just before the signal.
    ((${caught:?} == 0)) || fail $((128 + caught)) "stopped by SIG$(kill -l "$caught")"
    stage "$name" "$command" "${@:2}"
  done
  close_marker
}

# Prints whether the next run can continue without an operator: after a temporary failure, SIGHUP, SIGINT or SIGTERM.
is_temporary() { [[ $1 =~ ^(75|129|130|143)$ ]] && echo true || echo false; } # CODE

# Reports a run that ends outside its stages: to the log file and CloudWatch, if configured, and in the run's record.
# A failure to write the record is ignored. If `load` cannot run, the script writes the record itself.
end_run() { # CODE MESSAGE [HINT...]
  : "${event_id:?}" # of the event that `fail` has logged
  local code=$1 folder=${spool:-${SPOOL_DIR:-$project/spool}} record
  shift
  export RUN_COMMAND=$command
  # `load` refuses a path that is not UTF-8. It then logs the event, and the script writes the record.
  record=$folder
  is_utf8 "$folder" || record=/dev/null
  # On stdin, because every user of the machine can read arguments.
  printf '%s\n' "$@" | SPOOL_DIR='' "$binaries/load" log --level error --name pipeline.sh --stage "$failed_stage" --event-id "$event_id" --exit-code "$code" \
    --spool "$record" >/dev/null 2>&1 || write_record "$folder" "$code" "$@" 2>/dev/null || :
  [[ -z ${RUN_MARKER-} ]] || close_marker
}

write_record() { # FOLDER CODE MESSAGE [HINT...]
  [[ -d $1 ]] && umask 077 && mkdir -p -- "$1/runs" || return
  {
    printf '{"run_id":"%s","command":"%s","origin":"%s",' "$RUN_ID" "$command" "$RUN_ORIGIN"
    printf '"started_at":"%s","ended_at":"%s",' "$RUN_STARTED_AT" "$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)"
    printf '"exit_code":%d,"status":"failed","stages":{},"findings":{},' "$2"
    printf '"error":{"stage":"%s","message":%s,"hints":[%s],"exit_code":%d}}\n' "$failed_stage" "$(json "$3")" "$(json "${@:4}")" "$2"
  } >"$1/runs/.$RUN_ID" && mv -n -- "$1/runs/.$RUN_ID" "$1/runs/$RUN_ID.json"
}
