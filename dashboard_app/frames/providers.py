"""Latency, queueing and failures of calls. Repeated calls count each time."""

from __future__ import annotations

import pandas as pd

from core.telemetry.reader import TelemetryReader
from dashboard_app.choice import CALLS, HUNTS, Choice
from dashboard_app.frames.queries import run_query, with_rates


def by_provider(reader: TelemetryReader, choice: Choice) -> pd.DataFrame:
    """provider, purpose, calls, failed, share that failed, p50_s, p95_s (successful calls), wait_p95_s."""
    # Quantiles hold every value: one list in single precision fits ten million calls in memory.
    sql = f"""WITH summed AS (
                SELECT provider, purpose, count(*) AS calls, count(*) FILTER (NOT ok) AS failed,
                       quantile_cont(latency_ms::FLOAT, [0.5, 0.95]) FILTER (ok) AS latency,
                       quantile_cont(wait_ms::FLOAT, 0.95) / 1000 AS wait_p95_s
                FROM calls WHERE {CALLS} GROUP BY ALL)
              SELECT provider, purpose, calls, failed, latency[1] / 1000 AS p50_s, latency[2] / 1000 AS p95_s,
                     wait_p95_s
              FROM summed ORDER BY calls DESC, provider, purpose DESC"""  # noqa: S608
    rated = with_rates(run_query(reader, choice, sql), "failed", "calls")
    return rated[["provider", "purpose", "calls", "failed", "share", "p50_s", "p95_s", "wait_p95_s"]].sort_values(
        "calls", ascending=False, ignore_index=True
    )


def failures(reader: TelemetryReader, choice: Choice) -> pd.DataFrame:
    """cause, provider, calls: failed calls, most frequent first."""
    sql = f"""SELECT coalesce(error, 'unknown') AS cause, provider, count(*) AS calls FROM calls
              WHERE {CALLS} AND NOT ok GROUP BY ALL ORDER BY calls DESC, cause, provider"""  # noqa: S608
    return run_query(reader, choice, sql)


def lost_hunts(reader: TelemetryReader, choice: Choice) -> pd.DataFrame:
    """cause, provider, hunts: hunts lost to errors, most frequent first."""
    sql = f"""SELECT coalesce(error, 'unknown') AS cause, provider, count(*) AS hunts FROM hunts
              WHERE {HUNTS} AND outcome = 'error' GROUP BY ALL ORDER BY hunts DESC, cause, provider"""  # noqa: S608
    return run_query(reader, choice, sql)


def latencies(reader: TelemetryReader, choice: Choice) -> pd.DataFrame:
    """model, replies, p50_s, p95_s: from the target call's start to its end."""
    sql = f"""WITH summed AS (
                SELECT model, count(latency_ms) AS replies, quantile_cont(latency_ms::FLOAT, [0.5, 0.95]) AS latency
                FROM hunts WHERE {HUNTS} AND latency_ms IS NOT NULL GROUP BY model)
              SELECT model, replies, latency[1] / 1000 AS p50_s, latency[2] / 1000 AS p95_s
              FROM summed ORDER BY p50_s DESC"""  # noqa: S608
    return run_query(reader, choice, sql)
