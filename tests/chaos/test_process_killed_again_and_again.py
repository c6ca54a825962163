"""One of two API processes is killed with -9 again and again while trainers hunt: nothing is lost, nothing paid twice.

All of it runs with `make chaos`: a short form, and ten sessions of forty hunts with five kills for three seeds. `make test`
has one kill in test_processes_die.py.
"""

import asyncio
import json
import random
import signal
from collections import Counter

import pytest
import redis

from core.redis.keys import session_keys
from tests.chaos.processes import TASK, ApiProcess, start_cluster, status
from tests.chaos.users import Users, open_users

pytestmark = [pytest.mark.chaos, pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(120)]
CRITERIA = len(TASK["criteria"])
LIMITS = {"OPENROUTER_CONCURRENCY": 8, "OPENAI_CONCURRENCY": 8}
ON_THE_WAY = {"target": 2 * LIMITS["OPENROUTER_CONCURRENCY"], "judge": 2 * LIMITS["OPENAI_CONCURRENCY"]}
"""Most calls that a kill may cost: as many as may be open at the provider, and as many answers on their way to Redis."""


@pytest.mark.long
async def test_two_kills_with_four_sessions():
    await killed_again_and_again(seed=1, sessions=4, hunts=20, kills=2)


@pytest.mark.long
@pytest.mark.timeout(400)
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_five_kills_with_ten_sessions(seed):
    await killed_again_and_again(seed=seed, sessions=10, hunts=40, kills=5)


async def killed_again_and_again(*, seed: int, sessions: int, hunts: int, kills: int) -> None:
    chance, needed = random.Random(seed), sessions * hunts
    with start_cluster(2, script={"seed": seed}, **LIMITS) as ours:
        victim = chance.choice(ours.apis)
        async with open_users(ours, sessions, hunts) as here:
            not_kept = Counter[str]()
            for n in range(kills):
                # some time within its own part of all hunts, so that all kills come while there is work
                await here.until_done(int(needed * (n + chance.uniform(0.1, 0.9)) / (kills + 1)))
                before, not_kept = not_kept, killed(here, victim)
                assert all(not_kept[p] - before[p] <= ON_THE_WAY[p] for p in ON_THE_WAY), (before, not_kept)
                await asyncio.to_thread(victim.start)
            runs = await here.ends(within_s=180)
            await here.until_all_was_seen()

            assert {run["status"] for run in runs} == {"completed"}
            assert [run["counts"]["done"] for run in runs] == [hunts] * sessions
            for trainer in here.trainers:
                whole(await trainer.hunts(), hunts)
            extra = {
                "target": ours.calls("target") - needed,
                "judge": ours.calls("judge") - needed * CRITERIA,
            }
            assert 0 <= extra["target"] <= not_kept["target"], (extra, not_kept)
            assert 0 <= extra["judge"] <= not_kept["judge"], (extra, not_kept)
            most = ours.counters()["by_purpose"]
            assert most["target"]["in_flight_most"] <= LIMITS["OPENROUTER_CONCURRENCY"]
            assert most["judge"]["in_flight_most"] <= LIMITS["OPENAI_CONCURRENCY"]
            await every_event_was_seen_once(here)
            assert [status(api)["bugs"] for api in ours.apis] == [0, 0]


def killed(here: Users, victim: ApiProcess) -> Counter[str]:
    """Kills it. The calls so far whose answer nobody keeps: lost at kills before, or in flight now.

    All stand still meanwhile: then what the provider was asked for and what Redis keeps differ by just these calls,
    whether an answer is still at the provider, on the wire, or in a process that had no time for it yet.
    """
    others = [api for api in here.cluster.apis if api is not victim]
    for api in (victim, *others):
        api.signal(signal.SIGSTOP)
    kept = kept_answers(here)
    not_kept = Counter({purpose: here.cluster.calls(purpose) - answers for purpose, answers in kept.items()})
    victim.kill()
    for api in others:
        api.signal(signal.SIGCONT)
    return not_kept


def kept_answers(here: Users) -> dict[str, int]:
    """Replies and verdicts that are in Redis, over all sessions."""
    replies = verdicts = 0
    with redis.Redis.from_url(here.cluster.redis.url) as client:
        for trainer in here.trainers:
            keys = session_keys(trainer.sid)
            replies += client.hlen(keys.replies)
            verdicts += sum(len(json.loads(s[s.index(b"{") :])["verdicts"]) for s in client.hvals(keys.hunts))
    return {"target": replies, "judge": verdicts}


def whole(hunts: list[dict], n: int) -> None:
    """Each number once, each with its reply and all its verdicts."""
    assert [hunt["number"] for hunt in hunts] == list(range(1, n + 1))
    assert len({hunt["hunt_id"] for hunt in hunts}) == n
    assert {hunt["status"] for hunt in hunts} == {"done"}
    assert {hunt["outcome"] for hunt in hunts} <= {"broke", "held"}, [h["error"] for h in hunts if h["error"]]
    assert all(hunt["response"] for hunt in hunts)
    wanted = [criterion["id"] for criterion in TASK["criteria"]]
    assert all([v["criterion_id"] for v in hunt["verdicts"]] == wanted for hunt in hunts)


async def every_event_was_seen_once(here: Users) -> None:
    """The server's log and what each watcher got are the same, in the same order; each hunt ended in it once."""
    for trainer, watcher in zip(here.trainers, here.watchers, strict=True):
        log = await here.log(trainer)
        async with asyncio.timeout(5):
            while watcher.ids[-1] != log[-1]:
                await asyncio.sleep(0.05)
        assert watcher.ids == log
        assert watcher.resets == 0
        assert [n for n in watcher.ended.values() if n != 1] == [], json.dumps(watcher.ended)
