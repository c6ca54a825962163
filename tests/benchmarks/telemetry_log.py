"""A large telemetry log, the same for the same seed: about 300 bytes a line, every id and reply of its own."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from core.telemetry.file_names import file_name
from tests.dashboard_app.records_made_up import At, line, team_at_work

PATTERN_HUNTS = 2000
"""Hunts that are made up one by one; days repeat them under other ids, with other replies."""
DAYS = 28
LAST_DAY = datetime(2026, 11, 24, tzinfo=UTC)
WORDS = 400


def write_large_log(directory: Path, events: int, *, seed: int = 7, days: int = DAYS) -> int:
    """Files of `days` days up to LAST_DAY with `events` lines together. Returns their bytes."""
    directory.mkdir(parents=True, exist_ok=True)
    pattern = sorted(team_at_work(seed=seed, hunts=PATTERN_HUNTS, days=1, now=LAST_DAY), key=lambda entry: entry[0])
    chance = random.Random(seed)
    words = ["".join(chance.choices("etaoinshrdlu", k=chance.randint(2, 9))) for _ in range(WORDS)]
    size_bytes = 0
    for number in range(days):
        day = LAST_DAY - timedelta(days=days - 1 - number)
        wanted = events * (number + 1) // days - events * number // days
        with (directory / file_name(day.date(), "bench")).open("wb") as file:
            for piece in _pieces(pattern, chance, words, day, wanted):
                size_bytes += file.write(piece)
    return size_bytes


def some_lines(events: int, *, seed: int = 8) -> bytes:
    """New lines for a growing log."""
    entries = list(team_at_work(seed=seed, hunts=events // 3, days=0.01, now=LAST_DAY))[:events]
    return b"".join(line(at, record) for at, record in entries)


def _pieces(pattern: list[At], chance: random.Random, words: list[str], day: datetime, wanted: int) -> Iterator[bytes]:
    """The pattern again and again; each time the ids get other letters, and each reply its own words."""
    lines = [orjson.loads(line(at, record)) for at, record in pattern]
    round_number = 0
    while wanted > 0:
        mark = f"{day:%d}{round_number:x}"
        yield b"".join(_renamed(one, mark, chance, words, day) for one in lines[:wanted])
        wanted -= len(lines)
        round_number += 1


def _renamed(one: dict, mark: str, chance: random.Random, words: list[str], day: datetime) -> bytes:
    data = dict(one["data"])
    for name in ("session", "run_id", "hunt_id"):
        if name in data:
            data[name] = f"{data[name]}{mark}"
    if data.get("excerpt"):
        data["excerpt"] = " ".join(chance.choices(words, k=24))[:200]
        data.pop("reply", None)
        data["reply_mark"] = f"{chance.getrandbits(48):012x}"
    data.pop("criterion_texts", None)
    ts = f"{day:%Y-%m-%d}{one['ts'][10:]}"
    return orjson.dumps({**one, "ts": ts, "data": data}, option=orjson.OPT_APPEND_NEWLINE)
