"""The session store's promise, on every implementation."""

import pytest

from core.domain.events import EventDraft, EventType
from core.domain.hunt import HuntStatus
from core.domain.run import Counts
from core.errors import Busy, Conflict, NotFound
from core.eventlog.memory import MemoryEventLog
from core.sessions.memory import MemorySessionStore
from tests.builders import HandClock, a_finished_hunt, a_hunt, a_run, a_session

DRAFT = EventDraft(EventType.SESSION, "{}")


class Kept:
    """A store with its event log and its clock."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.log = MemoryEventLog(self.clock, 1000)
        self.store = MemorySessionStore(
            self.clock, ttl_s=7200, sessions_most=3, append=self.log.append_now, forget=self.log.forget_now
        )


@pytest.fixture(params=["memory"])
def kept(request):
    return Kept()


async def test_an_unknown_session_is_not_found(kept):
    for use in (kept.store.read, kept.store.counts, kept.store.notebook, kept.store.delete, kept.store.hunts):
        with pytest.raises(NotFound) as missing:
            await use("s_nobody")
        assert missing.value.code == "no_session"


async def test_what_is_created_is_read_back(kept):
    session = a_session()
    await kept.store.create(session, b"notebook")
    assert await kept.store.read("s_one") == session
    assert await kept.store.notebook("s_one") == b"notebook"
    assert await kept.store.count() == 1


async def test_a_change_raises_the_version_and_tells_of_it_in_one_step(kept):
    await kept.store.create(a_session(), b"")
    changed = await kept.store.change(
        "s_one", lambda s: s.model_copy(update={"name": "new.ipynb"}), announce=lambda s: (DRAFT,)
    )
    assert (changed.version, changed.name) == (2, "new.ipynb")
    assert [e.type for e in await kept.log.read("s_one", "0-0", 10)] == [EventType.SESSION]


async def test_a_change_that_changes_nothing_is_not_told(kept):
    await kept.store.create(a_session(), b"")
    same = await kept.store.change("s_one", lambda s: s, announce=lambda s: (DRAFT,))
    assert same.version == 1
    assert await kept.log.read("s_one", "0-0", 10) == ()


async def test_an_edit_of_an_old_version_is_a_conflict_that_names_the_current_one(kept):
    await kept.store.create(a_session(), b"")
    await kept.store.change("s_one", lambda s: s.model_copy(update={"name": "b"}), expected_version=1)
    with pytest.raises(Conflict) as conflict:
        await kept.store.change("s_one", lambda s: s.model_copy(update={"name": "c"}), expected_version=1)
    assert conflict.value.details == {"version": 2}


async def test_a_change_that_raises_leaves_everything(kept):
    def fail(_session):
        raise Conflict("no")

    await kept.store.create(a_session(), b"")
    with pytest.raises(Conflict):
        await kept.store.change("s_one", fail)
    assert (await kept.store.read("s_one")).version == 1


async def test_a_finished_hunt_is_never_overwritten(kept):
    await kept.store.create(a_session(runs=(a_run(),)), b"")
    await kept.store.save_hunt("s_one", a_hunt(status=HuntStatus.CALLING), (DRAFT,))
    await kept.store.save_hunt("s_one", a_finished_hunt(), (DRAFT,))
    await kept.store.save_hunt("s_one", a_hunt(status=HuntStatus.CALLING), (DRAFT,))
    assert await kept.store.hunt("s_one", "r_one.1") == a_finished_hunt()
    assert len(await kept.log.read("s_one", "0-0", 10)) == 2


async def test_hunts_come_in_pages_by_number_in_whatever_order_they_were_saved(kept):
    await kept.store.create(a_session(), b"")
    for number in (3, 1, 5, 2, 4):
        await kept.store.save_hunt("s_one", a_hunt(number))
    first = await kept.store.hunts("s_one", limit=2)
    assert ([h.number for h in first.hunts], first.next) == ([1, 2], 2)
    rest = await kept.store.hunts("s_one", after=2, limit=10)
    assert ([h.number for h in rest.hunts], rest.next) == ([3, 4, 5], None)
    assert (await kept.store.hunts("s_one", run_id="r_other")).hunts == ()


async def test_counts_follow_the_hunts(kept):
    await kept.store.create(a_session(runs=(a_run(hunts=3),)), b"")
    assert await kept.store.counts("s_one") == {"r_one": Counts(total=3, queued=3)}
    await kept.store.save_hunt("s_one", a_finished_hunt())
    counts = (await kept.store.counts("s_one"))["r_one"]
    assert (counts.queued, counts.broke) == (2, 1)


async def test_a_session_ends_two_hours_after_its_last_use_and_wholly(kept):
    await kept.store.create(a_session(), b"")
    await kept.store.announce("s_one", (DRAFT,))
    kept.clock.seconds = 7199
    await kept.store.read("s_one")
    kept.clock.seconds = 7199 + 7199
    await kept.store.read("s_one")
    kept.clock.seconds += 7200
    with pytest.raises(NotFound):
        await kept.store.read("s_one")
    assert await kept.log.last_id("s_one") == "0-0"
    assert await kept.store.count() == 0


async def test_too_many_sessions_are_refused_until_old_ones_have_ended(kept):
    for n in range(3):
        await kept.store.create(a_session(session_id=f"s_{n}"), b"")
    with pytest.raises(Busy):
        await kept.store.create(a_session(session_id="s_more"), b"")
    kept.clock.seconds = 7201
    await kept.store.create(a_session(session_id="s_more"), b"")
    assert await kept.store.count() == 1


async def test_a_deleted_session_is_gone_with_its_events(kept):
    await kept.store.create(a_session(), b"")
    await kept.store.announce("s_one", (DRAFT,))
    await kept.store.delete("s_one")
    with pytest.raises(NotFound):
        await kept.store.read("s_one")
    assert await kept.log.last_id("s_one") == "0-0"
