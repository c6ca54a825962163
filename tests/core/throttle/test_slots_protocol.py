"""Slots never exceed the limit in random interleavings of processes that freeze, die and report late."""

import asyncio
from collections import Counter
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from core.throttle import limiter, shared_limiter
from core.throttle import redis as throttle
from tests.chaos.late_redis import script_with_time_handed_in
from tests.chaos.slots import SlotsMachine


def run_machine(redis_server, monkeypatch, *, examples: int, steps: int) -> Counter[str]:
    monkeypatch.setattr(throttle, "SYNC", script_with_time_handed_in(throttle.SYNC))
    time = SimpleNamespace(monotonic=lambda: 0.0)
    for module in (limiter, shared_limiter, throttle):
        monkeypatch.setattr(module, "time", time)
    loop = asyncio.new_event_loop()

    class Machine(SlotsMachine):
        happened = Counter()  # noqa: RUF012 – made for this one run

    Machine.url, Machine.loop, Machine.time = redis_server.url, loop, time
    asyncio.set_event_loop(loop)
    try:
        run_state_machine_as_test(
            Machine,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                derandomize=True,
                database=None,
                phases=(Phase.generate,),
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        asyncio.set_event_loop(None)
        loop.close()
    return Machine.happened


def test_slots_never_exceed_the_limit(redis_server, monkeypatch):
    run_machine(redis_server, monkeypatch, examples=5, steps=40)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_ten_thousand_steps_of_slots(redis_server, monkeypatch):
    happened = run_machine(redis_server, monkeypatch, examples=100, steps=100)
    assert min(happened[what] for what in ("called", "late", "freeze", "hang", "flush")) > 5, happened
