"""`make chaos`: one long run of hunts while Redis breaks again and again, in a seeded order, also hung for 20 s."""

import asyncio
import random

import pytest

from core.domain.hunt import HuntStatus
from tests.chaos.hunting import MAX_REQUEST_S, chaos_settings, hunting
from tests.chaos.test_redis_breaks import (
    BREAKS,
    another_process_sees_the_same,
    break_once,
    hung,
    nothing_is_left_behind,
)
from tests.house.real_redis import open_redis

pytestmark = [pytest.mark.chaos, pytest.mark.long, pytest.mark.timeout(400)]

ROUNDS = 10
HUNTS = 1000


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_run_outlives_ten_breaks_in_any_order(seed, tmp_path):
    order = random.Random(seed).choices(BREAKS, k=ROUNDS)
    with open_redis() as server:
        async with hunting(chaos_settings(server, tmp_path), HUNTS) as h:
            await h.until_hunts_are_done(5)
            for broken in order:
                async with broken(server):
                    await h.until(lambda: h.runtime.store.state().reason != "")
                    await asyncio.sleep(0.5)
                await h.until_back()
            await h.until_ended(deadline_s=300)
            await h.until_back()
            here, session = await h.hunts(), await h.runtime.store.read(h.sid)
            assert [hunt.number for hunt in here] == list(range(1, HUNTS + 1))
            assert {hunt.status for hunt in here} == {HuntStatus.DONE}
            assert all(hunt.reply is not None for hunt in here)
            assert sum(h.runtime.activity.outcomes.values()) == HUNTS
            assert h.asker.slowest_s < MAX_REQUEST_S
            assert {status for status, _ in h.asker.statuses} == {200}
            await h.until(lambda: all(row["status"] == "done" for row in h.watcher.rows.values()))
            await nothing_is_left_behind(h, tmp_path)
        await another_process_sees_the_same(server, tmp_path, session, here)


async def test_redis_hung_for_twenty_seconds(tmp_path):
    with open_redis() as server:
        await break_once(server, hung, tmp_path, hunts=300, for_s=200)
