"""What hunts cost, as far as anybody knows: target and judge apart. What nobody knows is counted, never taken for 0."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd

from core.telemetry.reader import TelemetryReader
from dashboard_app.choice import HUNTS, Choice
from dashboard_app.frames.asking import ask, in_utc

UNKNOWN = """(latency_ms IS NOT NULL AND cost_usd IS NULL)::INTEGER
    + (verdicts_json::VARCHAR <> '{}' AND judge_cost_usd IS NULL)::INTEGER"""
"""A latency means that there was a reply, verdicts that it was judged: each costs, whatever became of the hunt."""


def over_time(reader: TelemetryReader, choice: Choice, width: timedelta) -> pd.DataFrame:
    """begin, end (UTC), part ("target" or "judge"), usd: what is known of it."""
    frame = in_utc(_parts(reader, choice, "time_bucket($width, ts)", "begin", width=width), "begin")
    frame.insert(1, "end", frame["begin"] + width)
    return frame


def by_model(reader: TelemetryReader, choice: Choice) -> pd.DataFrame:
    """model, part, usd, unknown (costs of this model's hunts that nobody knows)."""
    return _parts(reader, choice, "model", "model")


def per_break(reader: TelemetryReader, choice: Choice) -> pd.DataFrame:
    """model, hunts, breaks, target_usd, judge_usd, known_usd, usd_a_hunt, usd_a_break, unknown; dearest first.

    A cost of a break or a hunt is made of what is known: with unknown costs beside it, it is a lower bound.
    """
    sql = f"""WITH summed AS (
                SELECT model, count(*) AS hunts, count(*) FILTER (outcome = 'broke') AS breaks,
                       sum(cost_usd) AS target_usd, sum(judge_cost_usd) AS judge_usd, sum({UNKNOWN})::BIGINT AS unknown
                FROM hunts WHERE {HUNTS} GROUP BY 1),
              known AS (SELECT *, CASE WHEN coalesce(target_usd, judge_usd) IS NULL THEN NULL
                        ELSE coalesce(target_usd, 0) + coalesce(judge_usd, 0) END AS known_usd FROM summed)
              SELECT model, hunts, breaks, target_usd, judge_usd, known_usd, known_usd / hunts AS usd_a_hunt,
                     CASE WHEN breaks > 0 THEN known_usd / breaks END AS usd_a_break, unknown
              FROM known ORDER BY known_usd DESC NULLS LAST, model"""  # noqa: S608
    return ask(reader, choice, sql)


def _parts(reader: TelemetryReader, choice: Choice, group: str, name: str, **params: Any) -> pd.DataFrame:
    sql = f"""WITH known AS (
                SELECT {group} AS {name}, sum(cost_usd) AS target, sum(judge_cost_usd) AS judge,
                       sum({UNKNOWN})::BIGINT AS unknown
                FROM hunts WHERE {HUNTS} GROUP BY 1)
              SELECT {name}, part, usd, unknown FROM known UNPIVOT INCLUDE NULLS (usd FOR part IN (target, judge))
              ORDER BY {name}, part DESC"""  # noqa: S608
    return ask(reader, choice, sql, **params)
