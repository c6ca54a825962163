"""Judge: agreement with people, consistency and undetermined verdicts."""

from __future__ import annotations

import streamlit as st

from core.telemetry.reader import TelemetryReader
from dashboard_app.choice import Choice
from dashboard_app.components import judge_figures, page
from dashboard_app.frames import judge

ABOUT = "Agreement with people, consistency on identical replies, and undetermined verdicts."


def show() -> None:
    page.show_history("Judge", ABOUT, _show)


def _show(reader: TelemetryReader, choice: Choice) -> None:
    pairs = judge.compared(reader, choice)
    found = judge.agreement(pairs)
    judge_figures.agreement(found)
    if found.n:
        left, right = st.columns(2)
        with left:
            judge_figures.confusion(found)
        with right:
            judge_figures.drift(judge.agreement_by(pairs, "week"))
        judge_figures.by_judge(judge.agreement_by(pairs, "judge_model"))
    left, right = st.columns(2)
    with left:
        judge_figures.undetermined(judge.undetermined(reader, choice))
    with right:
        judge_figures.flips(judge.flips(reader, choice))
