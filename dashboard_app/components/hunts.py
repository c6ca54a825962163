"""The newest hunts as a table, and the same as a file."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import streamlit as st

from dashboard_app.frames import NEWEST_MOST
from dashboard_app.palette import SIGNS
from dashboard_app.words import NOT_KNOWN

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def table(frame: pd.DataFrame, now: datetime) -> None:
    st.subheader("Newest hunts", anchor=False)
    st.dataframe(
        frame.assign(
            outcome=frame["outcome"].map(lambda outcome: SIGNS.get(outcome, outcome)), error=frame["error"].fillna("")
        ),
        hide_index=True,
        placeholder=NOT_KNOWN,
        height=420,
        column_config={
            "time": st.column_config.DatetimeColumn("Time (UTC)", format="D MMM, HH:mm:ss", timezone="UTC"),
            "outcome": st.column_config.TextColumn("Outcome", width=140),
            "model": "Model",
            "notebook": "Task",
            "number": st.column_config.NumberColumn("Hunt", help="As counted in its session.", format="%d"),
            "latency_s": st.column_config.NumberColumn("Latency", format="%.1f s"),
            "target_usd": st.column_config.NumberColumn("Target", format="$%.4f", help="n/a: nobody knows."),
            "judge_usd": st.column_config.NumberColumn("Judge", format="$%.4f", help="n/a: nobody knows."),
            "simulated": st.column_config.CheckboxColumn("Simulated"),
            "error": "Error",
            "excerpt": st.column_config.TextColumn("Reply begins", width="large"),
        },
    )
    st.download_button(
        "Download as CSV",
        as_csv(frame),
        f"hunts-{now:%Y-%m-%dT%H%M}Z.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
    )
    if len(frame) == NEWEST_MOST:
        st.caption(f"The newest {NEWEST_MOST} of the chosen hunts; narrow the choice to see older ones.")


def as_csv(frame: pd.DataFrame) -> bytes:
    """UTF-8 with a mark for spreadsheets. Replies are hostile text: none of them may become a formula there."""
    safe = frame.copy()
    for column in frame.select_dtypes(include=["object", "string"]).columns:
        safe[column] = frame[column].map(_no_formula)
    return safe.to_csv(index=False).encode("utf-8-sig")


def _no_formula(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
