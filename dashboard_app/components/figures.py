"""A chart with heading, note and text alternative, or a sentence if there is no data."""

from __future__ import annotations

import streamlit as st

from dashboard_app.charts.parts import Drawing


def figure(heading: str, chart: Drawing, alternative: str, note: str = "") -> None:
    st.subheader(heading, anchor=False)
    if note:
        st.caption(note)
    st.altair_chart(chart, alt=alternative)


def nothing(heading: str, sentence: str) -> None:
    st.subheader(heading, anchor=False)
    st.caption(sentence)


def is_dark() -> bool:
    """Whether the viewer uses the dark theme; False until the browser reports it."""
    return st.context.theme.type == "dark"
