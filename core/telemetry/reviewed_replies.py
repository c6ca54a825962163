"""Finds what a judge needs to judge reviewed replies again: the reviews in the tables, the replies and tasks in the log
files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:  # servers import DuckDB only in the process that reads the log
    from core.telemetry.reader import TelemetryReader

MAX_REPLIES = 10_000
"""The newest ones: with their texts some 100 MB."""


class ReviewedReply(NamedTuple):
    session: str
    run_id: str
    hunt_id: str
    notebook: str
    task: str
    model: str
    label: str
    simulated: bool
    blind: bool
    judge_model: str
    """The judge of the reviewed verdicts."""
    judge_parameters: str
    criteria: tuple[str, ...]
    """Those that people reviewed."""
    reply: str
    reply_mark: str
    content: str
    """As in TaskRecord."""


class ReviewedReplies(NamedTuple):
    replies: tuple[ReviewedReply, ...]
    """Newest review first."""
    without_task: int
    """Their tasks are not in the log: reviewed in an earlier release, or too long."""
    without_reply: int
    """Their replies are not in the log, or not whole."""


_REVIEWS = f"""SELECT session, run_id, hunt_id, notebook, task, model, coalesce(label, ''), simulated,
        coalesce(blind, false), judge_model, coalesce(judge_parameters, ''), list_sort(map_keys(human))
    FROM (SELECT DISTINCT ON (session, hunt_id) * FROM reviews WHERE ts >= $since ORDER BY ts)
    ORDER BY ts DESC, hunt_id LIMIT {MAX_REPLIES}"""  # noqa: S608
_LINES = "read_ndjson($paths, ignore_errors = true, columns = {type: 'VARCHAR', data: 'STRUCT("
_REPLIES = f"""SELECT data.session, data.hunt_id, data.reply, data.reply_mark
    FROM {_LINES}session VARCHAR, hunt_id VARCHAR, reply VARCHAR, reply_chars BIGINT, reply_mark VARCHAR)'}})
    WHERE type = 'hunt' AND list_contains($wanted, data.hunt_id) AND length(data.reply) = data.reply_chars
        AND data.reply <> ''"""  # noqa: S608
_TASKS = f"""SELECT data.session, data.task, data.content
    FROM {_LINES}session VARCHAR, task VARCHAR, content VARCHAR)'}})
    WHERE type = 'task' AND list_contains($wanted, data.task)"""  # noqa: S608
_JUDGED = """SELECT session, hunt_id, criterion FROM later_verdicts
    WHERE source = 'drift' AND ts >= $since AND judge_model = $model AND judge_parameters = $parameters
        AND error IS NULL"""


def reviewed_replies(reader: TelemetryReader, since: datetime) -> ReviewedReplies:
    """The replies that were reviewed since then (UTC, without a zone)."""
    reviews = reader.rows(_REVIEWS, {"since": since})
    hunts, tasks = sorted({row[2] for row in reviews}), sorted({row[4] for row in reviews})
    replies = {row[:2]: row[2:] for row in _found(reader, _REPLIES, hunts)}
    contents = {row[:2]: row[2] for row in _found(reader, _TASKS, tasks)}
    with_task = [row for row in reviews if (row[0], row[4]) in contents]
    whole = [row for row in with_task if (row[0], row[2]) in replies]
    return ReviewedReplies(
        replies=tuple(
            ReviewedReply._make((*row[:-1], tuple(row[-1]), *replies[row[0], row[2]], contents[row[0], row[4]]))
            for row in whole
        ),
        without_task=len(reviews) - len(with_task),
        without_reply=len(with_task) - len(whole),
    )


def judged_again(
    reader: TelemetryReader, since: datetime, model: str, parameters: str
) -> frozenset[tuple[str, str, str]]:
    """(session, hunt_id, criterion) that the judge judged again for drift since then."""
    given: Mapping[str, Any] = {"since": since, "model": model, "parameters": parameters}
    return frozenset((row[0], row[1], row[2]) for row in reader.rows(_JUDGED, given))


def _found(reader: TelemetryReader, sql: str, wanted: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Files that cannot be read are skipped, as everywhere."""
    import duckdb

    for path in reader.files_since(None) if wanted else ():
        try:
            yield from reader.rows(sql, {"paths": [str(path)], "wanted": list(wanted)})
        except duckdb.IOException:
            continue
