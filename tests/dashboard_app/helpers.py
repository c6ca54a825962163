"""The choices of filters, what the log holds for them, computed in plain Python, and the texts of a page."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from dashboard_app.filter_conditions import Choice, Origin, Period
from tests.dashboard_app.records_made_up import MODELS, NOTEBOOKS, NOW, team_at_work

VIEWS = ("overview", "breaks", "criteria", "judge", "costs", "providers", "activity", "sessions", "find")
CHOICES = [
    Choice(NOW),
    Choice(NOW, Period.DAY),
    Choice(NOW, Period.WEEK, origin=Origin.REAL),
    Choice(NOW, origin=Origin.SIMULATED),
    Choice(NOW, model=MODELS[2].name),
    Choice(NOW, Period.WEEK, notebook=NOTEBOOKS[0]),
    Choice(NOW, Period.HOUR),
    Choice(NOW, model="no/such"),
    Choice(NOW, domain="Finance"),
    Choice(NOW, Period.DAY, log_begin=NOW - timedelta(days=9)).before,
]
ALL = Choice(NOW)


def hunts_of(log_dir, choice: Choice) -> list[dict]:
    lines = [json.loads(line) for path in log_dir.iterdir() for line in path.read_text().splitlines()]
    hunts = [{**line["data"], "ts": datetime.fromisoformat(line["ts"])} for line in lines if line["type"] == "hunt"]
    wanted = {Origin.ANY: (True, False), Origin.REAL: (False,), Origin.SIMULATED: (True,)}[choice.origin]
    return [
        hunt
        for hunt in hunts
        if hunt["simulated"] in wanted
        and choice.model in (None, hunt["model"])
        and choice.notebook in (None, hunt["notebook"])
        and choice.domain in (None, hunt["domain"])
        and (choice.since is None or hunt["ts"] >= choice.since)
        and (choice.until is None or hunt["ts"] < choice.until)
    ]


def known(hunts: list[dict], name: str) -> float | None:
    costs = [hunt[name] for hunt in hunts if hunt[name] is not None]
    return pytest.approx(sum(costs)) if costs else None


def records(log_dir, kind: str) -> list[dict]:
    lines = [json.loads(line) for path in log_dir.glob("*.jsonl") for line in path.read_text().splitlines()]
    return [{**line["data"], "ts": datetime.fromisoformat(line["ts"])} for line in lines if line["type"] == kind]


def numbers(page) -> dict[str, tuple[str, str]]:
    return {metric.label: (metric.value, metric.delta) for metric in page.metric}


def words(page) -> str:
    every = [*page.info, *page.warning, *page.error, *page.success, *page.caption, *page.markdown, *page.subheader]
    return "\n".join(element.value for element in every).replace("\\", "")


def hunts_only(**wanted) -> list:
    return [(at, record) for at, record in team_at_work(now=datetime.now(UTC), **wanted) if hasattr(record, "outcome")]
