"""One hunt with all its data from the log: `hunt?hunt=r_….1`, linked from Find and Sessions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pandas as pd
import streamlit as st

from core.telemetry.find_records import find_records
from core.telemetry.reader import TelemetryReader
from dashboard_app.components import columns, page
from dashboard_app.components.figures import Number, draw_numbers
from dashboard_app.components.tables import downloads
from dashboard_app.format import cause_label, latency, plain, usd
from dashboard_app.palette import SIGNS
from dashboard_app.queries import criterion_texts

REPLY_PX, REPLY_LONG_CHARS = 420, 1_200
"""A longer reply scrolls in its own box, so that the verdicts stay visible."""


@dataclass(frozen=True)
class HuntFound:
    """All data of one hunt, without sealed verdicts."""

    data: dict[str, Any]
    hidden: bool
    """The session is blind and the hunt has no review in the log: of the judge's data, only the outcome is included."""
    criteria: pd.DataFrame
    """criterion, text, judge, others ("PASS by a judge"), human; empty when hidden."""


def show() -> None:
    page.show_log("Hunt", "One call to a target and the judging of its reply.", _show)


def _show(reader: TelemetryReader) -> None:
    hunt_id = st.query_params.get("hunt", "")
    hunt = find_hunt(reader, hunt_id) if hunt_id else None
    if hunt is None:
        _draw_no_such_hunt(hunt_id)
    else:
        _draw_hunt(hunt)


MAX_RECORDS = 100
"""Records of one hunt: it has one for each judging and each round of second opinions, and one for each review."""
SEALED = (
    "judge_cost_usd", "duration_ms", "cache_input_tokens", "cached_tokens", "cache_saved_usd", "confidence",
    "confident_verdicts", "votes", "opinion_steps", "verdict_usd", "verdict_ms",
)  # fmt: skip
"""They correlate with the judge's verdicts: with the length of its answers and the number of its calls. Of second
opinions only the confirmation is shown."""


def find_hunt(reader: TelemetryReader, hunt_id: str) -> HuntFound | None:
    """The hunt's record in the log; None if there is none."""
    files = reader.files_with("hunt_id = $hunt", {"hunt": hunt_id})
    lines = find_records(files, hunt_id, field="hunt_id", maximum=MAX_RECORDS, types=("hunt", "review"))
    data = next((line.data | {"ts": line.at} for line in reversed(lines) if line.type == "hunt"), None)
    if data is None:
        return None
    reviews = (line.data for line in reversed(lines) if line.type == "review")
    human = next((one.get("human") or {} for one in reviews if one.get("session") == data.get("session")), None)
    judge = data.pop("verdicts", {}) or {}
    passed = data.pop("passed", None)
    hidden = bool(data.get("blind")) and human is None
    if hidden:
        for name in SEALED:
            data.pop(name, None)
    else:
        data["passed"] = passed
    texts = criterion_texts(reader, str(data.get("task") or ""))
    votes = data.get("votes") or {}
    return HuntFound(data, hidden, _criteria({} if hidden else judge, votes, human or {}, texts))


def _criteria(
    judge: dict[str, str], votes: dict[str, dict[str, str]], human: dict[str, str], texts: dict[str, str]
) -> pd.DataFrame:
    ids: Sequence[str] = list(dict.fromkeys([*judge, *human]))
    others = {i: ", ".join(f"{vote[i]} by {name}" for name, vote in votes.items() if i in vote) for i in ids}
    rows = [(i, texts.get(i, ""), judge.get(i, ""), others[i], human.get(i, "")) for i in ids]
    return pd.DataFrame(rows, columns=["criterion", "text", "judge", "others", "human"])


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
    _draw_reply(data)
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
    outcome, confirmation = str(data.get("outcome") or ""), str(data.get("confirmation") or "")
    draw_numbers(
        (
            Number("Outcome", SIGNS.get(outcome, outcome), confirmation),
            Number("Latency", latency(data.get("latency_ms"))),
            Number("Cost of the reply", usd(data.get("cost_usd"))),
            Number("Cost of judging", usd(data.get("judge_cost_usd"))),
        )
    )
    name = plain(str(data.get("label") or data.get("model")))
    st.markdown(
        f"**{name}** on **{plain(str(data.get('notebook')))}**, hunt {data.get('number')} "
        f"of session {plain(str(data.get('session')))}, {data['ts']:%-d %b %Y, %H:%M:%S} UTC, "
        f"judged by {plain(str(data.get('judge_model')))}"
    )
    if data.get("parameters") or data.get("upstream"):
        st.caption(_call_words(data))


def _call_words(data: dict[str, Any]) -> str:
    """How the model was called, and which upstream answered."""
    parts = (
        ("Model", data.get("model") if data.get("label") else ""),
        ("parameters", data.get("parameters")),
        ("upstream", data.get("upstream")),
        ("fingerprint", data.get("system_fingerprint")),
    )
    return " · ".join(f"{name}: {plain(str(value))}" for name, value in parts if value)


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
            hunt.criteria if any(hunt.criteria["others"]) else hunt.criteria.drop(columns="others"),
            hide_index=True,
            column_config={
                "criterion": columns.text("Criterion", width=70),
                "judge": columns.text("Judge", width=60),
                "human": columns.text("Person", width=60),
                "others": columns.text("Other judges"),
                "text": columns.text("Text"),
            },
            column_order=("criterion", "judge", "human", "others", "text"),
        )


def _flat(data: dict[str, Any]) -> dict[str, Any]:
    return {name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in data.items()}
