# Which Pythons can run Model Hunter; sourced by tools/setup.sh and read by the tests. A name on PATH may be a stub that
# does not run (pyenv's are), so each candidate is asked.
OLDEST=3.11
NEWEST_MINOR=13 # the newest that the tests have passed on
NEWEST=3.$NEWEST_MINOR

is_supported() { # python
    "$1" -c "import sys; sys.exit(not (3, ${OLDEST#3.}) <= sys.version_info[:2] <= (3, $NEWEST_MINOR))" >/dev/null 2>&1
}

executable_of() { # python: the interpreter itself, behind links and stubs; nothing when it does not run
    "$1" -c 'import os, sys; print(os.path.realpath(sys.executable))' 2>/dev/null
}

minor_of() { "$1" -c 'import sys; print(sys.version_info[1])'; }

candidates() { # of Python 3.minor
    echo "python3.$1"
    echo python3
}

installed_elsewhere() { # of Python 3.minor: pyenv keeps what it has built outside PATH
    ls "$(pyenv root 2>/dev/null)"/versions/"3.$1".*/bin/python 2>/dev/null || true
}

newest_python() { # of the names in `candidates`, and of those that the function named $1 adds; but not Python 3.$2
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

other_python() { # the newest supported Python of another version than this one; nothing when there is none
    newest_python installed_elsewhere "$(minor_of "$1")"
}
