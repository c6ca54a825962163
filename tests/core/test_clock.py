"""Wall clocks that jump or differ change no duration, no order and nothing that is kept."""

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from core.clock import RedisTime, SteadyClock, not_before
from core.domain.run import Counts, RunStatus
from core.hunting.run_plan import eta_s
from core.telemetry.file_names import outdated
from tests.builders import NOW, HandClock, a_run

MONTH = timedelta(days=30)


class JumpingClock(HandClock):
    """A clock whose wall time somebody sets."""

    def __init__(self, ahead: timedelta = timedelta()) -> None:
        super().__init__()
        self.ahead = ahead

    def now(self) -> datetime:
        return super().now() + self.ahead


@pytest.mark.parametrize("jump", [MONTH, -MONTH, timedelta(hours=12), -timedelta(seconds=1)])
def test_a_clock_that_is_set_while_a_process_lives_changes_nothing(jump):
    wall = JumpingClock()
    clock = SteadyClock(wall)
    began = clock.now()
    wall.seconds, wall.ahead = 10.0, jump
    assert (clock.now() - began, clock.monotonic()) == (timedelta(seconds=10), 10.0)


@pytest.mark.parametrize("ahead", [MONTH, -MONTH, timedelta()])
def test_processes_whose_clocks_differ_show_the_servers_time(ahead):
    clock = SteadyClock(JumpingClock(ahead))
    clock.now()
    clock.follow(NOW.timestamp(), 0.002)
    assert abs((clock.now() - NOW).total_seconds()) < 0.01


def test_small_corrections_never_run_backwards_and_slow_answers_say_nothing():
    wall = HandClock()
    clock = SteadyClock(wall)
    before = clock.now()
    clock.follow(NOW.timestamp() - 0.5, 0.0)
    assert clock.now() == before
    clock.follow(NOW.timestamp() + 500, 0.4)
    assert clock.now() == before
    wall.seconds = 2
    assert clock.now() == before + timedelta(seconds=1.5)


def test_what_redis_shows_is_estimated_by_the_quickest_answer_and_follows_a_change():
    now = [1000.0]
    time = RedisTime(lambda: now[0])
    assert (time.in_ms(1), time.known) == (0, False)
    time.record((5, 20_000))
    time.record_ms(5_010)  # a slow answer
    assert time.in_ms(1) == 6_020
    now[0] += 2
    assert time.in_ms(0) == 7_020
    time.record_ms(1_000)  # somebody set the clock
    assert time.in_ms(0) == 1_000


@pytest.mark.parametrize(
    ("after_s", "eta"), [(10, 30.0), (0, None), (-3600, None), (-MONTH.total_seconds(), None)], ids=str
)
def test_the_time_left_is_never_negative(after_s, eta):
    run = a_run(hunts=4, status=RunStatus.RUNNING, started_at=NOW)
    assert eta_s(run, Counts(total=4, held=1, queued=3), NOW + timedelta(seconds=after_s)) == eta


@pytest.mark.parametrize("ahead", [timedelta(seconds=-5), -MONTH, timedelta(seconds=5)])
def test_an_end_never_lies_before_its_beginning(ahead):
    assert not_before(NOW + ahead, NOW) >= NOW
    assert not_before(NOW + ahead, None) == NOW + ahead


def log_of(folder: Path, *days: int, today: date) -> list[Path]:
    """Files of so many days ago, written on their days."""
    paths = []
    for ago in days:
        path = folder / f"telemetry-{today - timedelta(days=ago)}-api.jsonl"
        path.write_text("{}\n")
        at = datetime.combine(today - timedelta(days=ago), datetime.min.time(), UTC).timestamp() + 3600
        os.utime(path, (at, at))
        paths.append(path)
    return paths


TODAY = date(2026, 11, 24)


@pytest.mark.parametrize("ahead", [31, 365, 4000])
def test_a_clock_that_is_ahead_deletes_no_telemetry(tmp_path, ahead):
    paths = log_of(tmp_path, 0, 1, 7, 29, today=TODAY)
    assert outdated(paths, TODAY + timedelta(days=ahead), 30) == []


def test_a_file_of_a_process_that_was_ahead_makes_the_others_no_older(tmp_path):
    paths = log_of(tmp_path, 0, 1, 29, today=TODAY)
    future = tmp_path / f"telemetry-{TODAY + MONTH}-ahead.jsonl"
    future.write_text("{}\n")
    os.utime(future, (paths[0].stat().st_mtime, paths[0].stat().st_mtime))
    assert outdated([*paths, future], TODAY + MONTH, 30) == []


def test_a_clock_that_is_behind_and_a_right_one_delete_what_they_should(tmp_path):
    paths = log_of(tmp_path, 0, 30, 31, 90, today=TODAY)
    assert outdated(paths, TODAY, 30) == paths[2:]
    assert outdated(paths, TODAY - MONTH, 30) == paths[3:]
    assert outdated([], TODAY, 30) == []
