"""The same Idempotency-Key at two processes at once, and again after a restart of both, makes one thing."""

import asyncio

import httpx
import pytest

from tests.chaos.processes import JUDGE, TARGET, TASK, Cluster, Trainer, ended, start_cluster, status

pytestmark = [pytest.mark.chaos, pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(120)]
AT_ONCE = 3
"""Requests at each process."""


@pytest.fixture
async def client():
    limits = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(trust_env=False, timeout=10, limits=limits) as opened:
        yield opened


async def everywhere(client, ours: Cluster, path: str, body: dict) -> list[dict]:
    """The answers to one request with one key, sent several times to every process at once."""
    headers = {"Idempotency-Key": f"the key of {path}"}
    asked = [
        client.post(f"{api.address}/api/{path}", json=body, headers=headers)
        for api in ours.apis
        for _ in range(AT_ONCE)
    ]
    answers = await asyncio.gather(*asked)
    assert [answer.text for answer in answers if not answer.is_success] == []
    return [answer.json() for answer in answers]


@pytest.mark.long
async def test_one_key_makes_one_session_run_check_trial_and_turn(client):
    with start_cluster(2, script={"target_latency_ms": 30, "judge_latency_ms": 10, "break_rate": 0.0}) as ours:
        trainer = Trainer(client, ours.apis[0])
        (trainer.sid,) = {one["session_id"] for one in await everywhere(client, ours, "sessions", {"task": TASK})}
        here = f"sessions/{trainer.sid}"
        order = {"models": [TARGET], "hunts": 4, "judge_model": JUDGE}
        (trainer.rid,) = {one["run_id"] for one in await everywhere(client, ours, f"{here}/runs", order)}
        await trainer.until(ended)
        await everywhere(client, ours, f"{here}/reference-check", {"judge_model": JUDGE})
        (trial,) = {
            one["hunt_id"]
            for one in await everywhere(client, ours, f"{here}/trials", {"model": TARGET, "judge_model": JUDGE})
        }
        async with asyncio.timeout(20):
            while ours.calls("target") < 5 or ours.calls("judge") < 6 * len(TASK["criteria"]):
                await asyncio.sleep(0.05)
        held = next(hunt for hunt in await trainer.hunts() if hunt["outcome"] == "held")
        turn = {"hunt_id": held["hunt_id"], "prompt": "And Xenon?", "response": "54", "criteria": TASK["criteria"]}
        await everywhere(client, ours, f"{here}/turns", turn)
        before = await trainer.ask("GET", here)

        for api in ours.apis:
            await asyncio.to_thread(api.end)
            await asyncio.to_thread(api.start)
        again = [one["session_id"] for one in await everywhere(client, ours, "sessions", {"task": TASK})]
        assert set(again) == {trainer.sid}
        runs = {one["run_id"] for one in await everywhere(client, ours, f"{here}/runs", order)}
        trials = await everywhere(client, ours, f"{here}/trials", {"model": TARGET, "judge_model": JUDGE})
        await everywhere(client, ours, f"{here}/turns", turn)
        assert (runs, {one["hunt_id"] for one in trials}) == ({trainer.rid}, {trial})
        after = await trainer.ask("GET", here)
        assert [run["run_id"] for run in after["runs"]] == [run["run_id"] for run in before["runs"]] == [trainer.rid]
        assert len(after["turns"]) == len(before["turns"])
        # four hunts, one trial; their judging and one reference check: nothing was called a second time
        assert (ours.calls("target"), ours.calls("judge")) == (5, 6 * len(TASK["criteria"]))


@pytest.mark.long
async def test_the_status_shows_both_processes_and_forgets_the_dead_one(client):
    with start_cluster(2, INSTANCE_BEAT=0.3, INSTANCE_LIFE=1.5) as ours:
        first, second = ours.apis

        async def until_seen(*names: str) -> None:
            async with asyncio.timeout(15):
                while {one["instance"] for one in status(second)["instances"]} != set(names):
                    await asyncio.sleep(0.1)

        await until_seen("api-0", "api-1")
        assert status(second)["totals"]["instances"] == 2
        first.kill()
        await until_seen("api-1")
        assert status(second)["totals"]["instances"] == 1
        await asyncio.to_thread(first.start)
        await until_seen("api-0", "api-1")
