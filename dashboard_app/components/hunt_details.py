"""The details of one hunt: outcome, reply, verdicts unless they are sealed, and all other data."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pandas as pd
import streamlit as st

from dashboard_app.components import columns
from dashboard_app.components.numbers import Number, row
from dashboard_app.components.tables import downloads
from dashboard_app.frames.find import HuntFound
from dashboard_app.palette import SIGNS
from dashboard_app.words import cause_label, latency, plain, usd

REPLY_PX, REPLY_LONG_CHARS = 420, 1_200
"""A longer reply scrolls in its own box, so that the verdicts stay visible."""


def show(hunt: HuntFound) -> None:
    data = hunt.data
    if data.get("simulated"):
        st.warning("**Simulated.** This reply is from a simulated model.", icon=":material/science:")
    _numbers(data)
    if data.get("error"):
        message = plain(str(data.get("error_message") or ""))
        st.error(f"**{plain(cause_label(str(data['error'])).capitalize())}.** {message}", icon=":material/error:")
    left, right = st.columns(2)
    with left:
        _reply(data)
    with right:
        _verdicts(hunt)
    with st.expander("All data in the log", icon=":material/data_object:"):
        st.json(json.dumps(data, default=str))
    downloads(f"hunt-{data.get('hunt_id')}", lambda: pd.json_normalize([_flat(data)]), "this hunt")
    st.link_button(
        "All of its session",
        f"sessions?session={quote(str(data.get('session') or ''))}&period=all",
        icon=":material/history:",
    )


def _numbers(data: dict[str, Any]) -> None:
    outcome = str(data.get("outcome") or "")
    row(
        (
            Number("Outcome", SIGNS.get(outcome, outcome)),
            Number("Latency", latency(data.get("latency_ms"))),
            Number("Target", usd(data.get("cost_usd"))),
            Number("Judge", usd(data.get("judge_cost_usd"))),
        )
    )
    st.markdown(
        f"**{plain(str(data.get('model')))}** on **{plain(str(data.get('notebook')))}**, hunt {data.get('number')} "
        f"of session {plain(str(data.get('session')))}, {data['ts']:%-d %b %Y, %H:%M:%S} UTC, "
        f"judged by {plain(str(data.get('judge_model')))}"
    )


def _reply(data: dict[str, Any]) -> None:
    st.subheader("The reply", anchor=False)
    if data.get("cut_off"):
        st.warning("**Cut off.** The reply stopped at an output limit.", icon=":material/content_cut:")
    text, whole = str(data.get("reply") or data.get("excerpt") or ""), int(data.get("reply_chars") or 0)
    if not text:
        st.caption("No reply.")
        return
    st.code(text, language=None, wrap_lines=True, height=REPLY_PX if len(text) > REPLY_LONG_CHARS else "content")
    if len(text) < whole:
        st.caption(f"The first {len(text):,} of {whole:,} characters; the log stores no more (TELEMETRY_REPLY_CHARS).")
    elif not whole:
        st.caption("Only the beginning; the log of that day stores no more.")


def _verdicts(hunt: HuntFound) -> None:
    st.subheader("Verdicts", anchor=False)
    if hunt.hidden:
        st.info(
            "**Blind session.** The judge's verdicts are shown once the trainer has reviewed and revealed them.",
            icon=":material/visibility_off:",
        )
    elif hunt.criteria.empty:
        st.caption("Not judged.")
    else:
        st.dataframe(
            hunt.criteria,
            hide_index=True,
            column_config={
                "criterion": columns.text("Criterion", width=70),
                "text": columns.text("Text", width=230),
                "judge": columns.text("Judge", width=70),
                "human": columns.text("Person", width=70),
            },
        )


def _flat(data: dict[str, Any]) -> dict[str, Any]:
    return {name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in data.items()}
