"""The criteria of one task: which task, how hard each criterion is, which fail together."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard_app.charts import grids, ranking
from dashboard_app.components import columns
from dashboard_app.components.figures import figure, is_dark, nothing
from dashboard_app.components.tables import table
from dashboard_app.frames.criteria import TaskSeen
from dashboard_app.palette import OUTCOMES
from dashboard_app.words import count


def choose(tasks: Sequence[TaskSeen]) -> TaskSeen:
    """The task of which the criteria are shown; in the address as `of`."""
    names = {f"{seen.notebook} · {seen.task[:6]}": seen for seen in tasks}
    chosen = st.selectbox(
        "Criteria of",
        list(names),
        key="of",
        bind="query-params",
        width=420,
        help="The letters behind the name change when the task's text changes: its verdicts are counted anew then.",
    )
    seen = names[chosen]
    st.caption(f"{count(seen.judged, 'judged hunt')} of this text of the task.")
    return seen


def difficulty(frame: pd.DataFrame) -> None:
    figure(
        "How hard each criterion is",
        ranking.rates(
            frame.assign(label=frame["criterion"]),
            hits="failed",
            of="judged",
            colour=OUTCOMES["broke"],
            titles=("Share that failed", "Judged PASS or FAIL"),
        ),
        "Share of judged hunts that failed each criterion, with its 95 % interval.",
        "One that never fails tells replies apart as little as one that always does.",
    )


def texts(frame: pd.DataFrame) -> None:
    table(
        "criteria",
        frame,
        {
            "criterion": columns.text("Criterion", width="small"),
            "text": columns.text("Says", width="large"),
            "share": columns.percent("Failed"),
            "judged": columns.whole("n", "Judged PASS or FAIL"),
            "undetermined": columns.whole("Undetermined", "The judge had no usable answer; in no rate."),
        },
    )


def together(frame: pd.DataFrame) -> None:
    if frame.empty:
        nothing("Failing together", "No hunt failed two criteria at once here.")
        return
    order = sorted(set(frame["first"]), key=lambda name: (len(name), name))
    figure(
        "Failing together",
        grids.together(frame, order, dark=is_dark()),
        "For each pair of criteria, the share of hunts failing the first that failed the second too.",
        "Of the hunts that failed the one on the left, so many failed the one below too. Two that always fail "
        "together ask for the same thing.",
    )
