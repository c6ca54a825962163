"""What is wrong, first on the page and in words; one line when nothing is."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard_app.alarms import Alarm, State
from dashboard_app.components import columns
from dashboard_app.components.tables import table
from dashboard_app.words import count, plain

SIGNS = {State.RAISED: "✗ raised", State.FINE: "✓ fine", State.TOO_FEW: "– too few to tell", State.OFF: "– off"}


def raised_of(every: Sequence[Alarm]) -> list[Alarm]:
    return [alarm for alarm in every if alarm.state is State.RAISED]


def strip(every: Sequence[Alarm], *, quiet: bool = False) -> None:
    """One box for each raised alarm. With `quiet` nothing is said when there is none."""
    raised = raised_of(every)
    for alarm in raised:
        st.error(
            f"**{alarm.name}: {alarm.found}.** Alarm at {alarm.limit}. {plain(alarm.advice)}",
            icon=":material/notification_important:",
        )
    if not raised and not quiet:
        fine = sum(alarm.state is State.FINE for alarm in every)
        st.success(f"**No alarms.** {count(fine, 'rule')} OK.", icon=":material/check_circle:")


def rules(every: Sequence[Alarm]) -> None:
    """Every rule with its threshold and the setting that changes it."""
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
            "setting": columns.text("Setting", "Set it and start the dashboard again."),
        },
    )
