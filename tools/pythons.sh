# Finds supported Pythons; sourced by tools/setup.sh and by the tests. A name on PATH can be a stub that does not run
# (such as pyenv's), so each candidate is started.
OLDEST=3.11
NEWEST_MINOR=13 # the newest version that the tests pass on
NEWEST=3.$NEWEST_MINOR

is_supported() { # python
    "$1" -c "import sys; sys.exit(not (3, ${OLDEST#3.}) <= sys.version_info[:2] <= (3, $NEWEST_MINOR))" >/dev/null 2>&1
}

executable_of() { # PYTHON: the interpreter behind links and stubs; empty if it does not run
    "$1" -c 'import os, sys; print(os.path.realpath(sys.executable))' 2>/dev/null
}

minor_of() { "$1" -c 'import sys; print(sys.version_info[1])'; }

candidates() { # of Python 3.minor
    echo "python3.$1"
    echo python3
}

installed_elsewhere() { # Python 3.MINOR installed by pyenv, outside PATH
    ls "$(pyenv root 2>/dev/null)"/versions/"3.$1".*/bin/python 2>/dev/null || true
}

newest_python() { # the newest in `candidates` and in the results of function $1, except Python 3.$2
    local minor name
    for ((minor = NEWEST_MINOR; minor >= ${OLDEST#3.}; minor--)); do
        [ "${2:-}" != $minor ] || continue
        for name in $(candidates $minor) $(${1:-:} $minor); do
            if is_supported "$name" && [ "$(minor_of "$name")" = $minor ]; then
                echo "$name"
                return
            fi
        done
    done
}

other_python() { # the newest supported Python of another version; empty if there is none
    newest_python installed_elsewhere "$(minor_of "$1")"
}
