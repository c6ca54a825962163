"""Counts verdicts per judge from the log: against people's, against other judges', and of the same judge asked again.

A judge is a model with its prompt (a hash) and its parameters. Verdicts of blind sessions count once they are revealed.
Everything is counted in DuckDB, so a large log costs a few scans and no memory here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:  # servers import DuckDB only in the process that reads the log
    from core.telemetry.reader import TelemetryReader

MAX_PAIRS = 2_000
"""Pairs of judges with the most common verdicts; more only arise from thousands of judge prompts."""
EVERYTHING = "TRUE"


class JudgeKey(NamedTuple):
    model: str
    prompt: str
    """The hash of its prompt; "" in logs of older versions: unknown."""
    parameters: str
    """As JSON; "" without."""


class AgainstPeople(NamedTuple):
    """A judge's first verdicts on criteria that people reviewed. Second opinions are apart: they are asked about the
    verdicts that matter, not about all."""

    both_fail: int = 0
    only_people_fail: int = 0
    only_judge_fails: int = 0
    both_pass: int = 0
    unusable: int = 0
    """In no other count."""
    blind: int = 0
    """How many of the first four were reviewed blind."""
    replies: int = 0
    opinions: int = 0
    """Second opinions on reviewed criteria."""
    opinions_agreed: int = 0


class VerdictUsage(NamedTuple):
    """All verdicts that may be shown, reviewed or not."""

    verdicts: int = 0
    unusable: int = 0
    usd: float | None = None
    """Mean of the verdicts whose cost is known."""
    ms: float | None = None
    """Median."""


class AskedAgain(NamedTuple):
    """Criteria of the same reply that the judge judged more than once."""

    repeated: int = 0
    flipped: int = 0
    """It gave both PASS and FAIL."""


class Drift(NamedTuple):
    """Reviewed criteria that the judge judged again later (`judges rejudge`): right means as people said."""

    both_right: int
    only_first_right: int
    only_now_right: int
    both_wrong: int
    at: datetime
    """The latest of these judgings."""


class SharedErrors(NamedTuple):
    """Two judges' first verdicts on the same reviewed criteria; wrong means other than people said."""

    first: JudgeKey
    second: JudgeKey
    verdicts: int
    first_wrong: int
    second_wrong: int
    both_wrong: int


class JudgeCounts(NamedTuple):
    people: Mapping[JudgeKey, AgainstPeople]
    usage: Mapping[JudgeKey, VerdictUsage]
    again: Mapping[JudgeKey, AskedAgain]
    drift: Mapping[JudgeKey, Drift]
    pairs: tuple[SharedErrors, ...]


_KEY = "by_model, by_prompt, by_parameters"
_OWN = """judge_model AS by_model, coalesce(judge_prompt, '') AS by_prompt,
    coalesce(judge_parameters, '') AS by_parameters"""
_ITEM = "session, hunt_id, criterion"
_GIVEN = "IN ('PASS', 'FAIL')"
_SHOWN = "(NOT coalesce(blind, false) OR (session, hunt_id) IN (SELECT (session, hunt_id) FROM reviews))"


