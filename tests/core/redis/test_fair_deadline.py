"""A deadline counts the time in which the event loop ran, whatever the clock says."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.redis.fair_deadline import PASSES, TICKS, FairDeadline


class Timer:
    def __init__(self, due_at: float, run: Callable[[], None]) -> None:
        self.due_at, self.run, self.cancelled = due_at, run, False

    def cancel(self) -> None:
        self.cancelled = True


class Loop:
    """An event loop whose passes take as long as a test says."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[Timer] = []

    def time(self) -> float:
        return self.now

    def call_later(self, delay_s: float, run: Callable[[], None]) -> Timer:
        self.timers.append(Timer(self.now + delay_s, run))
        return self.timers[-1]

    def call_soon(self, run: Callable[[], None]) -> Timer:
        return self.call_later(0.0, run)

    def run_pass(self, seconds: float) -> None:
        self.now += seconds
        due = [timer for timer in self.timers if timer.due_at <= self.now and not timer.cancelled]
        self.timers = [timer for timer in self.timers if timer not in due and not timer.cancelled]
        for timer in due:
            timer.run()


class Limit:
    expired_at: float | None = None

    def reschedule(self, when: float) -> None:
        self.expired_at = when


@pytest.fixture
def loop():
    return Loop()


@pytest.fixture
def limit(loop):
    return Limit()


def passes_until_expired(loop: Loop, limit: Limit, seconds: float) -> int:
    for number in range(1, 1000):
        loop.run_pass(seconds)
        if limit.expired_at is not None:
            return number
    raise AssertionError("never expired")


def test_on_time_it_expires_at_the_deadline(loop, limit):
    FairDeadline(limit, 0.8, loop)
    passes_until_expired(loop, limit, 0.001)
    assert limit.expired_at == pytest.approx(0.8, abs=(TICKS + PASSES) * 0.001)


@pytest.mark.parametrize("late_s", [0.06, 0.3, 5.0])
def test_a_loop_that_is_always_late_gets_the_same_number_of_passes(loop, limit, late_s):
    FairDeadline(limit, 0.8, loop)
    assert passes_until_expired(loop, limit, late_s) == TICKS + PASSES


def test_a_long_stop_counts_as_one_tick(loop, limit):
    FairDeadline(limit, 0.8, loop)
    loop.run_pass(60.0)
    assert limit.expired_at is None
    passes_until_expired(loop, limit, 0.001)
    assert limit.expired_at == pytest.approx(60.0 + 0.8 * (TICKS - 1) / TICKS, abs=(TICKS + PASSES) * 0.001)


def test_an_ended_deadline_never_expires(loop, limit):
    deadline = FairDeadline(limit, 0.8, loop)
    loop.run_pass(0.1)
    deadline.end()
    loop.run_pass(60.0)
    assert limit.expired_at is None
    assert loop.timers == []
