"""How a command ends at a signal, and what it loses: nothing that was paid for."""

import asyncio
import fcntl
import json
import os
import pty
import signal
import sys
import termios

from tests.core.cli.running import QUICK, start
from tests.core.cli.test_progress import COMMAND, SLOW_JUDGE, calls_made, kept
from tests.house.tree import ROOT


async def test_a_terminal_that_is_closed_loses_no_reply(folder):
    """The real thing: the command has a terminal of its own, and that goes away."""
    ours, theirs = pty.openpty()

    def own_terminal():
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "SIMULATED_SCRIPT": json.dumps(SLOW_JUDGE),
        "TELEMETRY_DIR": str(folder / "telemetry"),
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "core", *COMMAND, cwd=folder, env=environment,
        stdin=theirs, stdout=theirs, stderr=theirs, preexec_fn=own_terminal,
    )  # fmt: skip
    os.close(theirs)
    loop = asyncio.get_running_loop()
    loop.add_reader(ours, lambda: os.read(ours, 65536))
    await calls_made(folder)
    loop.remove_reader(ours)
    os.close(ours)
    assert await asyncio.wait_for(process.wait(), 20) == 130
    assert sum(bool(hunt.get("reply")) for hunt in kept(folder)) >= 4


async def test_nohup_keeps_a_hunt_going(folder):
    handler = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # inherited, as from nohup
    try:
        process = await start(folder, *COMMAND, script={**QUICK, "judge_latency_ms": 30})
    finally:
        signal.signal(signal.SIGHUP, handler)
    await calls_made(folder, 1)
    process.send_signal(signal.SIGHUP)
    out, _ = await asyncio.wait_for(process.communicate(), 30)
    assert (process.returncode, b"completed" in out) == (0, True)


async def test_a_check_ends_alike_at_every_signal(folder):
    process = await start(folder, "check", "words.ipynb", script=SLOW_JUDGE, DRAIN_TIMEOUT="0.5")
    async with asyncio.timeout(30):
        while not any('"created"' in file.read_text() for file in (folder / "telemetry").glob("*")):
            await asyncio.sleep(0.05)
    process.send_signal(signal.SIGHUP)
    _, err = await asyncio.wait_for(process.communicate(), 30)
    assert (process.returncode, b"Traceback" in err) == (130, False)
