#!/usr/bin/env bash
# A line per step: what is being done, a spinner on a terminal, how long it took; the log if it fails.
# SPDX-License-Identifier: MIT

steps_log=build/logs

say() {
  printf '%s\n' "$*" >&2
}

# Runs until the process ends, showing that it lives. Only on a terminal.
spin_while() {
  local pid=$1 text=$2 marks="|/-\\\\" i=0
  while kill -0 "$pid" 2>/dev/null; do
    printf '\r  %s %s' "${marks:i++%4:1}" "$text" >&2
    sleep 0.2
  done
  printf '\r\033[K' >&2
}

# step TEXT COMMAND...
step() {
  local text=$1 log status=0 began=$SECONDS
  shift
  mkdir -p "$steps_log"
  log=$steps_log/$(printf '%s' "$text" | tr -cs 'a-zA-Z0-9' '-').log
  if [ -t 2 ]; then
    "$@" >"$log" 2>&1 </dev/null &
    spin_while $! "$text"
    wait $! || status=$?
  else
    "$@" >"$log" 2>&1 </dev/null || status=$?
  fi
  if [ "$status" -ne 0 ]; then
    say "  ✗ $text (exit $status); the end of $log:"
    tail -n 40 "$log" >&2
    exit 1
  fi
  say "  ✓ $text ($((SECONDS - began)) s)"
}
