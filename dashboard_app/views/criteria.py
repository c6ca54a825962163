"""Criteria: within one task, which are hard and which fail together."""

from __future__ import annotations

import streamlit as st

from core.telemetry.reader import TelemetryReader
from dashboard_app.choice import Choice
from dashboard_app.components import criteria_figures, emptiness, page
from dashboard_app.frames import criteria

ABOUT = "Within one task only: C3 of one task has nothing to do with C3 of another."


def show() -> None:
    page.of_history("Criteria", ABOUT, _show)


def _show(reader: TelemetryReader, choice: Choice) -> None:
    tasks = criteria.tasks(reader, choice)
    if not tasks:
        emptiness.too_few_judged(criteria.LEAST_HUNTS)
        return
    task = criteria_figures.choose(tasks)
    hard = criteria.difficulty(reader, choice, task.task)
    left, right = st.columns([3, 2])
    with left:
        criteria_figures.difficulty(hard)
    with right:
        criteria_figures.together(criteria.together(reader, choice, task.task))
    criteria_figures.texts(hard)
