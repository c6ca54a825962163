"""What to look at: period, models, task, domain. All of it stands in the page's address, to be shared."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import streamlit as st

from dashboard_app.choice import Choice, Origin, Period

ALL_MODELS, ALL_TASKS, ALL_DOMAINS = "All models", "All tasks", "All domains"
LIST_PX = 144
"""So that all filters stand in one row in a window of 1280 pixels."""


def choose(
    now: datetime,
    names: Callable[[str], list[str]],
    read_since: datetime | None = None,
    log_begin: datetime | None = None,
) -> Choice:
    """`names` tells what a column of the log holds; `read_since` from when on it is there as a whole, None: all is;
    `log_begin` the log's oldest record.

    A choice in the address that is no longer there (a model that left the log) is everything again, but not before the
    whole log has been read. The keys are the same on every page: what is chosen stays chosen from page to page.
    """
    with st.container(horizontal=True, vertical_alignment="top", gap="small"):
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
        still_reading = read_since is not None
        model = _one_of("Model", ALL_MODELS, "model", names("model"), still_reading)
        notebook = _one_of("Task", ALL_TASKS, "task", names("notebook"), still_reading)
        domains = names("domain")
        domain = _one_of("Domain", ALL_DOMAINS, "domain", domains, still_reading) if domains else None
    return Choice(
        now=now,
        period=Period(period or Period.WEEK),
        model=model,
        notebook=notebook,
        domain=domain,
        origin=Origin(origin or Origin.ANY),
        read_since=read_since,
        log_begin=log_begin,
    )


def _one_of(label: str, everything: str, key: str, known: list[str], still_reading: bool) -> str | None:
    asked = st.query_params.get(key)
    more = [asked] if still_reading and asked and asked not in {everything, *known} else []
    chosen = st.selectbox(label, [everything, *known, *more], key=key, bind="query-params", width=LIST_PX)
    return None if chosen == everything else chosen
