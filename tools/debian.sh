#!/usr/bin/env bash
# Installs Debian packages: tools/debian.sh "consequence without them" package …
# As root it installs them without starting their services; otherwise it prints the command.
set -euo pipefail

without=$1
shift
policy=/usr/sbin/policy-rc.d

is_installed() { dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

give_up() { # REASON
    printf '\nMissing: %s (%s). Without it %s. To fix it: sudo apt-get install -y %s\n\n' \
        "${wanted[*]}" "$1" "$without" "${wanted[*]}" >&2
    exit 1
}

# Debian starts services on installation; the tests need only the programs.
forbid_services() {
    kept=$(mktemp -d)
    if [ -e $policy ] || [ -L $policy ]; then mv $policy "$kept/"; fi
    trap 'rm -f $policy; if [ -e "$kept/policy-rc.d" ] || [ -L "$kept/policy-rc.d" ]; then mv "$kept/policy-rc.d" $policy; fi; rm -rf "$kept"' EXIT
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
}

install_wanted() {
    export DEBIAN_FRONTEND=noninteractive
    local apt="apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0"
    $apt update && $apt install -y --no-install-recommends "${wanted[@]}"
}

# Don't start the services at the next boot either.
disable_services() {
    [ -d /run/systemd/system ] || return 0
    local package
    for package in "${wanted[@]}"; do
        if systemctl cat "$package.service" >/dev/null 2>&1; then systemctl disable --quiet "$package.service"; fi
    done
}

wanted=("$@")
command -v dpkg-query >/dev/null && command -v apt-get >/dev/null || give_up "not a Debian system"
wanted=()
for package in "$@"; do is_installed "$package" || wanted+=("$package"); done
[ ${#wanted[@]} -gt 0 ] || exit 0
[ "$(id -u)" = 0 ] || give_up "not root"

echo "Installing Debian packages: ${wanted[*]} …"
log=$(mktemp)
forbid_services
if ! install_wanted >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    give_up "apt-get failed; its output is above"
fi
rm -f "$log"
disable_services