def count_verdicts(
    reader: TelemetryReader, condition: str = EVERYTHING, params: Mapping[str, Any] | None = None
) -> JudgeCounts:
    """Count what the log has. `condition`: on columns that reviews, hunts and later verdicts have."""

    def rows(sql: str) -> list[tuple[Any, ...]]:
        return reader.rows(sql, params or {})

    items = _items(condition)
    people = rows(f"""{items} SELECT {_KEY}, {_cells("whole", "FAIL", "FAIL")}, {_cells("whole", "FAIL", "PASS")},
        {_cells("whole", "PASS", "FAIL")}, {_cells("whole", "PASS", "PASS")},
        count(*) FILTER (whole NOT {_GIVEN}), count(*) FILTER (blind AND whole {_GIVEN}),
        count(DISTINCT (session, hunt_id)) FILTER (whole IS NOT NULL),
        count(*) FILTER (whole IS NULL AND opinion {_GIVEN}), count(*) FILTER (whole IS NULL AND opinion = human)
        FROM firsts GROUP BY ALL""")  # noqa: S608
    drift = rows(f"""{items}, moved AS (SELECT {_KEY}, human, arg_min(verdict, ts) AS earlier,
            arg_max(verdict, ts) FILTER (source = 'drift') AS later, max(ts) FILTER (source = 'drift') AS judged_at
            FROM given JOIN truth USING ({_ITEM}) GROUP BY {_KEY}, {_ITEM}, human
            HAVING min(ts) < max(ts) FILTER (source = 'drift'))
        SELECT {_KEY}, count(*) FILTER (earlier = human AND later = human),
            count(*) FILTER (earlier = human AND later <> human), count(*) FILTER (earlier <> human AND later = human),
            count(*) FILTER (earlier <> human AND later <> human), max(judged_at)
        FROM moved WHERE earlier {_GIVEN} AND later {_GIVEN} GROUP BY ALL""")  # noqa: S608
    pairs = rows(f"""{items}, known AS (SELECT {_KEY}, {_ITEM}, coalesce(whole, opinion) <> human AS wrong FROM firsts
            WHERE coalesce(whole, opinion) {_GIVEN})
        SELECT a.by_model, a.by_prompt, a.by_parameters, b.by_model, b.by_prompt, b.by_parameters, count(*),
            count(*) FILTER (a.wrong), count(*) FILTER (b.wrong), count(*) FILTER (a.wrong AND b.wrong)
        FROM known a JOIN known b USING ({_ITEM})
        WHERE (a.by_model, a.by_prompt, a.by_parameters) < (b.by_model, b.by_prompt, b.by_parameters)
        GROUP BY ALL ORDER BY count(*) DESC, 1, 2, 3, 4, 5, 6 LIMIT {MAX_PAIRS}""")  # noqa: S608
    return JudgeCounts(
        people={JudgeKey(*row[:3]): AgainstPeople(*row[3:]) for row in people},
        usage={JudgeKey(*row[:3]): VerdictUsage(*row[3:]) for row in rows(_usage(condition))},
        again={JudgeKey(*row[:3]): AskedAgain(*row[3:]) for row in rows(_again(condition))},
        drift={JudgeKey(*row[:3]): Drift(*row[3:])._replace(at=row[-1].replace(tzinfo=UTC)) for row in drift},
        pairs=tuple(SharedErrors(JudgeKey(*row[:3]), JudgeKey(*row[3:6]), *row[6:]) for row in pairs),
    )


def _cells(verdict: str, human: str, judge: str) -> str:
    return f"count(*) FILTER (human = '{human}' AND {verdict} = '{judge}')"


