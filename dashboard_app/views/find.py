"""Find: search for hunts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import pandas as pd
import streamlit as st

from core.domain.verdict import Outcome
from core.telemetry.reader import TelemetryReader
from core.telemetry.search_replies import MAX_FOUND
from dashboard_app import data
from dashboard_app.components import columns, page
from dashboard_app.components.tables import Whole, table
from dashboard_app.filter_conditions import HUNTS, REVEALED, TARGET, Choice
from dashboard_app.format import cause_label, count, plain
from dashboard_app.palette import SIGNS
from dashboard_app.queries import in_utc, run_query

ABOUT = "Search by session, hunt, run, notebook, model, error, trainer, or text of the reply."
PAGE_HUNTS = 50
MAX_DOWNLOAD = 100_000
ALL_OUTCOMES = "All outcomes"
_SEARCHED = (
    "session",
    "hunt_id",
    "run_id",
    "notebook",
    "model",
    "label",
    "upstream",
    "error",
    "error_message",
    "excerpt",
    "trainer",
)
_WORD = " OR ".join(f"contains(lower(coalesce({column}, '')), $word)" for column in _SEARCHED)
_WORD += " OR hunt_id IN (SELECT unnest($in_replies::VARCHAR[]))"
_WHERE = f"{HUNTS} AND ($outcome IS NULL OR outcome = $outcome) AND ($word = '' OR {_WORD})"
_COLUMNS = f"""hunt_id, ts AS time, outcome, {TARGET} AS model, coalesce(upstream, '') AS upstream, notebook, number,
    session, latency_ms / 1000 AS latency_s, cost_usd AS target_usd,
    CASE WHEN {REVEALED} THEN judge_cost_usd END AS judge_usd, simulated, error, error_message, excerpt,
    coalesce(cut_off, false) AS cut_off"""


@dataclass(frozen=True)
class Search:
    choice: Choice
    word: str = ""
    """Matches session, hunt, run, notebook, model, error, trainer, or the beginning of a reply."""
    outcome: Outcome | None = None
    in_replies: tuple[str, ...] = ()
    """Hunts with the word anywhere in their reply, beyond its beginning (`find_in_replies`)."""

    @property
    def params(self) -> dict[str, Any]:
        return {
            "word": self.wanted,
            "outcome": self.outcome.value if self.outcome else None,
            "in_replies": list(self.in_replies),
        }

    @property
    def wanted(self) -> str:
        return self.word.strip().lower()


def show() -> None:
    page.show_history("Find", ABOUT, _show)


def _show(reader: TelemetryReader, choice: Choice) -> None:
    search = _choose(choice)
    search = replace(search, in_replies=data.in_replies(reader, search.wanted, choice.since))
    found = count_found(reader, search)
    if not found:
        _draw_nothing(search)
        return
    at = _choose_page(found, many=len(search.in_replies) >= MAX_FOUND)
    _draw_hunts(
        find_hunts(reader, search, page=at),
        found,
        whole=lambda: find_hunts(reader, search, page_hunts=MAX_DOWNLOAD),
    )


def count_found(reader: TelemetryReader, search: Search) -> int:
    """Number of hunts that a search finds."""
    sql = f"SELECT count(*) AS hunts FROM hunts WHERE {_WHERE}"  # noqa: S608
    return int(run_query(reader, search.choice, sql, **search.params)["hunts"].iloc[0])


def find_hunts(reader: TelemetryReader, search: Search, *, page: int = 1, page_hunts: int = PAGE_HUNTS) -> pd.DataFrame:
    """One page of results, newest first. Of the judge's data, only the outcome, since sessions may be blind."""
    sql = f"""SELECT {_COLUMNS} FROM hunts WHERE {_WHERE}
              ORDER BY ts DESC, hunt_id DESC LIMIT $page_hunts OFFSET $offset"""  # noqa: S608
    params = {**search.params, "page_hunts": page_hunts, "offset": (page - 1) * page_hunts}
    return in_utc(run_query(reader, search.choice, sql, **params), "time")


def _choose(choice: Choice) -> Search:
    with st.container(horizontal=True, vertical_alignment="top"):
        word = st.text_input(
            "Search",
            key="q",
            bind="query-params",
            placeholder="session, model, error, text of a reply …",
            max_chars=200,
            icon=":material/search:",
            width=420,
        )
        outcome = st.selectbox("Outcome", [ALL_OUTCOMES, *SIGNS], key="outcome", bind="query-params", width=200)
    known = Outcome(outcome) if outcome in set(Outcome) else None
    return Search(choice, word or "", known)


def _draw_nothing(search: Search) -> None:
    word = f" with “{plain(search.word)}”" if search.word else ""
    message = f"**No hunts{word} found.** Try another word, a longer period, or all outcomes."
    st.info(message, icon=":material/search_off:")


def _choose_page(found: int, *, many: bool) -> int:
    """The selected page of results, from 1; in the URL as `page`. `many`: not all matching replies are included."""
    pages = max(1, ceil(found / PAGE_HUNTS))
    st.caption(f"{count(found, 'hunt')} found, newest first, {PAGE_HUNTS} per page.")
    if many:
        st.caption(f"More replies contain the text; only the newest {MAX_FOUND:,} are included.")
    if pages == 1:
        return 1
    return min(pages, st.pagination(pages, key="page", bind="query-params"))


def _draw_hunts(frame: pd.DataFrame, found: int, *, whole: Whole) -> None:
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
            "upstream": columns.text("Upstream", width=120),
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
