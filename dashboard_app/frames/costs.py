"""Known costs of hunts, target and judge separately. Unknown costs are counted, never taken as 0."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd

from core.telemetry.reader import TelemetryReader
from dashboard_app.choice import HUNTS, Choice
from dashboard_app.frames.queries import in_utc, run_query

UNKNOWN = """(latency_ms IS NOT NULL AND cost_usd IS NULL)::INTEGER
    + (verdicts_json::VARCHAR <> '{}' AND judge_cost_usd IS NULL)::INTEGER"""
"""Number of unknown costs of a hunt. A latency implies a reply, verdicts imply judging; both cost money."""

PRICED = f"{UNKNOWN} = 0 AND coalesce(cost_usd, judge_cost_usd) IS NOT NULL"
"""Hunts whose costs are all known; averages use only these."""


def over_time(reader: TelemetryReader, choice: Choice, width: timedelta) -> pd.DataFrame:
    """begin, end (UTC), part ("target" or "judge"), usd (known costs)."""
    frame = in_utc(_parts(reader, choice, "time_bucket($width, ts)", "begin", width=width), "begin")
    frame.insert(1, "end", frame["begin"] + width)
    return frame


def by_model(reader: TelemetryReader, choice: Choice) -> pd.DataFrame:
    """model, part, usd, unknown (number of unknown costs)."""
    return _parts(reader, choice, "model", "model")


def per_break(reader: TelemetryReader, choice: Choice) -> pd.DataFrame:
    """model, hunts, breaks, target_usd, judge_usd, known_usd, priced_usd, priced_hunts, unpriced_hunts
    (with an unknown cost), priced_breaks, usd_a_hunt, usd_a_break, unknown,
    free (simulated, or all replies cost 0); highest cost first.

    Cost per hunt and per break are averages over the priced hunts, so that an unknown price does not look cheap.
    """
    sql = f"""WITH summed AS (
                SELECT model, count(*) AS hunts, count(*) FILTER (outcome = 'broke') AS breaks,
                       sum(cost_usd) AS target_usd, sum(judge_cost_usd) AS judge_usd, sum({UNKNOWN})::BIGINT AS unknown,
                       sum(coalesce(cost_usd, 0) + coalesce(judge_cost_usd, 0)) FILTER ({PRICED}) AS priced_usd,
                       count(*) FILTER ({PRICED}) AS priced_hunts, count(*) FILTER ({UNKNOWN} > 0) AS unpriced_hunts,
                       count(*) FILTER ({PRICED} AND outcome = 'broke') AS priced_breaks,
                       bool_or(simulated) OR coalesce(max(cost_usd) = 0, false) AS free
                FROM hunts WHERE {HUNTS} GROUP BY 1),
              known AS (SELECT *, CASE WHEN coalesce(target_usd, judge_usd) IS NULL THEN NULL
                        ELSE coalesce(target_usd, 0) + coalesce(judge_usd, 0) END AS known_usd FROM summed)
              SELECT model, hunts, breaks, target_usd, judge_usd, known_usd, priced_usd, priced_hunts, unpriced_hunts,
                     priced_breaks, CASE WHEN priced_hunts > 0 THEN priced_usd / priced_hunts END AS usd_a_hunt,
                     CASE WHEN priced_breaks > 0 THEN priced_usd / priced_breaks END AS usd_a_break, unknown, free
              FROM known ORDER BY known_usd DESC NULLS LAST, model"""  # noqa: S608
    return run_query(reader, choice, sql)


def _parts(reader: TelemetryReader, choice: Choice, group: str, name: str, **params: Any) -> pd.DataFrame:
    sql = f"""WITH known AS (
                SELECT {group} AS {name}, sum(cost_usd) AS target, sum(judge_cost_usd) AS judge,
                       sum({UNKNOWN})::BIGINT AS unknown
                FROM hunts WHERE {HUNTS} GROUP BY 1)
              SELECT {name}, part, usd, unknown FROM known UNPIVOT INCLUDE NULLS (usd FOR part IN (target, judge))
              ORDER BY {name}, part DESC"""  # noqa: S608
    return run_query(reader, choice, sql, **params)
