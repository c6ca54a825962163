"""The contract of the library (core.library.sql, core.library.writing), on SQLite and on a real PostgreSQL."""

import asyncio
from dataclasses import replace

import pytest

from core.library.lazy import LazyLibrary
from core.library.records import LibraryEvent, LibraryHead, LibraryHunt, SessionChanges, StoredProgress, StoredSession


def a_head(session_id="s_one", version=1, **changes) -> LibraryHead:
    made = {
        "session_id": session_id, "version": version, "head": b'{"version":%d}' % version, "owner": "ada", "name": "n.ipynb",
        "state": "draft", "active": False, "created_ms": 1, "excerpt": "Name", "prompt_hash": "h", "text": "krypton",
    }  # fmt: skip
    return LibraryHead(**(made | changes))


def a_stored_hunt(number=1, progress=1003, **changes) -> LibraryHunt:
    made = {
        "hunt_id": f"r_one.{number}", "number": number, "run_id": "r_one", "model": "simulated/hasty", "outcome": "",
        "progress": progress, "cost_usd": 0.5, "target_cost_usd": 0.4, "state": b'{"progress":%d}' % progress,
        "reply": b'{"text":"r"}', "text": "said argon",
    }  # fmt: skip
    return LibraryHunt(**(made | changes))


def changed(session_id="s_one", at=10, **parts) -> SessionChanges:
    return SessionChanges(session_id, at, **parts)


def whole(session_id="s_one", at=10, **changes) -> SessionChanges:
    return changed(session_id, at, head=a_head(session_id, **changes), notebook=b"{}", hunts=(a_stored_hunt(),))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/folder/library.sqlite"
    return request.getfixturevalue("postgres_server").new_database()


@pytest.fixture
async def library(url):
    opened = LazyLibrary(url)
    yield opened
    await opened.close()


async def test_what_was_written_is_read_back_also_by_another_process(library, url):
    await library.write([whole(), changed("s_two", head=a_head("s_two"), notebook=b"two")])
    other = LazyLibrary(url)
    try:
        expected = StoredSession(b'{"version":1}', b"{}", ((b'{"progress":1003}', b'{"text":"r"}'),), 10)
        assert await other.read("s_one") == expected
        assert await other.read("s_two") == StoredSession(b'{"version":1}', b"two", (), 10)
        assert await other.read("s_three") is None
        assert await other.count() == 2
    finally:
        await other.close()


async def test_of_two_heads_the_newer_one_remains_in_whatever_order(library):
    await library.write([whole(version=3)])
    await library.write([whole(version=2, at=11)])
    await library.write([whole(version=3, at=12)])
    assert (await library.read("s_one")).head == b'{"version":3}'
    assert (await library.read("s_one")).changed_ms == 12


@pytest.mark.parametrize(
    ("first", "then", "remains"),
    [
        (1003, 1002, 1003),
        (1002, 1003, 1003),
        (1_000_000, 1_000_000, 1_000_000),
        (1_000_000, 1_000_002, 1_000_002),
        (1_000_000, 2_001_000, 2_001_000),
    ],
)
async def test_of_two_states_of_a_hunt_the_further_one_remains(library, first, then, remains):
    for progress in (first, then):
        await library.write([changed(head=a_head(), notebook=b"", hunts=(a_stored_hunt(progress=progress),))])
    assert await library.progress(["s_one"]) == {"s_one": StoredProgress(1, {"r_one.1": remains})}


async def test_a_finished_state_is_not_replaced_by_an_equal_rank(library):
    done = a_stored_hunt(progress=1_000_000, state=b'{"first":1}')
    await library.write([changed(head=a_head(), notebook=b"", hunts=(done,))])
    await library.write([changed(hunts=(replace(done, state=b'{"second":2}'),))])
    assert (await library.read("s_one")).hunts[0][0] == b'{"first":1}'


async def test_a_reply_is_written_once_and_stays(library):
    await library.write([whole()])
    later = a_stored_hunt(progress=1_000_000, outcome="broke", reply=b"", text="")
    await library.write([changed(hunts=(later,))])
    assert (await library.read("s_one")).hunts == ((b'{"progress":1000000}', b'{"text":"r"}'),)


