"""Searches full replies, which are in the log but not in the tables: they are most of its bytes, and only searches
need them.

DuckDB scans the files of the period itself, compressed ones too, on all cores.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb

from core.telemetry.reader import TelemetryReader

MAX_FOUND = 100_000
"""Maximum hunts; if more replies match, the newest are returned."""
_SQL = f"""SELECT data.hunt_id AS hunt_id FROM read_ndjson($paths, ignore_errors = true, columns =
    {{ts: 'TIMESTAMP', type: 'VARCHAR', data: 'STRUCT(hunt_id VARCHAR, reply VARCHAR)'}})
    WHERE type = 'hunt' AND contains(lower(data.reply), $word) ORDER BY ts DESC LIMIT {MAX_FOUND}"""  # noqa: S608


def find_hunts_by_reply(reader: TelemetryReader, word: str, since: date | None) -> list[str]:
    """Ids of hunts since the day `since` (None: all) whose reply contains `word`, ignoring case.

    Files that cannot be read or decompressed are skipped; the reader reports them.
    """
    paths = reader.files_since(since)
    try:
        return _found(reader, paths, word)
    except duckdb.IOException:  # one of them was removed or is damaged: read them one at a time
        return [hunt_id for path in reversed(paths) for hunt_id in _found_if_readable(reader, path, word)][:MAX_FOUND]


def _found(reader: TelemetryReader, paths: Sequence[Path], word: str) -> list[str]:
    if not paths or not word:
        return []
    params = {"paths": [str(path) for path in paths], "word": word.lower()}
    return [str(hunt_id) for hunt_id in reader.query(_SQL, params)["hunt_id"]]


def _found_if_readable(reader: TelemetryReader, path: Path, word: str) -> list[str]:
    try:
        return _found(reader, [path], word)
    except duckdb.IOException:
        return []
