"""The last event of a run is its newest state."""

import json

from core.domain.run import Counts
from core.hunting.runs.publish import MAX_TRIES, publish_run, publish_run_with_retry
from tests.builders import HandClock, a_run, a_session


class Changing:
    """A store whose session is changed by others `changes` times."""

    def __init__(self, changes):
        self.changes, self.published, self.reads = changes, [], 0

    async def read(self, _session_id):
        self.reads += 1
        return a_session(runs=(a_run(4),), version=self.reads)

    async def counts(self, _session_id):
        return {"r_one": Counts(total=4)}

    async def publish(self, _session_id, events, *, version):
        if version <= self.changes:
            return False
        self.published += [json.loads(event.data)["run"]["run_id"] for event in events]
        return True


async def test_a_state_that_has_been_overtaken_is_not_published():
    store = Changing(1)
    assert not await publish_run(store, HandClock(), await store.read(""), "r_one")
    assert await publish_run(store, HandClock(), await store.read(""), "r_one")
    assert store.published == ["r_one"]


async def test_the_state_is_read_again_until_nobody_has_changed_it():
    store = Changing(2)
    await publish_run_with_retry(store, HandClock(), "s_one", "r_one")
    assert (store.reads, store.published) == (3, ["r_one"])


async def test_who_changes_it_all_the_time_publishes_it():
    store = Changing(99)
    await publish_run_with_retry(store, HandClock(), "s_one", "r_one")
    assert (store.reads, store.published) == (MAX_TRIES, [])
