"""Runs commands in processes forked from one that has imported the command line: imports are most of a command's time.

What a fresh interpreter does at its start and end (signals, a full disk, closed pipes) needs `python -m core` itself.
"""

import multiprocessing
import os
import sys
import tempfile
from pathlib import Path

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["core.cli.execute", __name__])


def run_preloaded(words, folder, environment, stdin, timeout_s):
    """(exit code, stdout, stderr) of a command; raises TimeoutError after `timeout_s`."""
    with tempfile.TemporaryDirectory() as place:
        streams = [Path(place) / name for name in ("stdin", "stdout", "stderr")]
        streams[0].write_bytes(stdin)
        process = FORKS.Process(target=_command, args=(words, folder, environment, streams))
        process.start()
        process.join(timeout_s)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise TimeoutError(f"{words} still ran after {timeout_s} s")
        return process.exitcode, streams[1].read_bytes(), streams[2].read_bytes()


def _command(words, folder, environment, streams):
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, path in enumerate(streams):
        opened = os.open(path, os.O_RDWR | os.O_CREAT)
        os.dup2(opened, number)
        os.close(opened)
    encoding = environment.get("PYTHONIOENCODING", "utf-8")
    sys.stdin = os.fdopen(0, "r", encoding=encoding, closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding=encoding, closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding=encoding, errors="backslashreplace", buffering=1, closefd=False)
    from core.cli.commands import main

    sys.exit(main(words))
