#!/usr/bin/env bash
# What has to be on the machine: Debian packages by group, npm packages by lock file.
# SPDX-License-Identifier: MIT

# Never asks for a password here, where a step's output hides the question: may_install did.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  else
    sudo -n "$@"
  fi
}

# may_install PACKAGE...: are we root, or may we become it? Says what to do where not.
may_install() {
  [ "$(id -u)" -eq 0 ] && return
  if ! command -v sudo >/dev/null; then
    say "run: you are not root and there is no sudo here. As root, once:"
  elif ! sudo -v; then
    say "run: sudo does not let you install packages. As root, once:"
  elif ! sudo -n true 2>/dev/null; then
    say "run: sudo wants its password for each command. By yourself, once:"
  else
    return 0
  fi
  say "  apt-get install --no-install-recommends $*"
  say "Then run this again; it needs no root for anything else."
  exit 3
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

download_packages() {
  as_root apt-get update -q &&
    as_root apt-get install -y -q --no-install-recommends --download-only "$@"
}

# In a session of its own: a Ctrl-C at the terminal must not reach dpkg.
install_packages() {
  with_services_off setsid -w env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends "$@"
  disable_services "$@"
}

# setup GROUP...: install what the groups name and the machine lacks. Nothing is asked of the network
# when all of it is there.
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
  say "${#missing[@]} Debian packages are missing (servers among them are left stopped): ${missing[*]}"
  may_install "${missing[@]}"
  step "download packages" download_packages "${missing[@]}"
  step_to_its_end "install packages" install_packages "${missing[@]}"
}

# setup_npm DIR: what DIR/package-lock.json names, exactly; again only when that file changes.
setup_npm() {
  local dir=$1
  local lock=$dir/package-lock.json done=$dir/node_modules/.installed-lock.json
  [ -f "$lock" ] || return 0
  cmp -s "$lock" "$done" && return
  step "npm packages for $dir" npm --prefix "$dir" ci --no-audit --no-fund --ignore-scripts
  cp "$lock" "$done"
}
