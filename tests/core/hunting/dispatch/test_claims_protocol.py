"""The protocol of claims holds in random interleavings of processes that freeze, die and send late (tests/chaos/claims.py)."""

import asyncio
from collections import Counter
from dataclasses import replace
from traceback import format_exception

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from core.redis.client import read_script
from core.sessions import redis as sessions_module
from tests.chaos.claims import ClaimsMachine, claims_module, script_with_time_handed_in


def run_machine(redis_server, monkeypatch, *, examples: int, steps: int, shrink: bool = False) -> Counter[str]:
    monkeypatch.setattr(claims_module, "CLAIMS_SCRIPT", script_with_time_handed_in(claims_module.CLAIMS_SCRIPT))
    loop = asyncio.new_event_loop()

    class Machine(ClaimsMachine):
        happened = Counter()  # noqa: RUF012 – made for this one run

    Machine.url, Machine.loop = redis_server.url, loop
    try:
        run_state_machine_as_test(
            Machine,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                derandomize=True,
                database=None,
                phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        loop.close()
    return Machine.happened


def test_no_finished_work_is_done_again_and_no_old_claim_changes_anything(redis_server, monkeypatch):
    run_machine(redis_server, monkeypatch, examples=10, steps=50)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_ten_thousand_steps(redis_server, monkeypatch):
    happened = run_machine(redis_server, monkeypatch, examples=100, steps=100, shrink=True)
    assert min(happened[what] for what in ("called", "kept", "refused")) > 5, happened


PROMISES = (
    "only grow",
    "are sure of part",
    "finished and",
    "called by",
    "ends twice",
    "an old number",
    "there is a later one",
)
"""What the machine says when one of them is broken."""
FAULTS = {
    "an old number renews a claim": ("local overtaken = fence > 0 and", "local overtaken = false and"),
    "a finished part is claimed again": ("'d:' .. part) == 1 then\n      lost", "'d:' .. part) == 2 then\n      lost"),
    "nothing settles": ("local settling = now - born", "local settling = now + 1e12 - born"),
    "numbers do not grow": ("math.max(newest + 1, now)", "1"),
    "claims are given to everybody": ("if who ~= nil and who ~= me then\n      taken", "if false then\n      taken"),
}


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_is_planted_into_the_claims_is_found(redis_server, monkeypatch, fault):
    right, wrong = FAULTS[fault]
    script = claims_module.CLAIMS_SCRIPT
    assert script.text.count(right) == 1
    monkeypatch.setattr(claims_module, "CLAIMS_SCRIPT", replace(script, text=script.text.replace(right, wrong)))
    with pytest.raises((AssertionError, BaseExceptionGroup)) as found:
        run_machine(redis_server, monkeypatch, examples=60, steps=80)
    assert any(word in "".join(format_exception(found.value)) for word in PROMISES)


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_store_that_keeps_saves_with_old_numbers_is_found(redis_server, monkeypatch):
    def read(folder, *names: str) -> str:
        return read_script(folder, *names).replace("return newest <= ours", "return true")

    monkeypatch.setattr(sessions_module, "read_script", read)
    with pytest.raises((AssertionError, BaseExceptionGroup)) as found:
        run_machine(redis_server, monkeypatch, examples=60, steps=80)
    assert any(word in "".join(format_exception(found.value)) for word in PROMISES)


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_process_that_does_not_look_at_its_claim_before_a_call_is_found(redis_server, monkeypatch):
    async def holds(_self: object, _part: int) -> bool:
        return True

    monkeypatch.setattr(claims_module.RedisClaims, "holds", holds)
    with pytest.raises((AssertionError, BaseExceptionGroup)) as found:
        run_machine(redis_server, monkeypatch, examples=60, steps=80)
    assert any(word in "".join(format_exception(found.value)) for word in PROMISES)
