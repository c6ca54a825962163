"""Signals as a person's shell has them, however the tests were started.

`nohup` and a shell's `&` start programs that ignore SIGHUP and SIGINT, and what we start would inherit that: no
test of Ctrl-C could pass then.
"""

import signal


def pytest_configure() -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
