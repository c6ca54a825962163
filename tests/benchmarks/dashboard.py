"""The dashboard over a large log: first open, every view, a filter, a refresh, memory; and pandas on the same files.

Runs in a process of its own (`python -m tests.benchmarks.dashboard 1000000`), so that the memory is its own.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.benchmarks.telemetry_log import some_lines, write_large_log

VIEWS = (
    "overview", "breaks", "criteria", "judge", "costs", "providers", "activity", "sessions", "find", "alarms",
)  # fmt: skip
VIEWERS = 3
REFRESH_EVENTS = 1000
DEADLINE_S = 600
HEADER = "| dashboard, {events:,} events, {megabytes:.0f} MB | measured | target |"


def measure_dashboard(events: int) -> tuple[str, list[str]]:
    """A table's header and rows, from child processes: reader and views, the next start, and pandas."""
    with tempfile.TemporaryDirectory() as folder:
        size_bytes = write_large_log(Path(folder) / "log", events)
        rows: list[str] = []
        for what in ("cold", "warm", *(["pandas"] if events <= 1_000_000 else [])):
            rows += _child(what, Path(folder) / "log")
    return HEADER.format(events=events, megabytes=size_bytes / 1e6), rows


def _child(what: str, log: Path) -> list[str]:
    environment = {**os.environ, "TELEMETRY_DIR": str(log), "API_URL": "http://127.0.0.1:9"}
    command = [sys.executable, "-m", "tests.benchmarks.dashboard", what, str(log)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    if done.returncode:
        raise RuntimeError(f"{what}: {done.stderr[-2000:]}")
    return list(json.loads(done.stdout.splitlines()[-1]))


def of_dashboard(log: Path, *, cold: bool) -> list[str]:
    from streamlit.testing.v1 import AppTest

    from dashboard_app import data, views  # noqa: F401 - loading code is not opening a log
    from dashboard_app.views import overview  # noqa: F401

    rows = []
    with _timed() as whole:
        with _timed() as opened:
            reader, report = data.telemetry()
            first = reader.query("SELECT count(*) AS n FROM hunts")["n"][0]
        assert data.followed().wait(DEADLINE_S)
        hunts = reader.query("SELECT count(*) AS n FROM hunts")["n"][0]
    what = "first open without a cache" if cold else "first open with a cache"
    after = f", all after {report.complete_after:%-d %b}" if report.complete_after else ""
    rows.append(f"| {what} ({first:,} hunts{after}) | {opened.took_s:.2f} s ({opened.cpu_s:.2f} s CPU) | 2 s |")
    if not cold:
        return rows
    rows.append(
        f"| until older days are read too ({hunts:,} hunts) | {whole.took_s:.2f} s ({whole.cpu_s:.2f} s CPU) | |"
    )
    pages = [{view: _page(AppTest, view) for view in VIEWS} for _ in range(VIEWERS)]
    took = {view: _median(lambda page=pages[0][view]: page.run(timeout=60)) for view in VIEWS}
    rows += [f"| view {view} | {1000 * s:.0f} ms | 300 ms |" for view, s in took.items()]
    chosen = pages[0]["overview"]
    chosen.segmented_control(key="period").set_value("30d")
    filtered = _median(lambda: chosen.run(timeout=60), times=1)
    rows.append(f"| a filter on overview | {1000 * filtered:.0f} ms | 300 ms |")
    pages[0]["find"].text_input(key="q").set_value("words of no reply")
    searched = _median(lambda: pages[0]["find"].run(timeout=60), times=1)
    rows.append(f"| search for a word in all replies | {1000 * searched:.0f} ms | seconds |")
    for viewer in pages[1:]:
        for page in viewer.values():
            page.run(timeout=60)
    newest = max(log.glob("*.jsonl"))
    times = []
    for seed in range(5):
        with newest.open("ab") as file:
            file.write(some_lines(REFRESH_EVENTS, seed=seed))
        with _timed() as refreshed:
            assert reader.refresh().events > 0
        times.append(refreshed.took_s)
    rows.append(f"| refresh after {REFRESH_EVENTS:,} new events | {1000 * sorted(times)[2]:.0f} ms | 100 ms |")
    gc.collect()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    memory = f"{_resident_mib():.0f} MiB ({peak:.0f})"
    return [*rows, f"| resident memory with {VIEWERS} viewers of all views (peak while reading) | {memory} | 400 MiB |"]


def of_pandas(log: Path) -> list[str]:
    import pandas as pd

    with _timed() as took:
        frames = [pd.read_json(path, lines=True) for path in sorted(log.glob("*.jsonl"))]
        hunts = pd.json_normalize(pd.concat(frames).query("type == 'hunt'")["data"].tolist())
        hunts[hunts["outcome"].isin(["broke", "held"])].groupby("model")["outcome"].value_counts()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    what = "for comparison: pandas.read_json and one query"
    return [f"| {what} | {took.took_s:.1f} s ({took.cpu_s:.1f} s CPU), {peak:.0f} MiB | |"]


def _page(app: Any, view: str) -> Any:
    page = app.from_function(_show, default_timeout=60, args=(view,))
    page.query_params["period"] = "all"
    return page.run(timeout=60)


def _show(view: str) -> None:
    import importlib

    importlib.import_module(f"dashboard_app.views.{view}").show()


def _median(run: Callable[[], Any], times: int = 3) -> float:
    taken = []
    for _ in range(times):
        with _timed() as timed:
            page = run()
        assert not page.exception, page.exception
        taken.append(timed.took_s)
    return sorted(taken)[len(taken) // 2]


class _Timed:
    took_s = cpu_s = 0.0


@contextmanager
def _timed() -> Iterator[_Timed]:
    timed, began, cpu = _Timed(), time.perf_counter(), time.process_time()
    yield timed
    timed.took_s, timed.cpu_s = time.perf_counter() - began, time.process_time() - cpu


def _resident_mib() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def main(arguments: list[str]) -> None:
    if arguments[0] in {"cold", "warm", "pandas"}:
        log = Path(arguments[1])
        rows = of_pandas(log) if arguments[0] == "pandas" else of_dashboard(log, cold=arguments[0] == "cold")
        print(json.dumps(rows))
    else:
        header, rows = measure_dashboard(int(arguments[0]))
        print("\n".join([header, "|---|---|---|", *rows]))


if __name__ == "__main__":
    main(sys.argv[1:])
