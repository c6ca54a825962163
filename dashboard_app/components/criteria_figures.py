"""The criteria of one task: difficulty, texts and joint failures."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard_app.charts import grids, ranking
from dashboard_app.components import columns
from dashboard_app.components.figures import figure, is_dark, nothing
from dashboard_app.components.tables import table
from dashboard_app.frames.criteria import JudgedTask
from dashboard_app.palette import OUTCOMES
from dashboard_app.words import count


def choose(tasks: Sequence[JudgedTask]) -> JudgedTask:
    """The selected task; in the URL as `of`."""
    names = {f"{task.notebook} · {task.task[:6]}": task for task in tasks}
    chosen = st.selectbox(
        "Criteria of",
        list(names),
        key="of",
        bind="query-params",
        width=420,
        help="The code after the name identifies the version of the task's text. Each version is counted separately.",
    )
    task = names[chosen]
    st.caption(f"{count(task.judged, 'judged hunt')} of this version of the task.")
    return task


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
        "Share of judged hunts that failed each criterion, with its 95% interval.",
        "A criterion that always passes or always fails doesn't distinguish replies.",
    )


def texts(frame: pd.DataFrame) -> None:
    table(
        "criteria",
        frame,
        {
            "criterion": columns.text("Criterion", width="small"),
            "text": columns.text("Text", width="large"),
            "share": columns.percent("Failed"),
            "judged": columns.whole("n", "Judged PASS or FAIL"),
            "undetermined": columns.whole("Undetermined", "The judge gave no usable answer. Not in any rate."),
        },
    )


def together(frame: pd.DataFrame) -> None:
    if frame.empty:
        nothing("Failing together", "No matching hunt failed two criteria at once.")
        return
    order = sorted(set(frame["first"]), key=lambda name: (len(name), name))
    figure(
        "Failing together",
        grids.together(frame, order, dark=is_dark()),
        "For each pair of criteria, the share of hunts failing the first that also failed the second.",
        "Share of the hunts that failed the criterion on the left and also failed the one below. Two criteria that "
        "always fail together may test the same thing.",
    )
