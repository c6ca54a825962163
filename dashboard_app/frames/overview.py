"""Totals of the matching hunts, hunts over time, and the options of the filters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pandas as pd

from core.domain.verdict import Outcome
from core.telemetry.reader import TelemetryReader
from dashboard_app.choice import HUNTS, Choice
from dashboard_app.frames.costs import UNKNOWN
from dashboard_app.frames.queries import in_utc, number, run_query
from dashboard_app.rates import Rate

STEPS = tuple(
    timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080)
)
MAX_STEPS = 60
"""Maximum bars that stay distinguishable on a chart of ordinary width."""
NAMED = ("model", "notebook", "domain")
MAX_NAMES = 500


@dataclass(frozen=True)
class Totals:
    """Totals of the matching hunts."""

    hunts: int
    by_outcome: dict[str, int]
    simulated: int
    median_latency_ms: float | None
    target_usd: float | None
    """Known costs; None if none are known."""
    judge_usd: float | None
    unknown_costs: int
    """Replies, and judgings of a reply, with unknown cost."""
    sessions: int = 0

    @property
    def rate(self) -> Rate:
        broke = self.by_outcome.get(Outcome.BROKE, 0)
        return Rate(broke, broke + self.by_outcome.get(Outcome.HELD, 0))

    @property
    def errors(self) -> int:
        return self.by_outcome.get(Outcome.ERROR, 0)

    @property
    def known_usd(self) -> float | None:
        known = [cost for cost in (self.target_usd, self.judge_usd) if cost is not None]
        return sum(known) if known else None


def totals(reader: TelemetryReader, choice: Choice) -> Totals:
    row = run_query(
        reader,
        choice,
        f"""SELECT count(*) AS hunts, count(*) FILTER (simulated) AS simulated, median(latency_ms) AS median_latency_ms,
            sum(cost_usd) AS target_usd, sum(judge_cost_usd) AS judge_usd, count(DISTINCT session) AS sessions,
            coalesce(sum({UNKNOWN}), 0)::BIGINT AS unknown_costs
            FROM hunts WHERE {HUNTS}""",  # noqa: S608 - constant SQL; filter values are parameters
    ).iloc[0]
    outcomes = run_query(reader, choice, f"SELECT outcome, count(*) AS n FROM hunts WHERE {HUNTS} GROUP BY outcome")  # noqa: S608
    return Totals(
        hunts=int(row["hunts"]),
        by_outcome={str(outcome): int(n) for outcome, n in zip(outcomes["outcome"], outcomes["n"], strict=True)},
        simulated=int(row["simulated"]),
        median_latency_ms=number(row["median_latency_ms"]),
        target_usd=number(row["target_usd"]),
        judge_usd=number(row["judge_usd"]),
        unknown_costs=int(row["unknown_costs"]),
        sessions=int(row["sessions"]),
    )


def count_hunts(reader: TelemetryReader, choice: Choice) -> tuple[int, int]:
    """Number of matching hunts, and of simulated ones among them."""
    row = run_query(reader, choice, f"SELECT count(*), count(*) FILTER (simulated) FROM hunts WHERE {HUNTS}").iloc[0]  # noqa: S608
    return int(row.iloc[0]), int(row.iloc[1])


def names(reader: TelemetryReader, column: str) -> list[str]:
    """The models, notebooks or domains in the log, most hunted first. `column`: one of NAMED."""
    if column not in NAMED:
        raise ValueError(f"no filter for column {column!r}; available: {', '.join(NAMED)}")
    sql = f"""SELECT {column} AS name FROM hunts WHERE {column} <> '' GROUP BY 1
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


def outcomes_over_time(reader: TelemetryReader, choice: Choice, width: timedelta) -> pd.DataFrame:
    """begin, end (UTC), outcome, hunts."""
    sql = f"""SELECT time_bucket($width, ts) AS begin, outcome, count(*) AS hunts
              FROM hunts WHERE {HUNTS} GROUP BY ALL ORDER BY begin, outcome"""  # noqa: S608
    frame = in_utc(run_query(reader, choice, sql, width=width), "begin")
    frame.insert(1, "end", frame["begin"] + width)
    return frame


def period_shown(choice: Choice, frame: pd.DataFrame) -> tuple[datetime, datetime]:
    """The range of a time axis: the whole period, or for "all" the range of the data."""
    first: datetime = frame["begin"].min().to_pydatetime() if len(frame) else choice.now
    last: datetime = frame["end"].max().to_pydatetime() if len(frame) else choice.now
    return choice.since or first, max(choice.now, last) if choice.since else last
