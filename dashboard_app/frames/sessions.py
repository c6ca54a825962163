"""The list of sessions, and the events of one in order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from core.telemetry.lines import LogLine, find_records
from core.telemetry.reader import TelemetryReader
from dashboard_app.choice import HUNTS, Choice
from dashboard_app.frames.queries import in_utc, run_query
from dashboard_app.words import cause_label, latency, usd

MAX_SESSIONS = 500
MAX_LINES = 5000


def newest(reader: TelemetryReader, choice: Choice) -> pd.DataFrame:
    """session, notebook, trainer, simulated, first, last (UTC), hunts, broke, decided, errors, usd; newest first."""
    sql = f"""SELECT session, any_value(notebook) AS notebook, coalesce(any_value(trainer), '') AS trainer,
              bool_or(simulated) AS simulated, min(ts) AS first, max(ts) AS last, count(*) AS hunts,
              count(*) FILTER (outcome = 'broke') AS broke,
              count(*) FILTER (outcome IN ('broke', 'held')) AS decided, count(*) FILTER (outcome = 'error') AS errors,
              CASE WHEN count(cost_usd) + count(judge_cost_usd) > 0
                   THEN coalesce(sum(cost_usd), 0) + coalesce(sum(judge_cost_usd), 0) END AS usd
              FROM hunts WHERE {HUNTS} GROUP BY session ORDER BY last DESC, session LIMIT {MAX_SESSIONS}"""  # noqa: S608
    return in_utc(run_query(reader, choice, sql), "first", "last")


def replay(reader: TelemetryReader, session: str) -> pd.DataFrame:
    """time (UTC), what, detail, hunt_id: the session's records in order, at most 5,000. For a blind session, costs and
    times of judge calls are left out until a review is in the log."""
    lines = find_records(
        reader.files_with("session = $session", {"session": session}), session, field="session", most=MAX_LINES
    )
    hidden = any(line.data.get("blind") for line in lines) and not any(line.type == "review" for line in lines)
    return pd.DataFrame([_event_row(line, hidden) for line in lines], columns=["time", "what", "detail", "hunt_id"])


def _event_row(line: LogLine, hidden: bool) -> tuple[Any, str, str, str]:
    if hidden and line.type == "call" and line.data.get("purpose") == "judge":
        return line.at, "judge call", str(line.data.get("model") or ""), ""
    describe = {"session": _session, "run": _run, "hunt": _hunt, "call": _call, "review": _review}.get(line.type)
    what, detail = describe(line.data) if describe else (line.type, "")
    return line.at, what, detail, str(line.data.get("hunt_id") or "")


def _session(data: Mapping[str, Any]) -> tuple[str, str]:
    return f"session {data.get('action')}", _joined(data.get("notebook"), data.get("detail"), data.get("trainer"))


def _run(data: Mapping[str, Any]) -> tuple[str, str]:
    models = ", ".join(str(model) for model in data.get("models") or ())
    counts = [f"{data[name]} {name}" for name in ("broke", "held", "undetermined", "error") if data.get(name)]
    return f"run {data.get('status')}", _joined(f"{data.get('hunts')} hunts", models, *counts, data.get("reason"))


def _hunt(data: Mapping[str, Any]) -> tuple[str, str]:
    return f"hunt {data.get('number')} {data.get('outcome')}", _joined(
        data.get("model"),
        latency(data.get("latency_ms")) if data.get("latency_ms") else "",
        cause_label(str(data["error"])) if data.get("error") else "cut off" if data.get("cut_off") else "",
        data.get("error_message"),
    )


def _call(data: Mapping[str, Any]) -> tuple[str, str]:
    result = "succeeded" if data.get("ok") else cause_label(str(data.get("error") or "failed"))
    return f"{data.get('purpose')} call: {result}", _joined(
        data.get("model"),
        f"waited {latency(data.get('wait_ms'))}",
        f"took {latency(data.get('latency_ms'))}",
        usd(data.get("cost_usd")),
    )


def _review(data: Mapping[str, Any]) -> tuple[str, str]:
    return "review", _joined(f"person: {data.get('human_outcome')}", f"judge: {data.get('judge_outcome')}")


def _joined(*parts: object) -> str:
    return " · ".join(str(part) for part in parts if part)
