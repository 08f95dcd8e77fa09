#!/usr/bin/env bash
# A line per step: what is being done, a spinner on a terminal, how long it took; the log if it fails.
# Whatever is started here ends here: also when the run is stopped half-way.
# SPDX-License-Identifier: MIT

steps_log=build/logs
step_must_end= # set while a step may not be stopped half-way
step_group=    # process group of the step that runs
stop_signal=

say() {
  printf '%s\n' "$*" >&2
}

# is_of_group PID GROUP: read behind the process's name, which may hold anything.
is_of_group() {
  local stat group
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  read -r _ _ group _ <<<"${stat##*") "}"
  [ "$group" = "$2" ]
}

# The processes of this run but this shell: each carries ASSAY_RUN in its environment, whatever
# session it went into (./run sees to that); what sudo runs does not show it, but is of the group.
processes_of_run() {
  local entry pid
  for entry in /proc/[0-9]*; do
    pid=${entry#/proc/}
    case $pid in "$$" | "$BASHPID") continue ;; esac
    if { tr '\0' '\n' <"$entry/environ" | grep -qx "ASSAY_RUN=$ASSAY_RUN"; } 2>/dev/null ||
      { [ -n "$step_group" ] && is_of_group "$pid" "$step_group"; }; then
      printf '%s\n' "$pid"
    fi
  done
}

# Some may be gone already; some may be root's, where packages are fetched.
signal_processes() {
  local signal=$1
  shift
  kill -"$signal" "$@" 2>/dev/null || as_root kill -"$signal" "$@" 2>/dev/null || true
}

end_processes_of_run() {
  local signal pids i
  for signal in TERM KILL; do
    mapfile -t pids < <(processes_of_run)
    for ((i = 0; i < 30 && ${#pids[@]}; i++)); do
      signal_processes "$signal" "${pids[@]}"
      sleep 0.1
      mapfile -t pids < <(processes_of_run)
    done
    [ ${#pids[@]} -gt 0 ] || return 0 # a bare return in a trap means what was before the trap
  done
  say "still running, not ours to end: ${pids[*]}"
  return 1
}

stop_run() {
  [ ! -t 2 ] || printf '\r\033[K' >&2
  if end_processes_of_run; then
    say "stopped; nothing of it is left running"
  fi
  case $stop_signal in INT) exit 130 ;; TERM) exit 143 ;; *) exit 129 ;; esac
}

on_signal() {
  [ -z "$stop_signal" ] || return 0 # once is enough
  stop_signal=$1
  [ -n "$step_must_end" ] || stop_run
  [ ! -t 2 ] || printf '\r\033[K' >&2
  say "stopping as soon as dpkg is done: half-installed packages would be worse"
}

trap 'on_signal INT' INT
trap 'on_signal TERM' TERM
trap 'on_signal HUP' HUP

# Wait for the process, showing on a terminal that it lives.
await() {
  local pid=$1 text=$2 marks="|/-\\\\" i=0 status
  while :; do
    while [ -n "$text" ] && [ -t 2 ] && kill -0 "$pid" 2>/dev/null; do
      printf '\r  %s %s' "${marks:i++%4:1}" "$text" >&2
      sleep 0.2
    done
    status=0
    wait "$pid" || status=$?
    kill -0 "$pid" 2>/dev/null || break # else it was a signal that ended the wait
  done
  [ -z "$text" ] || [ ! -t 2 ] || printf '\r\033[K' >&2
  return "$status"
}

# In a process group of its own: what Ctrl-C ends, and in which order, is for this shell to say.
run_apart() {
  set -m
  "$@" &
  step_group=$!
  set +m
}

# step TEXT COMMAND...
step() {
  local text=$1 log status=0 began=$SECONDS
  shift
  mkdir -p "$steps_log"
  log=$steps_log/$(printf '%s' "$text" | tr -cs 'a-zA-Z0-9' '-' | sed 's/-$//').log
  run_apart "$@" >"$log" 2>&1 </dev/null
  await $! "$text" || status=$?
  [ -z "$stop_signal" ] || stop_run
  if [ "$status" -ne 0 ]; then
    say "  ✗ $text (exit $status); the end of $log:"
    tail -n 40 "$log" >&2
    exit 1
  fi
  say "  ✓ $text ($((SECONDS - began)) s)"
}

# The same for what must not be stopped half-way.
step_to_its_end() {
  step_must_end=yes
  step "$@"
  step_must_end=
}

# shown COMMAND...: a step that speaks for itself.
shown() {
  local status=0
  run_apart "$@" </dev/null
  await $! "" || status=$?
  [ -z "$stop_signal" ] || stop_run
  return "$status"
}

took() {
  printf '%d min %02d s' $((SECONDS / 60)) $((SECONDS % 60))
}
