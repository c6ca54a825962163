"""Redis breaks while two API processes hunt for several trainers: no request hangs, nothing acknowledged is lost, and
both processes come back from memory by themselves. tests/chaos/test_redis_breaks.py has all ways of breaking for one.
"""

import asyncio

import pytest

from tests.chaos.hunting import MAX_REQUEST_S
from tests.chaos.processes import TASK, start_cluster, status
from tests.chaos.test_process_killed_again_and_again import whole
from tests.chaos.test_redis_breaks import (
    flushed,
    hung,
    killed_and_restarted_empty,
    out_of_memory,
    paused_for_clients,
    restarted_with_its_data,
)
from tests.chaos.users import Probe, Users, open_users, probes

pytestmark = [pytest.mark.chaos, pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(120)]
LIMITS = {"OPENROUTER_CONCURRENCY": 8, "OPENAI_CONCURRENCY": 8, "REDIS_PROBE": 0.1}
SHORT = (restarted_with_its_data, flushed, hung)


@pytest.mark.parametrize("broken", [restarted_with_its_data], ids=lambda b: b.__name__)
async def test_both_continue_and_nothing_is_lost_afterwards(broken):
    await broken_under_two(broken, sessions=2, hunts=20, for_s=2.0)


@pytest.mark.long
@pytest.mark.timeout(400)
@pytest.mark.parametrize("broken", [*SHORT, killed_and_restarted_empty, paused_for_clients, out_of_memory])
async def test_ten_sessions_and_a_long_break(broken):
    await broken_under_two(broken, sessions=10, hunts=40, for_s=20.0)


async def broken_under_two(broken, *, sessions, hunts, for_s):
    needed = sessions * hunts
    with start_cluster(2, **LIMITS) as ours:
        async with open_users(ours, sessions, hunts) as here, probes(here) as asking:
            await here.until_done(needed // 4)
            acknowledged = await all_done(here)
            async with broken(ours.redis):
                await asyncio.sleep(for_s)
            await healthy_again(asking)
            runs = await here.ends(within_s=180)
            await here.until_all_was_seen()
            await healthy_again(asking)
            found = await all_done(here)

            assert acknowledged.items() <= found.items()
            assert {run["status"] for run in runs} == {"completed"}
            for trainer in here.trainers:
                for api in ours.apis:
                    whole(await trainer.hunts(api), hunts)
            assert [status(api)["bugs"] for api in ours.apis] == [0, 0]
            for probe in asking:
                assert probe.slowest_s < MAX_REQUEST_S
                assert probe.statuses == {200}
        counted = (ours.calls("target") - needed, ours.calls("judge") - needed * len(TASK["criteria"]))
        assert min(counted) >= 0, counted


async def all_done(here: Users) -> dict[str, tuple[str, str]]:
    """Reply and outcome of every hunt that is said to have ended."""
    rows = [hunt for trainer in here.trainers for hunt in await trainer.hunts()]
    return {hunt["hunt_id"]: (hunt["response"], hunt["outcome"]) for hunt in rows if hunt["status"] == "done"}


async def healthy_again(asking: list[Probe]) -> None:
    """From now on, at every process."""
    for probe in asking:
        async with asyncio.timeout(30):
            while (await probe.health()) != "healthy":
                await asyncio.sleep(0.1)
