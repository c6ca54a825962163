"""The list of sessions, and the events of the selected one."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard_app.components import columns
from dashboard_app.components.tables import downloads, table
from dashboard_app.frames.sessions import MAX_LINES, MAX_SESSIONS
from dashboard_app.words import count, plain

ROWS_PX, LIST_PX = 360, 260
TABLE = "sessions"
CHOSEN = "session"
"""URL parameter of the selected session."""


def choose(frame: pd.DataFrame) -> str:
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


def replay(session: str, frame: pd.DataFrame) -> None:
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
