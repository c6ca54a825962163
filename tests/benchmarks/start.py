"""How long commands and the API take to start, one or several checkouts in turn beside a control:

    python -m tests.benchmarks.start [FOLDER…]

A start is a process of its own. CPU seconds count: on a busy machine the time taken is mostly waiting.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from statistics import median

from tests.benchmarks.cpu import cpu_of_s
from tests.house.loopback_only import find_free_port
from tests.house.tree import ROOT

TIMES = 5
POLL_S = 0.005
DEADLINE_S = 60.0
WATCHED_S = 2.0
"""How long the event loop is watched after the first session has been opened."""
CONTROL = ("-c", "import argparse, rich")
COMMANDS = {
    "`python -m core --help`": ("-m", "core", "--help"),
    "`python -m core hunt --help`": ("-m", "core", "hunt", "--help"),
}
RUN = {"models": ["simulated/hasty"], "hunts": 4}
HEADER = "| start | CPU | taken | over the control's CPU |"


@dataclass
class Start:
    """Seconds, one value for each start."""

    cpu_s: list[float] = field(default_factory=list)
    wall_s: list[float] = field(default_factory=list)

    def add(self, cpu_s: float, wall_s: float) -> None:
        self.cpu_s.append(cpu_s)
        self.wall_s.append(wall_s)

    def row(self, name: str, control: Start | None = None) -> str:
        ratio = f"{median(self.cpu_s) / median(control.cpu_s):.1f}" if control else ""
        return f"| {name} | {1000 * median(self.cpu_s):.0f} ms | {1000 * median(self.wall_s):.0f} ms | {ratio} |"


def measure_start(folders: list[Path]) -> tuple[str, list[str]]:
    """A table's header and rows."""
    control = Start()
    starts: dict[tuple[str, Path], Start] = {}
    for _ in range(TIMES):
        control.add(*run_command(CONTROL, ROOT))
        for folder in folders:
            for name, arguments in COMMANDS.items():
                starts.setdefault((name, folder), Start()).add(*run_command(arguments, folder))
            for name, seconds in start_api(folder).items():
                starts.setdefault((name, folder), Start()).add(*seconds)
    rows = [control.row("control: `import argparse, rich`")]
    for name, folder in sorted(starts, key=lambda key: list(dict.fromkeys(name for name, _ in starts)).index(key[0])):
        where = f", {folder.name}" if len(folders) > 1 else ""
        rows.append(starts[name, folder].row(f"{name}{where}", control))
    return HEADER, rows


def run_command(arguments: tuple[str, ...], folder: Path) -> tuple[float, float]:
    """CPU and elapsed seconds of one process."""
    began = time.monotonic()
    process = subprocess.Popen([sys.executable, *arguments], cwd=folder, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{arguments} ended with {process.returncode}")
    return used.ru_utime + used.ru_stime, time.monotonic() - began


def start_api(folder: Path) -> dict[str, tuple[float, float]]:
    """CPU and elapsed seconds until the API is ready, then of the first session and the first run, and the slowest
    answer to a probe since it was ready (as seconds of both)."""
    port = find_free_port()
    began = time.monotonic()
    measured: dict[str, tuple[float, float]] = {}
    with _api(folder, port) as process:
        _wait_until_ready(port)
        measured["API ready"] = (cpu_of_s(process.pid), time.monotonic() - began)
        with _probed(port) as late:
            cpu_s, at = cpu_of_s(process.pid), time.monotonic()
            session = _post(port, "/api/sessions", {"example": "word-budget"})["session_id"]
            measured["first session"] = (cpu_of_s(process.pid) - cpu_s, time.monotonic() - at)
            cpu_s, at = cpu_of_s(process.pid), time.monotonic()
            _post(port, f"/api/sessions/{session}/runs", RUN)
            measured["first run"] = (cpu_of_s(process.pid) - cpu_s, time.monotonic() - at)
            time.sleep(WATCHED_S)
        measured["slowest probe since it was ready"] = (max(late), max(late))
    return measured


@contextmanager
def _api(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    with tempfile.TemporaryDirectory() as data:
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            "ENV_FILE": "",
            "API_HOST": "127.0.0.1",
            "API_PORT": str(port),
            "TELEMETRY_DIR": f"{data}/telemetry",
            "JOURNAL_DIR": f"{data}/journal",
            "LIBRARY_URL": f"sqlite:///{data}/library.sqlite",
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "api"], cwd=folder, env=environment, stderr=subprocess.DEVNULL
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(DEADLINE_S)


@contextmanager
def _probed(port: int) -> Iterator[list[float]]:
    """Seconds that each probe of the block waited for its answer."""
    took: list[float] = []
    ended = threading.Event()

    def probe() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_S)
        while not ended.wait(POLL_S):
            at = time.monotonic()
            connection.request("GET", "/api/health/live")
            connection.getresponse().read()
            took.append(time.monotonic() - at)
        connection.close()

    thread = threading.Thread(target=probe, name="probe")
    thread.start()
    try:
        yield took
    finally:
        ended.set()
        thread.join()


def _post(port: int, path: str, body: object) -> dict[str, str]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_S)) as connection:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        text = response.read()
    if response.status >= HTTPStatus.BAD_REQUEST:
        raise RuntimeError(f"{path}: {response.status} {text[:500]!r}")
    answer: dict[str, str] = json.loads(text)
    return answer


def _wait_until_ready(port: int) -> None:
    latest = time.monotonic() + DEADLINE_S
    while time.monotonic() < latest:
        with (
            suppress(OSError),
            closing(http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_S)) as connection,
        ):
            connection.request("GET", "/api/health/ready")
            if connection.getresponse().status == HTTPStatus.OK:
                return
        time.sleep(POLL_S)
    raise RuntimeError("the API did not start")


def main(arguments: list[str]) -> None:
    header, rows = measure_start([Path(one).resolve() for one in arguments] or [ROOT])
    print("\n".join([header, "|---|---|---|---|", *rows]))


if __name__ == "__main__":
    main(sys.argv[1:])
