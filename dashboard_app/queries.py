"""SQL queries on the log that several pages share, and the parts of such queries.

Filter values are always parameters, never part of the SQL text."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd

from core.telemetry.reader import TelemetryReader
from core.telemetry.search_replies import find_hunts_by_reply
from dashboard_app.filter_conditions import HUNTS, TARGET, Choice
from dashboard_app.rates import Rate

UNPRICED = """(latency_ms IS NOT NULL AND cost_usd IS NULL)::INTEGER
    + (verdicts_json::VARCHAR <> '{}' AND judge_cost_usd IS NULL)::INTEGER"""
"""Number of unknown costs of a hunt. A latency implies a reply, verdicts imply judging; both cost money."""
NAMED = ("model", "notebook", "domain")
MAX_NAMES = 500
STEPS = tuple(
    timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080)
)
MAX_STEPS = 60
"""Maximum bars that stay distinguishable on a chart of ordinary width."""


def run_query(reader: TelemetryReader, choice: Choice, sql: str, **params: Any) -> pd.DataFrame:
    """Run a query with the filters' parameters; parameters that `sql` does not use are dropped."""
    every = {**choice.params, **params}
    return reader.query(sql, {name: value for name, value in every.items() if f"${name}" in sql})


def sum_hunts(condition: str) -> str:
    """SQL for a count over grouped rows, weighted by their column `hunts`."""
    return f"coalesce(sum(hunts) FILTER ({condition}), 0)::BIGINT"


def count_occurrences(text: str, word: str) -> str:
    """SQL for the number of times that `word` occurs in `text`."""
    return f"(length({text}) - length(replace({text}, '{word}', ''))) // {len(word)}"


def in_utc(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Add the zone UTC to the log's naive times."""
    return frame.assign(**{column: pd.to_datetime(frame[column]).dt.tz_localize(UTC) for column in columns})


def number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


FIXED = "min(run_id) = max(run_id) AND max(run_id) IN (SELECT run_id FROM runs WHERE fixed_size)"
"""Of grouped `hunts`: they are those of one run of fixed size that ended by itself."""


def with_rates(counts: pd.DataFrame, hits: str = "broke", of: str = "decided") -> pd.DataFrame:
    """`counts` with share, low, high (95%) and method; highest share first. A column `fixed` says whether the number
    was fixed beforehand; without it, all were."""
    fixed = counts["fixed"] if "fixed" in counts else [True] * len(counts)
    rates = [Rate(int(n), int(total), bool(f)) for n, total, f in zip(counts[hits], counts[of], fixed, strict=True)]
    counts["share"] = [float(rate.share or 0) for rate in rates]
    counts["low"] = [float((rate.interval or (0, 1))[0]) for rate in rates]
    counts["high"] = [float((rate.interval or (0, 1))[1]) for rate in rates]
    counts["method"] = [rate.method for rate in rates]
    return counts.sort_values(["share", of], ascending=[False, False], ignore_index=True, kind="stable")


def count_hunts(reader: TelemetryReader, choice: Choice) -> tuple[int, int]:
    """Number of matching hunts, and of simulated ones among them."""
    row = run_query(reader, choice, f"SELECT count(*), count(*) FILTER (simulated) FROM hunts WHERE {HUNTS}").iloc[0]  # noqa: S608
    return int(row.iloc[0]), int(row.iloc[1])


def names(reader: TelemetryReader, column: str) -> list[str]:
    """The models (by label), notebooks or domains in the log, most hunted first. `column`: one of NAMED."""
    if column not in NAMED:
        raise ValueError(f"no filter for column {column!r}; available: {', '.join(NAMED)}")
    value = TARGET if column == "model" else column
    sql = f"""SELECT {value} AS name FROM hunts WHERE {value} <> '' GROUP BY 1
              ORDER BY count(*) DESC, 1 LIMIT {MAX_NAMES}"""  # noqa: S608
    return [str(name) for name in reader.query(sql)["name"]]


def log_begin(reader: TelemetryReader) -> datetime | None:
    """Time (UTC) of the log's oldest record; None for an empty log."""
    first = reader.query("SELECT min(ts) AS first FROM events WHERE kind > 0")["first"].iloc[0]
    return None if pd.isna(first) else first.to_pydatetime().replace(tzinfo=UTC)


def step(reader: TelemetryReader, choice: Choice) -> timedelta:
    """The width of a bar: the smallest step that covers the period, or the log, in at most 60 bars."""
    first = reader.query("SELECT min(ts) AS first FROM hunts")["first"].iloc[0]
    begin = choice.since or (choice.now if pd.isna(first) else first.to_pydatetime().replace(tzinfo=UTC))
    return next((step for step in STEPS if (choice.now - begin) / step <= MAX_STEPS), STEPS[-1])


def period_shown(choice: Choice, frame: pd.DataFrame) -> tuple[datetime, datetime]:
    """The range of a time axis: the whole period, or for "all" the range of the data."""
    first: datetime = frame["begin"].min().to_pydatetime() if len(frame) else choice.now
    last: datetime = frame["end"].max().to_pydatetime() if len(frame) else choice.now
    return choice.since or first, max(choice.now, last) if choice.since else last


def criterion_texts(reader: TelemetryReader, task: str) -> dict[str, str]:
    """The beginning of each criterion's text, from the newest run of that task; empty for logs of older versions."""
    sql = """SELECT criterion_texts_json::VARCHAR AS texts FROM runs
             WHERE task = ? AND criterion_texts_json IS NOT NULL ORDER BY ts DESC LIMIT 1"""
    found = reader.query(sql, [task])["texts"]
    texts = json.loads(found[0]) if len(found) else {}
    return {str(criterion): str(text) for criterion, text in texts.items()}


def find_in_replies(reader: TelemetryReader, word: str, since: date | None) -> tuple[str, ...]:
    """Hunts since that day with `word` in their reply; none if `word` is the ID of a hunt, run or session."""
    ids = "SELECT 1 FROM hunts WHERE $word IN (hunt_id, run_id, session) LIMIT 1"
    if not word or len(reader.query(ids, {"word": word})):
        return ()
    return tuple(find_hunts_by_reply(reader, word, since))
