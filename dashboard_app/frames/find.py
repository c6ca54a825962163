"""Search for hunts, and all data of one hunt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from core.domain.verdict import Outcome
from core.telemetry.lines import find_records
from core.telemetry.reader import TelemetryReader
from core.telemetry.replies import find_hunts_by_reply
from dashboard_app.choice import HUNTS, Choice
from dashboard_app.frames.criteria import criterion_texts
from dashboard_app.frames.queries import in_utc, run_query

PAGE_HUNTS = 50
MAX_DOWNLOAD = 100_000
_SEARCHED = ("session", "hunt_id", "run_id", "notebook", "model", "error", "error_message", "excerpt", "trainer")
_WORD = " OR ".join(f"contains(lower({column}), $word)" for column in _SEARCHED)
_WORD += " OR hunt_id IN (SELECT unnest($in_replies::VARCHAR[]))"
_WHERE = f"{HUNTS} AND ($outcome IS NULL OR outcome = $outcome) AND ($word = '' OR {_WORD})"
COLUMNS = """hunt_id, ts AS time, outcome, model, notebook, number, session, latency_ms / 1000 AS latency_s,
    cost_usd AS target_usd, CASE WHEN coalesce(blind, false) AND hunt_id NOT IN (SELECT hunt_id FROM reviews)
    THEN NULL ELSE judge_cost_usd END AS judge_usd, simulated, error, error_message, excerpt,
    coalesce(cut_off, false) AS cut_off"""


@dataclass(frozen=True)
class Search:
    choice: Choice
    word: str = ""
    """Matches session, hunt, run, notebook, model, error, trainer, or the beginning of a reply."""
    outcome: Outcome | None = None
    in_replies: tuple[str, ...] = ()
    """Hunts with the word anywhere in their reply, beyond its beginning (`in_replies` below)."""

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


@dataclass(frozen=True)
class HuntFound:
    """All data of one hunt, without sealed verdicts."""

    data: dict[str, Any]
    hidden: bool
    """The session is blind and the hunt has no review in the log: of the judge's data, only the outcome is included."""
    criteria: pd.DataFrame
    """criterion, text, judge, human; empty when hidden."""


def in_replies(reader: TelemetryReader, word: str, since: date | None) -> tuple[str, ...]:
    """Hunts since that day with `word` in their reply; none if `word` is the ID of a hunt, run or session."""
    ids = "SELECT 1 FROM hunts WHERE $word IN (hunt_id, run_id, session) LIMIT 1"
    if not word or len(reader.query(ids, {"word": word})):
        return ()
    return tuple(find_hunts_by_reply(reader, word, since))


def found(reader: TelemetryReader, search: Search) -> int:
    """Number of hunts that a search finds."""
    sql = f"SELECT count(*) AS hunts FROM hunts WHERE {_WHERE}"  # noqa: S608
    return int(run_query(reader, search.choice, sql, **search.params)["hunts"].iloc[0])


def hunts(reader: TelemetryReader, search: Search, *, page: int = 1, page_hunts: int = PAGE_HUNTS) -> pd.DataFrame:
    """One page of results, newest first. Of the judge's data, only the outcome, since sessions may be blind."""
    sql = f"""SELECT {COLUMNS} FROM hunts WHERE {_WHERE}
              ORDER BY ts DESC, hunt_id DESC LIMIT $page_hunts OFFSET $offset"""  # noqa: S608
    params = {**search.params, "page_hunts": page_hunts, "offset": (page - 1) * page_hunts}
    return in_utc(run_query(reader, search.choice, sql, **params), "time")


def hunt(reader: TelemetryReader, hunt_id: str) -> HuntFound | None:
    """The hunt's record in the log; None if there is none."""
    files = reader.files_with("hunt_id = $hunt", {"hunt": hunt_id})
    lines = find_records(files, hunt_id, field="hunt_id", most=10)
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
