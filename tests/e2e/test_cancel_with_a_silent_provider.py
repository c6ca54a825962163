"""A provider that accepts calls and says nothing: Cancel and the end of the process do not wait for it."""

import time

import pytest

from core.domain.run import RunStatus
from core.domain.verdict import Outcome
from core.hunting.orders import OpenOrder, RunOrder
from core.notebooks.examples import read_example
from tests.core.providers.raw_provider import raw_provider, silent_after
from tests.e2e.over_http import JUDGE, TARGET, runtime_at

QUICK_S = 1.0


@pytest.mark.e2e
async def test_cancel_ends_the_run_at_once_and_the_account_shows_what_is_still_in_flight(tmp_path):
    async with raw_provider(silent_after(b"")) as provider:
        async with runtime_at(
            provider.port, tmp_path, openrouter__concurrency=4, calls__silence_timeout_s=1.5
        ) as runtime:
            session = await runtime.service.open_notebook(read_example("word-budget"), "w.ipynb", OpenOrder())
            sid = session.session_id
            run = await runtime.service.start_run(sid, RunOrder(models=(TARGET,), hunts=10, judge_model=JUDGE))
            await provider.until(lambda seen: seen.in_flight == 4)
            asked_at = time.monotonic()
            await runtime.service.cancel_run(sid, run.run_id)
            assert time.monotonic() - asked_at < QUICK_S
            hunts = await runtime.service.all_hunts(sid)
            assert {hunt.outcome for hunt in hunts} == {Outcome.CANCELLED}
            assert (await runtime.store.read(sid)).run(run.run_id).status is RunStatus.CANCELLED
            status = await runtime.status.status(draining=False)
            shown = next(row for row in status.providers if row.name == "openrouter")
            assert (provider.in_flight, shown.in_flight, shown.queued) == (4, 4, 0)
            await provider.until(lambda seen: seen.in_flight == 0)
            ending_at = time.monotonic()
        assert time.monotonic() - ending_at < QUICK_S


@pytest.mark.e2e
async def test_the_process_ends_without_waiting_for_a_silent_provider(tmp_path):
    async with raw_provider(silent_after(b"")) as provider:
        async with runtime_at(provider.port, tmp_path, server__drain_timeout_s=0.1) as runtime:
            session = await runtime.service.open_notebook(read_example("word-budget"), "w.ipynb", OpenOrder())
            await runtime.service.start_run(session.session_id, RunOrder(models=(TARGET,), hunts=10, judge_model=JUDGE))
            await provider.until(lambda seen: seen.in_flight == 6)
            ending_at = time.monotonic()
        assert time.monotonic() - ending_at < 2 * QUICK_S