def _items(condition: str) -> str:
    """SQL: `truth`, people's verdicts; `given`, every judge's verdicts on the same criteria; `firsts`, each judge's
    first one (`whole`), or its first second opinion (`opinion`). At the same time, a hunt's own verdict is first."""
    return f"""WITH reviewed AS (
            SELECT DISTINCT ON (session, hunt_id) * FROM reviews WHERE {condition} ORDER BY ts DESC),
        truth AS (SELECT session, hunt_id, coalesce(blind, false) AS blind, entry.key AS criterion,
            entry.value AS human
            FROM (SELECT *, unnest(map_entries(human)) AS entry FROM reviewed) WHERE entry.value {_GIVEN}),
        hunted AS (SELECT h.session, h.hunt_id, h.ts, h.judge_model, h.judge_parameters, h.verdicts,
            CASE WHEN h.judge_model = r.judge_model THEN coalesce(nullif(h.judge_prompt, ''), r.judge_prompt)
                ELSE h.judge_prompt END AS judge_prompt
            FROM hunts h JOIN reviewed r USING (session, hunt_id)),
        given AS (
            SELECT session, hunt_id, entry.key AS criterion, coalesce(other, judge_model) AS by_model,
                coalesce(judge_prompt, '') AS by_prompt,
                CASE WHEN other IS NULL THEN coalesce(judge_parameters, '') ELSE '' END AS by_parameters,
                entry.value AS verdict, ts + to_microseconds(2) AS ts, 'review' AS source
            FROM (SELECT *, other_judges[entry.key] AS other
                FROM (SELECT *, unnest(map_entries(judge)) AS entry FROM reviewed))
            UNION ALL
            SELECT session, hunt_id, entry.key, {_OWN}, entry.value, ts, 'hunt'
            FROM (SELECT *, unnest(map_entries(verdicts)) AS entry FROM hunted)
            UNION ALL
            SELECT session, hunt_id, criterion, {_OWN}, verdict, ts + to_microseconds(1), source
            FROM later_verdicts SEMI JOIN reviewed USING (session, hunt_id)),
        firsts AS (SELECT {_KEY}, {_ITEM}, human, blind,
            arg_min(verdict, ts) FILTER (source <> 'opinion') AS whole,
            arg_min(verdict, ts) FILTER (source = 'opinion') AS opinion
            FROM given JOIN truth USING ({_ITEM}) GROUP BY ALL)"""  # noqa: S608


def _usage(condition: str) -> str:
    text = "verdicts_json::VARCHAR"
    return f"""SELECT {_KEY}, sum(given)::BIGINT, sum(unusable)::BIGINT,
            sum(usd * given) FILTER (usd IS NOT NULL) / sum(given) FILTER (usd IS NOT NULL), median(ms)
        FROM (SELECT {_OWN}, {_occurrences(text, '":')} - {_occurrences(text, '"MISSING"')} AS given,
                {_occurrences(text, '"UNDETERMINED"')} AS unusable, verdict_usd AS usd, verdict_ms AS ms
            FROM hunts WHERE {condition} AND {_SHOWN} AND {text} <> '{{}}'
            UNION ALL
            SELECT {_OWN}, 1, (verdict = 'UNDETERMINED')::BIGINT, verdict_usd, verdict_ms
            FROM later_verdicts WHERE {condition} AND {_SHOWN} AND verdict <> 'MISSING')
        WHERE given > 0 GROUP BY ALL"""  # noqa: S608


def _again(condition: str) -> str:
    """Identical replies to the same task, of any hunt: verdicts of two hunts, and later ones."""
    task = "coalesce(nullif(task, ''), notebook) AS task"
    return f"""WITH marks AS MATERIALIZED (
            SELECT reply_mark FROM hunts WHERE {condition} AND reply_mark <> '' GROUP BY 1 HAVING count(*) > 1
            UNION SELECT reply_mark FROM later_verdicts WHERE {condition} AND reply_mark <> ''),
        judged AS (
            SELECT {_KEY}, task, reply_mark, entry.key AS criterion, entry.value AS verdict
            FROM (SELECT {_OWN}, {task}, reply_mark, unnest(map_entries(verdicts)) AS entry
                FROM hunts SEMI JOIN marks USING (reply_mark) WHERE {condition} AND {_SHOWN})
            UNION ALL
            SELECT {_OWN}, {task}, reply_mark, criterion, verdict
            FROM later_verdicts SEMI JOIN marks USING (reply_mark) WHERE {condition} AND {_SHOWN}),
        each AS (SELECT {_KEY}, count(DISTINCT verdict) AS verdicts FROM judged WHERE verdict {_GIVEN}
            GROUP BY {_KEY}, task, reply_mark, criterion HAVING count(*) > 1)
        SELECT {_KEY}, count(*), count(*) FILTER (verdicts > 1) FROM each GROUP BY ALL"""  # noqa: S608


def _occurrences(text: str, word: str) -> str:
    return f"(length({text}) - length(replace({text}, '{word}', ''))) // {len(word)}"
