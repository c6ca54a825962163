"""What to look at: period, model, task, real or simulated. All of it stands in the page's address, to be shared."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from dashboard_app.choice import Choice, Origin, Period

ALL_MODELS, ALL_TASKS = "All models", "All tasks"


def choose(now: datetime, models: Sequence[str], notebooks: Sequence[str]) -> Choice:
    """A choice in the address that is no longer there (a model that left the log) is everything again."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        period = st.segmented_control(
            "Period",
            [period.value for period in Period],
            default=Period.WEEK.value,
            required=True,
            key="period",
            bind="query-params",
            help="Up to now: an hour, a day, a week, 30 days, or the whole log.",
        )
        origin = st.segmented_control(
            "Models are",
            [origin.value for origin in Origin],
            default=Origin.ANY.value,
            required=True,
            key="origin",
            bind="query-params",
            help="Simulated models are made up by Model Hunter and cost nothing.",
        )
        model = st.selectbox("Model", [ALL_MODELS, *models], key="model", bind="query-params", width=300)
        notebook = st.selectbox("Task", [ALL_TASKS, *notebooks], key="task", bind="query-params", width=240)
    return Choice(
        now=now,
        period=Period(period or Period.WEEK),
        model=None if model == ALL_MODELS else model,
        notebook=None if notebook == ALL_TASKS else notebook,
        origin=Origin(origin or Origin.ANY),
    )
