"""How a command ends before its time, and what it says on the way: nothing that was paid for is lost."""

import asyncio
import errno
import json
import os
import re
import signal
import sys
from pathlib import Path

import pytest

from core.cli.progress import LINE_EVERY_S, ProgressDisplay
from core.domain.run import Counts
from tests.builders import a_run
from tests.core.cli.running import start

SLOW_JUDGE = {"seed": 7, "target_latency_ms": 1, "judge_latency_ms": 60_000}
COMMAND = ("hunt", "words.ipynb", "--model", "simulated/hasty", "--hunts", "20", "--out", "done.ipynb")


async def calls_made(folder, minimum=4):
    """Returns when so many target calls have ended."""
    async with asyncio.timeout(30):
        while True:
            lines = [line for file in (folder / "telemetry").glob("*") for line in file.read_text().splitlines()]
            if sum('"purpose":"target"' in line for line in lines) >= minimum:
                return
            await asyncio.sleep(0.05)


def kept(folder):
    return json.loads((folder / "done.ipynb").read_text())["metadata"]["model_hunter"]["hunts"]


async def test_replies_that_were_not_judged_yet_are_in_the_notebook(folder):
    process = await start(folder, *COMMAND, script=SLOW_JUDGE)
    await calls_made(folder)
    process.send_signal(signal.SIGTERM)
    _, err = await asyncio.wait_for(process.communicate(), 20)
    assert (process.returncode, b"Traceback" in err) == (130, False)
    replies = [hunt for hunt in kept(folder) if hunt.get("reply")]
    assert len(replies) >= 4
    assert f"{len(replies)} replies without an outcome are in its metadata" in err.decode()


class Clock:
    seconds = 0.0

    def __call__(self):
        return self.seconds


def test_where_there_is_no_terminal_progress_is_a_line_now_and_then(capsys):
    clock = Clock()
    with ProgressDisplay(a_run(200), quiet=False, now_s=clock) as watching:
        watching.show(Counts(total=200, queued=200))
        for done in range(1, 50):
            clock.seconds += LINE_EVERY_S / 10
            watching.show(Counts(total=200, queued=200 - done, broke=done))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "hunting 0/200 0 breaks · 0 held"
    assert lines[1] == "hunting 10/200 10 breaks · 0 held"
    assert (len(lines), lines[-1]) == (6, "hunting 49/200 49 breaks · 0 held")


def test_a_forecast_ends_the_line(capsys):
    with ProgressDisplay(a_run(200), quiet=False) as watching:
        watching.show(
            Counts(total=200, queued=190, broke=2, held=8), forecast="About 9 more hunts for 4 breaks in all."
        )
    line = capsys.readouterr().err.strip()
    assert line == "hunting 10/200 2 breaks · 8 held · About 9 more hunts for 4 breaks in all."


STOPPED = {
    "settled": Counts(total=200, broke=20, held=29, cancelled=150, interrupted=1),
    "hunts that never began": Counts(total=200, queued=118, broke=20, held=29, cancelled=33),
    "calls still in flight": Counts(total=200, queued=100, calling=11, judging=40, broke=20, held=29),
    "every kind": Counts(total=200, queued=10, broke=18, held=29, undetermined=1, error=1, interrupted=141),
}


@pytest.mark.parametrize("counts", STOPPED.values(), ids=STOPPED)
def test_what_is_said_of_a_stopped_run_adds_up_to_its_hunts(counts, capsys):
    with ProgressDisplay(a_run(200), quiet=False) as watching:
        watching.show(counts, ended=True)
    line = capsys.readouterr().err
    assert line.startswith("hunting 49/200 ")
    assert "· 151 not finished" in line
    assert sum(int(n) for n in re.findall(r"(\d+) [a-z]", line)) == 200


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_run_that_is_stopped_early_accounts_for_every_hunt(folder, number):
    models = ("--model", "simulated/hasty", "--model", "simulated/careful")
    slow = {"seed": 7, "target_latency_ms": 60_000}
    process = await start(folder, "hunt", "words.ipynb", *models, "--hunts", "401", script=slow)
    await process.stderr.readuntil(b"hunting")
    process.send_signal(number)
    out, err = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 130
    assert "hunting 0/401 0 breaks · 0 held · 401 not finished" in "hunting" + err.decode()
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in out.decode().splitlines() if "│" in line]
    assert cells == [
        ["simulated/hasty", "201", "0", "0", "0", "0", "201", "n/a", "$0.0000"],
        ["simulated/careful", "200", "0", "0", "0", "0", "200", "n/a", "$0.0000"],
        ["all", "401", "0", "0", "0", "0", "401", "n/a", "$0.0000"],
    ]


def test_a_quiet_run_says_nothing(capsys):
    with ProgressDisplay(a_run(2), quiet=True) as watching:
        watching.show(Counts(total=2, broke=2))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("number", [errno.EPIPE, errno.EIO, errno.ENOSPC])
def test_progress_that_nobody_can_read_stops_no_hunt(monkeypatch, number):
    class Lost:
        encoding = "utf-8"

        def write(self, _text):
            raise OSError(number, os.strerror(number))

        def flush(self):
            raise OSError(number, os.strerror(number))

        def isatty(self):
            return False

        def fileno(self):
            return self.file.fileno()

    with Path(os.devnull).open("w", encoding="utf-8") as file:
        lost = Lost()
        lost.file = file
        monkeypatch.setattr(sys, "stderr", lost)
        with ProgressDisplay(a_run(2), quiet=False) as watching:
            watching.show(Counts(total=2, broke=2))
