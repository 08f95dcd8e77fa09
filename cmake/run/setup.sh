#!/usr/bin/env bash
# What has to be on the machine: Debian packages by group, npm packages by lock file.
# SPDX-License-Identifier: MIT

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    say "run: installing packages needs root: run as root, or install sudo"
    exit 3
  fi
}

packages_of() {
  awk -v wanted="$*" '
    BEGIN { n = split(wanted, names, " "); for (i = 1; i <= n; i++) want[names[i]] = 1 }
    /^#/ || NF == 0 { next }
    /^\[/ { group = substr($1, 2, length($1) - 2); next }
    group in want { print $1 (NF > 1 ? ":" $2 : "") }' cmake/debian-packages.txt | sort -u
}

# A package counts as there when it is installed, or when the command named beside it is found.
is_installed() {
  local package=${1%%:*} command=
  case $1 in *:*) command=${1#*:} ;; esac
  [ -n "$command" ] && command -v "$command" >/dev/null && return
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ]
}

# Debian starts a server when it installs one. A test bench wants the program, not the service.
with_services_off() {
  local policy=/usr/sbin/policy-rc.d status=0
  if [ -e "$policy" ]; then
    as_root "$@"
    return
  fi
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
  as_root chmod +x "$policy"
  as_root "$@" || status=$?
  as_root rm -f "$policy"
  return "$status"
}

disable_services() {
  local package
  [ -d /run/systemd/system ] || return 0
  for package in "$@"; do
    case $package in
    nginx-light) as_root systemctl disable nginx ;;
    redis-server | memcached | lighttpd | postgresql) as_root systemctl disable "$package" ;;
    esac
  done
}

install_packages() {
  as_root apt-get update -q
  with_services_off env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends "$@"
  disable_services "$@"
}

# setup GROUP...: install what the groups name and the machine lacks.
setup() {
  local missing=() package
  if ! command -v apt-get >/dev/null; then
    say "run: no apt-get here; install these yourself: $(packages_of "$@" | tr '\n' ' ')"
    return
  fi
  for package in $(packages_of "$@"); do
    is_installed "$package" || missing+=("${package%%:*}")
  done
  [ ${#missing[@]} -eq 0 ] && return
  say "installing ${#missing[@]} Debian packages (servers are left stopped): ${missing[*]}"
  # sudo asks for its password here, where it can be seen, not inside the step.
  [ "$(id -u)" -eq 0 ] || as_root true
  step "install packages" install_packages "${missing[@]}"
}

# setup_npm DIR: what DIR/package-lock.json names, exactly.
setup_npm() {
  local dir=$1
  [ -f "$dir/package-lock.json" ] || return 0
  [ "$dir/node_modules/.package-lock.json" -nt "$dir/package-lock.json" ] && return
  step "npm packages for $dir" npm --prefix "$dir" ci --no-audit --no-fund --ignore-scripts
}
