"""Raised alarms, at the top of a page, and the table of all rules."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard_app.alarms import Alarm, State
from dashboard_app.components import columns
from dashboard_app.components.tables import table
from dashboard_app.words import count, plain

SIGNS = {State.RAISED: "✗ raised", State.OK: "✓ OK", State.TOO_FEW: "– too few samples", State.OFF: "– off"}


def raised_alarms(every: Sequence[Alarm]) -> list[Alarm]:
    return [alarm for alarm in every if alarm.state is State.RAISED]


def strip(every: Sequence[Alarm], *, quiet: bool = False) -> None:
    """One box per raised alarm. Without any: a success message, or nothing with `quiet`."""
    raised = raised_alarms(every)
    for alarm in raised:
        st.error(
            f"**{alarm.name}: {alarm.found}.** Alarm at {alarm.limit}. {plain(alarm.advice)}",
            icon=":material/notification_important:",
        )
    if not raised and not quiet:
        fine = sum(alarm.state is State.OK for alarm in every)
        st.success(f"**No alarms.** {count(fine, 'rule')} OK.", icon=":material/check_circle:")


def rules(every: Sequence[Alarm]) -> None:
    """Table of all rules, with threshold and setting."""
    frame = pd.DataFrame(
        [(SIGNS[a.state], a.name, a.found.replace("\\", ""), a.limit, a.setting) for a in every],
        columns=["state", "rule", "found", "limit", "setting"],
    )
    table(
        "alarms",
        frame,
        {
            "state": columns.text("State", width=130),
            "rule": columns.text("Rule", width=250),
            "found": columns.text("Now", width=330),
            "limit": columns.text("Alarm at"),
            "setting": columns.text("Setting", "Change it in .env and restart the dashboard."),
        },
    )
