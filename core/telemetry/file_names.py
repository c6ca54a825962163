"""Names of telemetry files: `telemetry-YYYY-MM-DD-<instance>.jsonl`, days in UTC, with `.gz` when compressed.

The day in the name is the day of the records, so a file's age is known without opening it.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

_NAME = re.compile(r"telemetry-(\d{4}-\d{2}-\d{2})-[^/]+\.jsonl(\.gz)?")
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_.-]+")
MAX_INSTANCE_CHARS = 80


def file_name(day: date, instance: str) -> str:
    """The file of one process and day. Whatever `instance` contains, the path stays inside the folder."""
    safe = _NOT_IN_A_NAME.sub("-", instance).strip("-.")[:MAX_INSTANCE_CHARS]
    return f"telemetry-{day.isoformat()}-{safe or 'unnamed'}.jsonl"


def day_of(name: str) -> date | None:
    """The day in a telemetry file's name; None for any other file, which must not be touched."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    try:
        return date.fromisoformat(found[1])
    except ValueError:
        return None


def telemetry_files(directory: Path) -> list[Path]:
    """All telemetry files, oldest first. While a day is being compressed, only its uncompressed file counts.

    Empty if the folder does not exist. Raises OSError if it cannot be listed.
    """
    try:
        paths = {path.name: path for path in directory.iterdir() if day_of(path.name) is not None}
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [path for name, path in sorted(paths.items()) if name.removesuffix(".gz") == name or name[:-3] not in paths]


def outdated(paths: list[Path], today: date, keep_days: int) -> list[Path]:
    """The files that are more than `keep_days` days older than the log's newest file.

    The newest day must agree between names, modification times and `today`, to within a day: a clock that runs ahead
    makes no file old, and the newest files always stay. Raises OSError if files cannot be inspected.
    """
    days = {path: day for path in paths if (day := day_of(path.name)) is not None}
    if not days:
        return []
    written = (datetime.fromtimestamp(path.stat().st_mtime, UTC).date() for path in days)
    newest = min(max(days.values()), max(written)) + timedelta(days=1)
    oldest = min(today, newest) - timedelta(days=keep_days)
    return [path for path, day in days.items() if day < oldest]
