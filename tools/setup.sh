#!/usr/bin/env bash
# Prepares .venv: Python 3.11 with exactly what requirements/dev.txt pins, installed by plain pip so that
# the machine's own pip configuration applies. The second time it only compares a stamp.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3.11}
pins=requirements/dev.txt
stamp=.venv/.installed

missing() { # what is missing · what will not work · what to do
    printf '\nMissing: %s. Without it %s. To fix it: %s\n\n' "$1" "$2" "$3" >&2
    exit 1
}

# A virtual environment cannot be moved, hence its place; it dies with its Python, hence the link's target.
wanted_stamp() {
    printf '%s %s %s\n' "$PWD" "$(readlink -f .venv/bin/python || true)" "$(sha256sum <$pins)"
}

is_ready() { [ -x .venv/bin/python ] && [ "$(cat $stamp 2>/dev/null)" = "$(wanted_stamp)" ]; }

stands_here() { # made at this place and whole: pip only has to add what changed
    [ -x .venv/bin/python ] && [[ "$(cat $stamp 2>/dev/null)" == "$PWD $(readlink -f .venv/bin/python) "* ]]
}

require_python() {
    command -v "$python" >/dev/null ||
        missing "$python" "nothing of Model Hunter runs" "apt-get install python3.11 (or PYTHON=/path/to/python3.11 make setup)"
    "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' ||
        missing "Python 3.11 ($python is $("$python" -V 2>&1))" "the pinned packages do not install" "PYTHON=/path/to/python3.11 make setup"
    "$python" -c 'import ensurepip, venv' 2>/dev/null || # Debian keeps them in a package of their own
        bash tools/debian.sh "no virtual environment can be made, so nothing runs" python3.11-venv
}

make_environment() {
    echo "Setting up .venv (about two minutes the first time) …"
    stands_here || "$python" -m venv --clear .venv
    rm -f $stamp
    local log
    log=$(mktemp)
    if ! .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $pins >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        missing "packages of $pins (pip's words are above)" "nothing of Model Hunter runs" \
            "check that pip reaches a package index (pip config list), then make setup"
    fi
    rm -f "$log"
    wanted_stamp >$stamp
}

# Two makes at once: the second waits here and then finds everything ready.
if command -v flock >/dev/null; then exec 9<$pins && flock 9; fi
is_ready && exit 0
require_python
make_environment
