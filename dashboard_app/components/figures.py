"""One chart with its heading, its words, and what it says when there is nothing to draw."""

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
    """Whether the viewer sees the dark theme; False while the browser has not said."""
    return st.context.theme.type == "dark"
