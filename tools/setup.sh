#!/usr/bin/env bash
# Prepares .venv: tools/setup.sh run (what the product needs) or tools/setup.sh dev (also what tests and checks need).
# tools/setup.sh other prepares .venv.other with another supported Python, where there is one, for the tests.
# Takes the newest supported Python on PATH, or the one that PYTHON names. Installs exactly what requirements/*.txt
# pin, with uv where pip can bring it and with pip otherwise. The second time it only compares a stamp.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/pythons.sh
. tools/pip_settings.sh

level=${1:-dev}
venv=.venv
pins=(requirements/dev.txt)
case $level in
dev) ;;
run) pins=(requirements/api.txt requirements/dashboard.txt) ;;
other) venv=.venv.other ;;
*) echo "usage: tools/setup.sh [run|dev|other]" >&2 && exit 2 ;;
esac

missing() { # what is missing · what does not work without it · how to fix it
    printf '\nMissing: %s. Without it %s. To fix it: %s\n\n' "$1" "$2" "$3" >&2
    exit 1
}

# A virtual environment cannot be moved, hence its path; it dies with its Python, hence the link's target.
stamp_of() { # level, pin files …
    printf '%s %s %s\n' "$PWD" "$(readlink -f $venv/bin/python || true)" "$(cat "${@:2}" | sha256sum)"
}

has_level() { # level, pin files …
    [ -x $venv/bin/python ] && [ "$(cat "$venv/.installed-$1" 2>/dev/null)" = "$(stamp_of "$@")" ]
}

is_ready() { # what tests need includes what the product needs
    [ $level = other ] && has_level other "${pins[@]}" && return
    { [ -z "${PYTHON:-}" ] || [ "$(readlink -f $venv/bin/python)" = "$(executable_of "$PYTHON")" ]; } &&
        { has_level "$level" "${pins[@]}" || has_level dev requirements/dev.txt; }
}

require_python() {
    if [ $level = other ]; then
        python=$(other_python .venv/bin/python)
        [ -n "$python" ] || exit 0
    else
        python=${PYTHON:-$(newest_python)}
    fi
    [ -n "$python" ] ||
        missing "Python $OLDEST to $NEWEST" "nothing of Model Hunter runs" \
            "apt-get install python3 python3-venv (or PYTHON=/path/to/python3.$NEWEST_MINOR make run)"
    is_supported "$python" ||
        missing "Python $OLDEST to $NEWEST ($python is $("$python" -V 2>&1 || echo 'no Python that runs'))" \
            "the pinned packages do not install" "PYTHON=/path/to/python3.$NEWEST_MINOR make run"
    "$python" -c 'import ensurepip, venv' 2>/dev/null || # Debian keeps them in a package of their own
        bash tools/debian.sh "no virtual environment can be made, so nothing runs" \
            "python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    python=$(executable_of "$python")
}

# The same path and Python as before: only what changed has to be installed.
can_keep_environment() {
    [ -x $venv/bin/python ] && [ "$(readlink -f $venv/bin/python)" = "$python" ] &&
        [ "$(cat $venv/.path 2>/dev/null)" = "$PWD" ]
}

pip_install() { $venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes "$@"; }

uv_install() {
    local pinned
    pinned=$(mktemp)
    awk '/^uv==/ { found = 1 } found { print } found && !/\\$/ { exit }' requirements/dev.txt >"$pinned"
    pip_install -r "$pinned" && rm -f "$pinned" || { rm -f "$pinned" && return 1; }
    export_pip_settings $venv/bin/python
    local quiet=(--quiet)
    if [ -t 2 ]; then quiet=(); fi # uv shows its own progress on a terminal
    $venv/bin/uv pip install "${quiet[@]}" --python $venv/bin/python --require-hashes "$@"
}

install() {
    local files=() file
    for file in "${pins[@]}"; do files+=(-r "$file"); done
    if [ -t 2 ]; then uv_install "${files[@]}" && return; else uv_install "${files[@]}" >"$log" 2>&1 && return; fi
    echo "uv could not install them; pip does it now, which takes minutes …"
    pip_install "${files[@]}" >"$log" 2>&1 && return
    cat "$log" >&2
    missing "packages of ${pins[*]} (pip's error is above)" "nothing of Model Hunter runs" \
        "check that pip reaches a package index (pip config list), then run make again"
}

make_environment() {
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    echo "Setting up $venv with $("$python" -V) …"
    can_keep_environment || { "$python" -m venv --clear $venv && echo "$PWD" >$venv/.path; }
    rm -f $venv/.installed-*
    echo "Installing $(cat "${pins[@]}" | grep '^[a-z].*==' | sort -u | wc -l) packages …"
    install
    stamp_of "$level" "${pins[@]}" >"$venv/.installed-$level"
}

# Two makes at once: the second waits here and then finds everything ready.
if command -v flock >/dev/null; then exec 9<requirements/dev.txt && flock 9; fi
is_ready && exit 0
require_python
make_environment
