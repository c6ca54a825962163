"""Criteria of one task: difficulty, and criteria that fail together."""

from __future__ import annotations

import streamlit as st

from core.telemetry.reader import TelemetryReader
from dashboard_app.choice import Choice
from dashboard_app.components import criteria_figures, notices, page
from dashboard_app.frames import criteria

ABOUT = "Within one task only: C3 of one task is unrelated to C3 of another."


def show() -> None:
    page.show_history("Criteria", ABOUT, _show)


def _show(reader: TelemetryReader, choice: Choice) -> None:
    tasks = criteria.tasks(reader, choice)
    if not tasks:
        notices.too_few_judged(criteria.MIN_HUNTS)
        return
    task = criteria_figures.choose(tasks)
    hard = criteria.difficulty(reader, choice, task.task)
    left, right = st.columns([3, 2])
    with left:
        criteria_figures.difficulty(hard)
    with right:
        criteria_figures.together(criteria.together(reader, choice, task.task))
    criteria_figures.texts(hard)
