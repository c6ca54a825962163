"""The contract of deletion by age and state in the library (core.library.deleting), on SQLite and on a real PostgreSQL."""

import asyncio

from sqlalchemy import text

from core.library.deleting import LOCK
from core.library.engine import open_engine
from core.library.lazy import LazyLibrary
from core.library.records import Deletion, LibraryEvent, RetentionRule, TaskQuery
from tests.contracts.test_library import changed, library, url
from tests.contracts.test_library_lists import a_task

__all__ = ["library", "url"]
RULE = RetentionRule(before_ms=100, why="too old", archived=False, states=("draft", "delivered"))


async def test_a_rule_matches_by_age_state_and_archive_the_oldest_first(library):
    await library.write(
        [
            a_task("s_older", 10),
            a_task("s_old", 20),
            a_task("s_new", 100),
            a_task("s_hunting", 10, state="hunting"),
            a_task("s_archived", 10),
            a_task(
                "s_delivered", 30, state="revealed", revealed_ms=1, events=[LibraryEvent("x", 30, "ada", "exported")]
            ),
            a_task("s_deleted", 10),
        ]
    )
    await library.write([changed("s_deleted", 11, deleted_by="ada")])
    await library.set_archived("s_archived", True, LibraryEvent("e", 12, "ada", "archived"))
    assert await library.expired(RULE, (), 10) == ("s_older", "s_old", "s_delivered")
    assert await library.expired(RULE, {"s_older"}, 1) == ("s_old",)
    assert await library.expired(RetentionRule(100, "", archived=True), (), 10) == ("s_archived",)


async def test_expired_tasks_are_deleted_if_they_still_match_and_recorded(library):
    await library.write([a_task("s_one", 10), a_task("s_two", 10), a_task("s_three", 10)])
    await library.write([changed("s_two", 200, head=None, hunts=())])
    await library.write([a_task("s_two", 200, version=2)])
    assert await library.expire(RULE, ["s_one", "s_two"], 500) == ("s_one",)
    assert (await library.read("s_one"), await library.count()) == (None, 2)
    assert await library.events("s_one") == (LibraryEvent("deleted", 500, "", "deleted", "too old"),)
    assert await library.deletions(400) == (Deletion("s_one", 500),)
    assert await library.deletions(501) == ()
    assert await library.expire(RULE, ["s_one"], 600) == ()


async def test_one_process_at_a_time_deletes(library, url):
    await library.write([a_task("s_one", 10)])
    if url.startswith("sqlite"):
        others = [LazyLibrary(url) for _ in range(3)]
        found = await asyncio.gather(*(one.expire(RULE, ["s_one"], 500) for one in others))
        await asyncio.gather(*(one.close() for one in others))
        assert sorted(found) == [(), (), ("s_one",)]
        return
    engine = open_engine(url)
    async with engine.begin() as other:
        await other.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        assert await library.expire(RULE, ["s_one"], 500) == ()
    await engine.dispose()
    assert await library.expire(RULE, ["s_one"], 500) == ("s_one",)


async def test_compacting_changes_nothing_that_is_found(library):
    await library.write([a_task(f"s_{n}", 10, text=f"krypton w{n}") for n in range(50)])
    await library.expire(RULE, [f"s_{n}" for n in range(40)], 500)
    await library.compact()
    await library.compact()

    assert len(await library.tasks(TaskQuery(text="krypton"))) == 10
    assert len(await library.tasks(TaskQuery(text="w1"))) == 0
