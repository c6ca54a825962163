"""The search for hunts: its form, its pages of results, and links to single hunts."""

from __future__ import annotations

from math import ceil

import pandas as pd
import streamlit as st

from core.domain.verdict import Outcome
from core.telemetry.replies import MAX_FOUND
from dashboard_app.choice import Choice
from dashboard_app.components import columns
from dashboard_app.components.tables import Whole, table
from dashboard_app.frames.find import MAX_DOWNLOAD, PAGE_HUNTS, Search
from dashboard_app.palette import SIGNS
from dashboard_app.words import cause_label, count, plain

ALL = "All outcomes"


def choose(choice: Choice) -> Search:
    with st.container(horizontal=True, vertical_alignment="top"):
        word = st.text_input(
            "Search",
            key="q",
            bind="query-params",
            placeholder="a session, a model, an error, words of a reply …",
            max_chars=200,
            icon=":material/search:",
            width=420,
        )
        outcome = st.selectbox("Outcome", [ALL, *SIGNS], key="outcome", bind="query-params", width=200)
    known = Outcome(outcome) if outcome in set(Outcome) else None
    return Search(choice, word or "", known)


def nothing(search: Search) -> None:
    word = f" with “{plain(search.word)}”" if search.word else ""
    message = f"**No hunts{word} found.** Try another word, a longer period, or all outcomes."
    st.info(message, icon=":material/search_off:")


def page(found: int, *, many: bool) -> int:
    """The selected page of results, from 1; in the URL as `page`. `many`: not all matching replies are included."""
    pages = max(1, ceil(found / PAGE_HUNTS))
    st.caption(f"{count(found, 'hunt')} found, newest first, {PAGE_HUNTS} per page.")
    if many:
        st.caption(f"More replies contain the text; only the newest {MAX_FOUND:,} are included.")
    if pages == 1:
        return 1
    return min(pages, st.pagination(pages, key="page", bind="query-params"))


def hunts(frame: pd.DataFrame, found: int, *, whole: Whole) -> None:
    shown = frame.assign(
        open=[f"hunt?hunt={hunt_id}" for hunt_id in frame["hunt_id"]],
        outcome=frame["outcome"].map(lambda outcome: SIGNS.get(outcome, outcome)),
        cause=[_cause(*row) for row in frame[["error", "error_message", "cut_off"]].itertuples(index=False)],
    )
    why = columns.text("Cause", "Why the hunt has no outcome, or that its reply was cut off.", width=230)
    table(
        "hunts",
        shown,
        {
            "open": st.column_config.LinkColumn("Hunt", display_text="open", width="small"),
            "time": columns.moment("Time"),
            "outcome": columns.text("Outcome", width=130),
            **({"cause": why} if shown["cause"].any() else {}),
            "model": columns.text("Model", width=290),
            "notebook": columns.text("Task", width="medium"),
            "excerpt": columns.text("Reply begins", width="large"),
            "latency_s": columns.seconds("Latency"),
            "target_usd": columns.usd("Target"),
            "judge_usd": columns.usd("Judge"),
            "session": columns.text("Session", width="small"),
            "number": columns.whole("No.", "Number within its session."),
            "simulated": columns.yes_no("Simulated"),
        },
        whole=whole,
        rows=PAGE_HUNTS,
    )
    if found > MAX_DOWNLOAD:
        st.caption(f"Downloads contain the newest {MAX_DOWNLOAD:,} of them.")


def _cause(error: str | None, message: str | None, cut_off: bool) -> str:
    """ "output limit: spent its whole output limit"; "cut off" for a reply that was judged anyway."""
    parts = [
        cause_label(part) if part is error else part for part in (error, message) if isinstance(part, str) and part
    ]
    return ": ".join(parts) or ("cut off at its output limit" if cut_off else "")
