"""What the history page shows, computed: from the log's tables and a choice to numbers and small frames.

Nothing here draws or chooses. Costs that nobody knows are counted, never taken for 0; rates are over decided hunts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from core.domain.verdict import Outcome
from core.telemetry.reader import TelemetryReader
from dashboard_app.choice import CONDITION, Choice
from dashboard_app.rates import Rate

STEPS = tuple(
    timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080)
)
STEPS_MOST = 60
"""Bars that can still be told apart on a chart of ordinary width."""
NEWEST_MOST = 500

_UNKNOWN = """(latency_ms IS NOT NULL AND cost_usd IS NULL)::INTEGER
    + (cardinality(verdicts) > 0 AND judge_cost_usd IS NULL)::INTEGER"""
"""A latency means that there was a reply, verdicts that it was judged: each costs, whatever became of the hunt."""


@dataclass(frozen=True)
class Totals:
    """The chosen hunts in numbers."""

    hunts: int
    by_outcome: dict[str, int]
    simulated: int
    median_latency_ms: float | None
    target_usd: float | None
    """What is known of it; None when nothing is."""
    judge_usd: float | None
    unknown_costs: int
    """Replies, and judgements of one reply, whose cost nobody knows."""

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
    row = _ask(
        reader,
        choice,
        f"""SELECT count(*) AS hunts, count(*) FILTER (simulated) AS simulated, median(latency_ms) AS median_latency_ms,
            sum(cost_usd) AS target_usd, sum(judge_cost_usd) AS judge_usd,
            coalesce(sum({_UNKNOWN}), 0)::BIGINT AS unknown_costs
            FROM hunts WHERE {CONDITION}""",  # noqa: S608 - our own words; what a viewer chose goes in as parameters
    ).iloc[0]
    outcomes = _ask(reader, choice, f"SELECT outcome, count(*) AS n FROM hunts WHERE {CONDITION} GROUP BY outcome")  # noqa: S608
    return Totals(
        hunts=int(row["hunts"]),
        by_outcome={str(outcome): int(n) for outcome, n in zip(outcomes["outcome"], outcomes["n"], strict=True)},
        simulated=int(row["simulated"]),
        median_latency_ms=_number(row["median_latency_ms"]),
        target_usd=_number(row["target_usd"]),
        judge_usd=_number(row["judge_usd"]),
        unknown_costs=int(row["unknown_costs"]),
    )


def names(reader: TelemetryReader, column: str) -> list[str]:
    """Every model or notebook in the log, most hunted first. `column`: "model" or "notebook"."""
    if column not in {"model", "notebook"}:
        raise ValueError(f'no filter is made for "{column}".')
    sql = f"SELECT {column} FROM hunts WHERE {column} <> '' GROUP BY 1 ORDER BY count(*) DESC, 1"  # noqa: S608
    return [str(name) for name in reader.query(sql)[column]]


def step(reader: TelemetryReader, choice: Choice) -> timedelta:
    """The width of a bar: the smallest that shows the period, or what the log has of it, in at most 60 of them."""
    first = reader.query("SELECT min(ts) AS first FROM hunts")["first"].iloc[0]
    begin = choice.since or (choice.now if pd.isna(first) else first.to_pydatetime().replace(tzinfo=UTC))
    return next((step for step in STEPS if (choice.now - begin) / step <= STEPS_MOST), STEPS[-1])


def outcomes_over_time(reader: TelemetryReader, choice: Choice, width: timedelta) -> pd.DataFrame:
    """begin, end (UTC), outcome, hunts."""
    sql = f"""SELECT time_bucket($width, ts) AS begin, outcome, count(*) AS hunts
              FROM hunts WHERE {CONDITION} GROUP BY ALL ORDER BY begin, outcome"""  # noqa: S608
    return _with_ends(_ask(reader, choice, sql, width=width), width)


def costs_over_time(reader: TelemetryReader, choice: Choice, width: timedelta) -> pd.DataFrame:
    """begin, end (UTC), part ("target" or "judge"), usd: what is known of it."""
    return _with_ends(_costs(reader, choice, "time_bucket($width, ts)", "begin", width=width), width)


def costs_by_model(reader: TelemetryReader, choice: Choice) -> pd.DataFrame:
    """model, part, usd, unknown (costs of this model's hunts that nobody knows)."""
    return _costs(reader, choice, "model", "model")


def break_rates(reader: TelemetryReader, choice: Choice) -> pd.DataFrame:
    """model, simulated, broke, decided, share, low, high; models without a decided hunt have no rate and no row."""
    sql = f"""SELECT model, bool_or(simulated) AS simulated, count(*) FILTER (outcome = 'broke') AS broke,
              count(*) AS decided FROM hunts WHERE {CONDITION} AND outcome IN ('broke', 'held')
              GROUP BY model"""  # noqa: S608
    counts = _ask(reader, choice, sql)
    rates = [Rate(int(broke), int(n)) for broke, n in zip(counts["broke"], counts["decided"], strict=True)]
    counts["share"] = [float(rate.share or 0) for rate in rates]
    counts["low"] = [float((rate.interval or (0, 1))[0]) for rate in rates]
    counts["high"] = [float((rate.interval or (0, 1))[1]) for rate in rates]
    return counts.sort_values(["share", "model"], ascending=[False, True], ignore_index=True)


def latencies(reader: TelemetryReader, choice: Choice) -> pd.DataFrame:
    """model, replies, p50_s, p95_s: from the target call's start to its end."""
    sql = f"""SELECT model, count(latency_ms) AS replies, quantile_cont(latency_ms, 0.5) / 1000 AS p50_s,
              quantile_cont(latency_ms, 0.95) / 1000 AS p95_s FROM hunts
              WHERE {CONDITION} AND latency_ms IS NOT NULL GROUP BY model ORDER BY p50_s DESC"""  # noqa: S608
    return _ask(reader, choice, sql)


def errors(reader: TelemetryReader, choice: Choice) -> pd.DataFrame:
    """cause, provider, hunts: what ended hunts without an outcome."""
    sql = f"""SELECT coalesce(error, 'unknown') AS cause, provider, count(*) AS hunts FROM hunts
              WHERE {CONDITION} AND outcome = 'error' GROUP BY ALL ORDER BY hunts DESC, cause, provider"""  # noqa: S608
    return _ask(reader, choice, sql)


def newest_hunts(reader: TelemetryReader, choice: Choice, most: int = NEWEST_MOST) -> pd.DataFrame:
    """The latest hunts, newest first. Nothing of the judge but the outcome: sessions may be blind until reveal."""
    sql = f"""SELECT ts AS time, outcome, model, notebook, number, latency_ms / 1000 AS latency_s,
              cost_usd AS target_usd, judge_cost_usd AS judge_usd, simulated, error, excerpt
              FROM hunts WHERE {CONDITION} ORDER BY ts DESC, hunt_id DESC LIMIT $most"""  # noqa: S608
    return _in_utc(_ask(reader, choice, sql, most=most), "time")


def _costs(reader: TelemetryReader, choice: Choice, group: str, name: str, **params: Any) -> pd.DataFrame:
    sql = f"""WITH known AS (
                SELECT {group} AS {name}, sum(cost_usd) AS target, sum(judge_cost_usd) AS judge,
                       sum({_UNKNOWN})::BIGINT AS unknown
                FROM hunts WHERE {CONDITION} GROUP BY 1)
              SELECT {name}, part, usd, unknown FROM known UNPIVOT INCLUDE NULLS (usd FOR part IN (target, judge))
              ORDER BY {name}, part DESC"""  # noqa: S608
    return _ask(reader, choice, sql, **params)


def _ask(reader: TelemetryReader, choice: Choice, sql: str, **params: Any) -> pd.DataFrame:
    return reader.query(sql, {**choice.params, **params})


def _with_ends(frame: pd.DataFrame, width: timedelta) -> pd.DataFrame:
    frame = _in_utc(frame, "begin")
    frame.insert(1, "end", frame["begin"] + width)
    return frame


def _in_utc(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    return frame.assign(**{column: frame[column].dt.tz_localize(UTC)})


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def period_shown(choice: Choice, frame: pd.DataFrame) -> tuple[datetime, datetime]:
    """From where to where a time axis goes: the whole period, or for "all" what there is."""
    first: datetime = frame["begin"].min().to_pydatetime() if len(frame) else choice.now
    return choice.since or first, choice.now
