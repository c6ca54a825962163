"""Whole lines in a file that others write to, too."""

import os
import subprocess
import sys
from pathlib import Path

from core.telemetry import appending
from core.telemetry.appending import append_lines
from tests.core.telemetry.test_writer import STARTED, a_writer, lines_of

ROOT = Path(__file__).resolve().parents[3]


async def test_two_processes_of_one_name_never_mix_their_lines(tmp_path):
    script = (
        "import asyncio, sys\nfrom core.clock import SystemClock\n"
        "from core.settings import TelemetrySettings\nfrom core.telemetry.records import ProcessRecord\n"
        "from core.telemetry.writer import TelemetryWriter\n"
        "async def main():\n"
        "    async with TelemetryWriter('same', TelemetrySettings(sys.argv[1]), SystemClock()) as writer:\n"
        "        for _ in range(100):\n"
        "            for _ in range(20):\n"
        "                writer.record(ProcessRecord(action='started', instance=sys.argv[2], version='v' * 900))\n"
        "            await writer.flush()\n"
        "asyncio.run(main())\n"
    )
    both = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path), name], cwd=ROOT) for name in ("one", "two")]
    assert [process.wait(50) for process in both] == [0, 0]
    instances = [line["data"]["instance"] for path in tmp_path.iterdir() for line in lines_of(path)]
    assert {name: instances.count(name) for name in ("one", "two")} == {"one": 2000, "two": 2000}


def test_a_line_cut_by_a_crash_harms_no_other(tmp_path):
    path = tmp_path / "telemetry-2026-11-24-a.jsonl"
    path.write_bytes(b'{"whole": 1}\n{"cut')
    assert append_lines(path, [b'{"next": 2}\n']) == 1
    assert path.read_bytes() == b'{"whole": 1}\n{"cut\n{"next": 2}\n'


def test_a_disk_that_takes_half_a_batch_gets_the_rest_later(tmp_path, monkeypatch):
    path = tmp_path / "telemetry-2026-11-24-a.jsonl"
    real = appending.os.write
    monkeypatch.setattr(appending.os, "write", lambda descriptor, lines: real(descriptor, lines[:13]))
    assert append_lines(path, [b'{"n": 1}\n', b'{"n": 2}\n']) == 1
    monkeypatch.undo()
    assert append_lines(path, [b'{"n": 2}\n']) == 1
    assert path.read_bytes().splitlines() == [b'{"n": 1}', b'{"n"', b'{"n": 2}']


async def test_the_log_is_nobody_else_s_to_read_whatever_the_umask(tmp_path, clock):
    before = os.umask(0)
    try:
        old = tmp_path / "log" / "telemetry-2026-11-24-api-1.jsonl"
        async with a_writer(tmp_path / "log", clock) as writer:
            writer.record(STARTED)
        assert (old.stat().st_mode & 0o777, old.parent.stat().st_mode & 0o777) == (0o640, 0o750)
        old.chmod(0o666)  # as releases before left it
        async with a_writer(tmp_path / "log", clock) as writer:
            writer.record(STARTED)
        assert old.stat().st_mode & 0o777 == 0o660
    finally:
        os.umask(before)
