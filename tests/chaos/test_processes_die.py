"""Processes are killed, stopped and started while hunts run: every hunt ends once and nothing is paid twice."""

import time

import httpx
import pytest

from tests.chaos.processes import Trainer, ended, start_cluster

pytestmark = [pytest.mark.chaos, pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture
async def client():
    async with httpx.AsyncClient(trust_env=False, timeout=10) as opened:
        yield opened


@pytest.mark.long
async def test_two_processes_work_on_one_run_and_it_ends_once(client):
    with start_cluster(2, OPENROUTER_CONCURRENCY=20, OPENAI_CONCURRENCY=20) as ours:
        trainer = Trainer(client, ours.apis[0])
        await trainer.start(400)
        run = await trainer.until(ended)
        assert (run["status"], run["counts"]["done"]) == ("completed", 400)
        assert (ours.calls("target"), ours.calls("judge")) == (400, 1200)
        worked = [(await trainer.ask("GET", "admin/status", api))["hunts"]["done"] for api in ours.apis]
        assert sum(worked) == 400
        assert min(worked) > 20, worked
        most = ours.counters()["by_purpose"]
        assert (most["target"]["in_flight_most"], most["judge"]["in_flight_most"]) <= (20, 20)


async def test_another_process_continues_for_a_killed_one_within_fifteen_seconds(client):
    with start_cluster(2, OPENROUTER_CONCURRENCY=6, OPENAI_CONCURRENCY=8) as ours:
        first, second = ours.apis
        trainer = Trainer(client, second)
        await trainer.start(120, first)
        await trainer.until(lambda run: run["counts"]["done"] >= 12)
        first.kill()
        before, killed_at = (await trainer.run())["counts"]["done"], time.monotonic()
        run = await trainer.until(ended, within_s=90)
        assert (run["status"], run["counts"]["done"]) == ("completed", 120)
        assert run["counts"].get("interrupted", 0) == 0
        assert ours.calls("target") <= 120 + 6  # no more than were in flight
        assert ours.calls("judge") <= 360 + 8
        assert before < 120
        assert time.monotonic() - killed_at < 60


@pytest.mark.long
async def test_a_run_of_the_only_process_is_continued_by_the_next(client):
    with start_cluster(1, OPENROUTER_CONCURRENCY=4, OPENAI_CONCURRENCY=4) as ours:
        (api,) = ours.apis
        trainer = Trainer(client, api)
        await trainer.start(40)
        await trainer.until(lambda run: run["counts"]["done"] >= 4)
        api.kill()
        done, killed_at = ours.calls("target"), time.monotonic()
        api.start()
        await trainer.until(lambda _run: ours.calls("target") > done, within_s=20)
        assert time.monotonic() - killed_at < 15
        run = await trainer.until(ended)
        assert (run["status"], run["counts"]["done"]) == ("completed", 40)
        assert ours.calls("target") <= 40 + 4


@pytest.mark.long
async def test_a_process_that_is_asked_to_end_hands_its_work_back_at_once(client):
    with start_cluster(2, OPENROUTER_CONCURRENCY=4, OPENAI_CONCURRENCY=4) as ours:
        first, second = ours.apis
        trainer = Trainer(client, second)
        await trainer.start(60, first)
        await trainer.until(lambda run: run["counts"]["done"] >= 4)
        took_s = first.end()
        assert took_s < 8
        run = await trainer.until(ended)
        assert (run["status"], run["counts"]["done"]) == ("completed", 60)
        assert ours.calls("target") <= 60 + 4


@pytest.mark.long
async def test_cancelling_reaches_the_process_that_works_on_the_run(client):
    with start_cluster(2, OPENROUTER_CONCURRENCY=2, OPENAI_CONCURRENCY=2) as ours:
        first, second = ours.apis
        trainer = Trainer(client, second)
        await trainer.start(100, first)
        await trainer.until(lambda run: run["counts"]["done"] >= 2)
        await trainer.ask("POST", f"sessions/{trainer.sid}/runs/{trainer.rid}/cancel")
        run = await trainer.until(lambda run: run["counts"]["done"] == 100, within_s=10)
        assert run["status"] == "cancelled"
        calls = ours.calls("target")
        assert calls < 60
        assert run["counts"]["cancelled"] >= 40