async def test_hunts_are_read_by_number_trials_first(library):
    hunts = tuple(a_stored_hunt(number) for number in (12, 2, -1))
    await library.write([changed(head=a_head(), notebook=b"", hunts=hunts)])
    assert await library.progress(["s_one"]) == {
        "s_one": StoredProgress(1, {"r_one.12": 1003, "r_one.2": 1003, "r_one.-1": 1003})
    }
    assert len((await library.read("s_one")).hunts) == 3


async def test_a_deleted_session_leaves_its_record_and_never_comes_back(library):
    event = LibraryEvent("1.0", 5, "ada", "created")
    await library.write([replace(whole(), events=(event,))])
    await library.write([changed(at=20, deleted_by="ada")])
    late = replace(whole(version=9, at=30), events=(LibraryEvent("9.0", 30, "ada", "edited"),))
    await library.write([late])
    assert await library.read("s_one") is None
    assert await library.progress(["s_one"]) == {}
    assert await library.deleted(["s_one", "s_two"]) == {"s_one"}
    assert await library.events("s_one") == (event, LibraryEvent("deleted", 20, "ada", "deleted"))
    assert await library.count() == 0


async def test_a_deletion_before_the_first_write_also_holds(library):
    await library.write([changed(at=20, deleted_by="")])
    await library.write([whole(at=30)])
    assert await library.read("s_one") is None


async def test_writing_again_changes_nothing(library):
    batch = [replace(whole(), events=(LibraryEvent("1.0", 5, "ada", "created"),))]
    for _ in range(2):
        await library.write(batch)
    assert await library.events("s_one") == batch[0].events
    assert (await library.read("s_one")).changed_ms == 10


async def test_active_sessions_are_listed_the_newest_first(library):
    await library.write(
        [
            whole("s_old", at=5, active=True),
            whole("s_new", at=30, active=True),
            whole("s_mid", at=20, active=True),
            whole("s_done", at=40),
        ]
    )
    await library.write(
        [changed("s_gone", 50, head=a_head("s_gone", active=True)), changed("s_gone", 51, deleted_by="")]
    )
    assert await library.active(20) == ("s_new", "s_mid")
    await library.write([changed("s_new", 60, head=a_head("s_new", version=2))])
    assert await library.active(0) == ("s_mid", "s_old")


async def test_events_alone_do_not_count_as_a_change_of_the_session(library):
    await library.write([whole(at=10)])
    await library.write([changed(at=99, events=(LibraryEvent("x", 99, "ada", "exported", "4 hunts"),))])
    assert (await library.read("s_one")).changed_ms == 10


async def test_texts_with_anything_in_them_are_stored(library):
    odd = "tab\t \U0001f600 “quotes” '; DROP TABLE sessions;--"
    await library.write([changed(head=a_head(name=odd, text=odd, excerpt=odd), notebook=bytes(range(256)))])
    assert (await library.read("s_one")).notebook == bytes(range(256))


async def test_two_processes_write_the_same_sessions_at_once(library, url):
    other = LazyLibrary(url)
    try:
        batches = [
            [whole(f"s_{n}", at=version, version=version) for n in range(20)] for version in range(1, 9)
        ]  # fmt: skip
        await asyncio.gather(*((library if n % 2 else other).write(batch) for n, batch in enumerate(batches)))
        progress = await library.progress([f"s_{n}" for n in range(20)])
        assert {found.version for found in progress.values()} == {8}
    finally:
        await other.close()


@pytest.mark.parametrize("turns", [0, 1, 3, 10, 30])
async def test_a_call_that_is_cancelled_hinders_neither_the_next_one_nor_the_end(url, turns):
    opened = LazyLibrary(url)
    call = asyncio.create_task(opened.write([whole()]))
    for _ in range(turns):
        await asyncio.sleep(0.005)
    call.cancel()
    async with asyncio.timeout(20):
        if turns % 2:
            assert await opened.count() in {0, 1}
        await opened.close()


async def test_processes_that_start_together_migrate_once(url):
    opened = [LazyLibrary(url) for _ in range(3)]
    try:
        assert await asyncio.gather(*(one.count() for one in opened)) == [0, 0, 0]
    finally:
        await asyncio.gather(*(one.close() for one in opened))
