"""One hunt on a sheet: outcome first, then the reply, the verdicts where they may be seen, and all the rest."""

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
"""A longer reply scrolls in itself, so that the verdicts stay in sight."""


def show(hunt: HuntFound) -> None:
    data = hunt.data
    if data.get("simulated"):
        st.warning("**Simulated.** A simulated model made this reply.", icon=":material/science:")
    _numbers(data)
    if data.get("error"):
        said = plain(str(data.get("error_message") or ""))
        st.error(f"**{plain(cause_label(str(data['error'])).capitalize())}.** {said}", icon=":material/error:")
    left, right = st.columns(2)
    with left:
        _reply(data)
    with right:
        _verdicts(hunt)
    with st.expander("Everything in the log about it", icon=":material/data_object:"):
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
        st.caption("There was no reply.")
        return
    st.code(text, language=None, wrap_lines=True, height=REPLY_PX if len(text) > REPLY_LONG_CHARS else "content")
    if len(text) < whole:
        st.caption(f"The first {len(text):,} of {whole:,} characters: the log keeps no more (TELEMETRY_REPLY_CHARS).")
    elif not whole:
        st.caption("Its beginning: the log of that day keeps no more.")


def _verdicts(hunt: HuntFound) -> None:
    st.subheader("Verdicts", anchor=False)
    if hunt.hidden:
        st.info(
            "**Blind session.** The judge's verdicts are shown once the trainer has reviewed and revealed them.",
            icon=":material/visibility_off:",
        )
    elif hunt.criteria.empty:
        st.caption("It was not judged.")
    else:
        st.dataframe(
            hunt.criteria,
            hide_index=True,
            column_config={
                "criterion": columns.text("Criterion", width=70),
                "text": columns.text("Says", width=230),
                "judge": columns.text("Judge", width=70),
                "human": columns.text("Person", width=70),
            },
        )


def _flat(data: dict[str, Any]) -> dict[str, Any]:
    return {name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in data.items()}
