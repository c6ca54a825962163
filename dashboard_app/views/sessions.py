"""Sessions: the newest sessions, and the events of one in order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from core.telemetry.find_records import LogLine, find_records
from core.telemetry.reader import TelemetryReader
from dashboard_app.components import columns, page
from dashboard_app.components.tables import downloads, table
from dashboard_app.filter_conditions import HUNTS, Choice
from dashboard_app.format import cause_label, count, latency, plain, usd
from dashboard_app.queries import in_utc, run_query

ABOUT = "One row per loaded task. Select a row to see its events."
MAX_SESSIONS = 500
MAX_LINES = 5000
ROWS_PX, LIST_PX = 360, 260
TABLE = "sessions"
CHOSEN = "session"
"""URL parameter of the selected session."""


def show() -> None:
    page.show_history("Sessions", ABOUT, _show)


def _show(reader: TelemetryReader, choice: Choice) -> None:
    session = _choose(newest(reader, choice))
    if session:
        _draw_replay(session, replay(reader, session))


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
    """time (UTC), what, detail, hunt_id: the session's records in order, at most 5,000. Of a blind session, judge calls
    and verdicts are left out until a review is in the log: the number of second opinions says how many criteria
    failed."""
    lines = find_records(
        reader.files_with("session = $session", {"session": session}), session, field="session", maximum=MAX_LINES
    )
    hidden = any(line.data.get("blind") for line in lines) and not any(line.type == "review" for line in lines)
    rows = [_event_row(line) for line in lines if not (hidden and _is_of_judge(line))]
    return pd.DataFrame(rows, columns=["time", "what", "detail", "hunt_id"])


def _is_of_judge(line: LogLine) -> bool:
    return line.type == "verdict" or (line.type == "call" and line.data.get("purpose") == "judge")


def _event_row(line: LogLine) -> tuple[Any, str, str, str]:
    describe = {"session": _session, "run": _run, "hunt": _hunt, "call": _call, "review": _review}.get(line.type)
    what, detail = describe(line.data) if describe else (line.type, "")
    return line.at, what, detail, str(line.data.get("hunt_id") or "")


def _session(data: Mapping[str, Any]) -> tuple[str, str]:
    return f"session {data.get('action')}", _joined(data.get("notebook"), data.get("detail"), data.get("trainer"))


def _run(data: Mapping[str, Any]) -> tuple[str, str]:
    models = ", ".join(str(model) for model in data.get("labels") or data.get("models") or ())
    counts = [f"{data[name]} {name}" for name in ("broke", "held", "undetermined", "error") if data.get(name)]
    adaptive = "adaptive allocation" if data.get("allocation") == "adaptive" else ""
    hunts = f"{data.get('hunts')} hunts"
    return f"run {data.get('status')}", _joined(hunts, models, adaptive, *counts, data.get("reason"))


def _hunt(data: Mapping[str, Any]) -> tuple[str, str]:
    return f"hunt {data.get('number')} {data.get('outcome')}", _joined(
        data.get("label") or data.get("model"),
        data.get("upstream"),
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


def _choose(frame: pd.DataFrame) -> str:
    """The session selected in the table or in the list below it; in the URL as `session`. "" for none."""
    every = [str(session) for session in frame["session"]]
    st.dataframe(
        frame,
        key=TABLE,
        hide_index=True,
        height=ROWS_PX,
        placeholder="n/a",
        on_select=lambda: _choose_row(every),
        selection_mode="single-row",
        column_config={
            "session": columns.text("Session", "A short hash, not the ID in the URL.", width="small"),
            "notebook": columns.text("Task", width=150),
            "trainer": columns.text("Trainer", width="small"),
            "simulated": columns.yes_no("Simulated"),
            "first": columns.moment("From"),
            "last": columns.moment("To"),
            "hunts": columns.whole("Hunts"),
            "broke": columns.whole("Breaks"),
            "decided": columns.whole("Decided"),
            "errors": columns.whole("Errors"),
            "usd": columns.usd("Known cost"),
        },
    )
    downloads("sessions", lambda: frame, count(len(frame), "session"))
    if len(frame) == MAX_SESSIONS:
        st.caption(f"The newest {MAX_SESSIONS} sessions. Narrow the filters to see older ones.")
    requested = st.query_params.get(CHOSEN)
    older = [requested] if requested and requested not in every else []
    label, about = "Events of session", "Or select its row."
    chosen = st.selectbox(label, [*every, *older], None, key=CHOSEN, bind="query-params", width=LIST_PX, help=about)
    return chosen or ""


def _choose_row(sessions: list[str]) -> None:
    """Copy the selected row's session to the list, and so to the URL."""
    rows = st.session_state[TABLE]["selection"]["rows"]
    st.session_state[CHOSEN] = sessions[rows[0]] if rows else None


def _draw_replay(session: str, frame: pd.DataFrame) -> None:
    st.subheader(f"What happened in {plain(session)}", anchor=False)
    if frame.empty:
        st.caption("The log has no events of this session.")
        return
    st.caption(
        f"{count(len(frame), 'event')}, oldest first."
        + (" Later events are not shown." if len(frame) == MAX_LINES else "")
    )
    table(
        f"session-{session}",
        frame.assign(open=[f"hunt?hunt={hunt}" if hunt else "" for hunt in frame["hunt_id"]]),
        {
            "time": columns.moment("Time"),
            "what": columns.text("Event", width="medium"),
            "detail": columns.text("Detail", width="large"),
            "open": st.column_config.LinkColumn("Hunt", display_text="open"),
        },
        whole=lambda: frame,
    )
