"""The pages without filters: Live, Alarms, Hunt. Also checks that every page has a test."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dashboard_app import views
from tests.dashboard_app.helpers import VIEWS, hunts_only, words
from tests.dashboard_app.records_made_up import MODELS, team_at_work, write_log

OTHERS = ("live", "alarms", "hunt", "team")
BROKEN = b'{\n[]\nnonsense\n{"ts": "2026-11-24T10:00:00Z", "type": "hunt", "schema": 1, "data": {}}\n{"half'


def nothing(log_dir: Path) -> None:
    assert not log_dir.exists()


def broken(log_dir: Path) -> None:
    log_dir.mkdir()
    (log_dir / "telemetry-2026-11-24-a.jsonl").write_bytes(BROKEN)


def little(log_dir: Path) -> None:
    write_log(log_dir, hunts_only(hunts=1))


def little_and_broken(log_dir: Path) -> None:
    little(log_dir)
    with next(log_dir.glob("*.jsonl")).open("ab") as file:
        file.write(BROKEN)


def much(log_dir: Path) -> None:
    models = tuple(MODELS[n % 5].__class__(f"lab/model-{n}", 0.3, 900.0, 0.001) for n in range(60))
    write_log(log_dir, team_at_work(hunts=6000, days=29, now=datetime.now(UTC), models=models))


EXPECTED: dict[Callable[[Path], None], dict[str, str]] = {
    nothing: {"live": "Healthy", "alarms": "No alarms", "hunt": "No hunts yet", "team": "The library cannot be read"},
    broken: {
        "live": "Healthy",
        "alarms": "4 lines of the log skipped: 3 damaged or cut off, 1 without fields",
        "hunt": "4 lines of the log skipped: 3 damaged or cut off, 1 without fields",
        "team": "The library cannot be read",
    },
    little: {"live": "Healthy", "alarms": "No alarms", "hunt": "The reply", "team": "The library cannot be read"},
    little_and_broken: {
        "live": "Healthy",
        "alarms": "4 lines of the log skipped: 3 damaged or cut off, 1 without fields",
        "hunt": "4 lines of the log skipped: 3 damaged or cut off, 1 without fields",
        "team": "The library cannot be read",
    },
    much: {"live": "Healthy", "alarms": "No alarms", "hunt": "The reply", "team": "The library cannot be read"},
}


def test_every_view_is_tested_with_every_log():
    every = {path.stem for path in Path(views.__file__).parent.glob("*.py")} - {"__init__"}
    assert every == {*VIEWS, *OTHERS}


@pytest.mark.parametrize("log", [pytest.param(log, id=log.__name__) for log in EXPECTED])
def test_a_page_stands_whatever_the_log_holds(page, api, log_dir, log):
    log(log_dir)
    for view in OTHERS:
        test = page(view, hunt="h_000000") if view == "hunt" else page(view)
        assert not test.exception
        assert EXPECTED[log][view] in words(test)
