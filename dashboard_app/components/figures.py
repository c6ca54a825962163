"""Headed charts with a text alternative, and rows of key figures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import streamlit as st

from dashboard_app.components.charts import Drawing


@dataclass(frozen=True)
class Number:
    label: str
    value: str
    note: str = ""
    about: str = ""


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


def draw_numbers(numbers: Iterable[Number]) -> None:
    with st.container(horizontal=True, gap="small"):
        for number in numbers:
            st.metric(
                number.label,
                number.value,
                number.note or None,
                delta_color="off",
                delta_arrow="off",
                help=number.about or None,
                border=True,
                width="stretch",
                height="stretch",
            )
