"""The filters: period, models, task, domain. They are part of the URL, so that a page can be shared."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import streamlit as st

from dashboard_app.filter_conditions import Choice, Origin, Period

ALL_MODELS, ALL_TASKS, ALL_DOMAINS = "All models", "All tasks", "All domains"
LIST_PX = 144
"""Fits all filters in one row at a width of 1280 pixels."""


def choose(
    now: datetime,
    names: Callable[[str], list[str]],
    read_since: datetime | None = None,
    log_begin: datetime | None = None,
) -> Choice:
    """`names` returns the values of a column of the log. The log is complete from `read_since` on (None: all of it).
    `log_begin`: time of the log's oldest record.

    A filter value in the URL that is not in the log resets to "all", but only once the whole log has been read. The
    keys are the same on every page, so filters persist between pages.
    """
    with st.container(horizontal=True, vertical_alignment="top", gap="small"):
        period = st.segmented_control(
            "Period",
            [period.value for period in Period],
            default=Period.WEEK.value,
            required=True,
            key="period",
            bind="query-params",
            help="The last hour, day, week or 30 days, or the whole log.",
        )
        origin = st.segmented_control(
            "Models are",
            [origin.value for origin in Origin],
            default=Origin.ANY.value,
            required=True,
            key="origin",
            bind="query-params",
            help="Simulated models are built into Model Hunter and cost nothing.",
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
    requested = st.query_params.get(key)
    more = [requested] if still_reading and requested and requested not in {everything, *known} else []
    chosen = st.selectbox(label, [everything, *known, *more], key=key, bind="query-params", width=LIST_PX)
    return None if chosen == everything else chosen
