"""One hunt with all its data from the log: `hunt?hunt=h_…`, linked from Find and Sessions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pandas as pd
import streamlit as st

from core.telemetry.lines import find_records
from core.telemetry.reader import TelemetryReader
from dashboard_app.components import columns, page
from dashboard_app.components.figures import Number, draw_numbers
from dashboard_app.components.tables import downloads
from dashboard_app.palette import SIGNS
from dashboard_app.queries import criterion_texts
from dashboard_app.words import cause_label, latency, plain, usd

REPLY_PX, REPLY_LONG_CHARS = 420, 1_200
"""A longer reply scrolls in its own box, so that the verdicts stay visible."""


@dataclass(frozen=True)
class HuntFound:
    """All data of one hunt, without sealed verdicts."""

    data: dict[str, Any]
    hidden: bool
    """The session is blind and the hunt has no review in the log: of the judge's data, only the outcome is included."""
    criteria: pd.DataFrame
    """criterion, text, judge, human; empty when hidden."""


def show() -> None:
    page.show_log("Hunt", "One call to a target and the judging of its reply.", _show)


def _show(reader: TelemetryReader) -> None:
    hunt_id = st.query_params.get("hunt", "")
    hunt = find_hunt(reader, hunt_id) if hunt_id else None
    if hunt is None:
        _draw_no_such_hunt(hunt_id)
    else:
        _draw_hunt(hunt)


def find_hunt(reader: TelemetryReader, hunt_id: str) -> HuntFound | None:
    """The hunt's record in the log; None if there is none."""
    files = reader.files_with("hunt_id = $hunt", {"hunt": hunt_id})
    lines = find_records(files, hunt_id, field="hunt_id", maximum=10)
    data = next((line.data | {"ts": line.at} for line in reversed(lines) if line.type == "hunt"), None)
    if data is None:
        return None
    human = next((line.data.get("human") or {} for line in reversed(lines) if line.type == "review"), None)
    judge = data.pop("verdicts", {}) or {}
    passed = data.pop("passed", None)
    hidden = bool(data.get("blind")) and human is None
    if hidden:
        for name in ("judge_cost_usd", "duration_ms"):  # both correlate with the judge's verdicts
            data.pop(name, None)
    else:
        data["passed"] = passed
    texts = criterion_texts(reader, str(data.get("task") or ""))
    return HuntFound(data, hidden, _criteria({} if hidden else judge, human or {}, texts))


def _criteria(judge: dict[str, str], human: dict[str, str], texts: dict[str, str]) -> pd.DataFrame:
    ids: Sequence[str] = list(dict.fromkeys([*judge, *human]))
    rows = [(i, texts.get(i, ""), judge.get(i, ""), human.get(i, "")) for i in ids]
    return pd.DataFrame(rows, columns=["criterion", "text", "judge", "human"])


def _draw_no_such_hunt(hunt_id: str) -> None:
    if hunt_id:
        missing = f"**Hunt {plain(hunt_id)} not found.** The log of its day may have been deleted."
        st.info(missing, icon=":material/search_off:")
    else:
        st.info("**No hunt selected.** Open one from the Find page.", icon=":material/search:")


def _draw_hunt(hunt: HuntFound) -> None:
    data = hunt.data
    if data.get("simulated"):
        st.warning("**Simulated.** This reply is from a simulated model.", icon=":material/science:")
    _draw_key_figures(data)
    if data.get("error"):
        message = plain(str(data.get("error_message") or ""))
        st.error(f"**{plain(cause_label(str(data['error'])).capitalize())}.** {message}", icon=":material/error:")
    left, right = st.columns(2)
    with left:
        _draw_reply(data)
    with right:
        _draw_verdicts(hunt)
    with st.expander("All data in the log", icon=":material/data_object:"):
        st.json(json.dumps(data, default=str))
    downloads(f"hunt-{data.get('hunt_id')}", lambda: pd.json_normalize([_flat(data)]), "this hunt")
    st.link_button(
        "All of its session",
        f"sessions?session={quote(str(data.get('session') or ''))}&period=all",
        icon=":material/history:",
    )


def _draw_key_figures(data: dict[str, Any]) -> None:
    outcome = str(data.get("outcome") or "")
    draw_numbers(
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


def _draw_reply(data: dict[str, Any]) -> None:
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


def _draw_verdicts(hunt: HuntFound) -> None:
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
