"""The contract of the team's overview (core.library.overview), on SQLite and on a real PostgreSQL."""

import pytest

from core.library.overview import DAY_MS
from core.library.records import DeliveredTask, LibraryEvent, OpenTasks, WaitingTask
from tests.contracts.test_library import a_stored_hunt, changed, library, url
from tests.contracts.test_library_lists import a_task, waits

__all__ = ["library", "url"]
NOW = 100 * DAY_MS


def exported(at):
    return LibraryEvent(f"x{at}", at, "ada", "exported")


async def test_open_tasks_are_counted_by_person_state_and_age(library):
    ages = {"s_new": 0, "s_day": 1, "s_three": 3, "s_week": 7, "s_month": 30, "s_old": 90}
    await library.write([a_task(name, NOW - days * DAY_MS) for name, days in ages.items()])
    await library.write(
        [a_task("s_bob", NOW - DAY_MS, owner="bob", state="to_review"), a_task("s_gone", 1), a_task("s_archived", 1)]
    )
    await library.write([changed("s_gone", 2, deleted_by="ada")])
    await library.set_archived("s_archived", True, LibraryEvent("e", 2, "ada", "archived"))
    await library.write([a_task("s_done", 30, state="revealed", revealed_ms=20, events=[exported(30)])])
    found = await library.overview(NOW, 0, 2)
    assert found.open_tasks == (
        OpenTasks("ada", "draft", 0, 1, NOW),
        OpenTasks("ada", "draft", 1, 1, NOW - DAY_MS),
        OpenTasks("ada", "draft", 2, 1, NOW - 3 * DAY_MS),
        OpenTasks("ada", "draft", 3, 1, NOW - 7 * DAY_MS),
        OpenTasks("ada", "draft", 4, 2, NOW - 90 * DAY_MS),
        OpenTasks("bob", "to_review", 1, 1, NOW - DAY_MS),
    )
    assert found.waiting == (
        WaitingTask("n.ipynb", "ada", "ada", "draft", NOW - 90 * DAY_MS),
        WaitingTask("n.ipynb", "ada", "ada", "draft", NOW - 30 * DAY_MS),
    )


async def test_who_was_asked_is_waited_for_beside_the_owner(library):
    asked = (waits("bob", "review", 7), waits("eve", "reviewed", 8))
    await library.write([a_task("s_one", 5, state="to_review", waiting=asked)])
    await library.write([a_task("s_done", 9, state="revealed", revealed_ms=8, events=[exported(9)], waiting=asked[:1])])
    found = await library.overview(NOW, 0, 3)
    assert [(one.person, one.state, one.since_ms, one.kind) for one in found.waiting] == [
        ("ada", "to_review", 5, ""), ("bob", "delivered", 7, "review"), ("bob", "to_review", 7, "review"),
    ]  # fmt: skip
    assert len((await library.overview(NOW, 0, 1)).waiting) == 1


async def test_a_state_of_another_release_counts_as_unknown(library):
    await library.write([a_task("s_one", 5, state="frozen"), a_task("s_two", 6)])
    found = await library.overview(NOW, 0, 10)
    assert [(one.state, one.tasks) for one in found.open_tasks] == [("draft", 1), ("unknown", 1)]
    assert [one.state for one in found.waiting] == ["unknown", "draft"]


async def test_a_task_waits_for_its_owner_once(library):
    settled = (waits("ada", "settle", 7), waits("bob", "settle", 7))
    await library.write([a_task("s_one", 5, state="revealed", revealed_ms=5, waiting=settled), a_task("s_two", 9)])
    found = (await library.overview(NOW, 0, 10)).waiting
    assert [(one.person, one.since_ms, one.kind) for one in found] == [
        ("ada", 7, "settle"), ("bob", 7, "settle"), ("ada", 9, ""),
    ]  # fmt: skip


async def test_delivered_tasks_of_a_period_have_their_hunts_and_costs(library):
    hunts = [
        a_stored_hunt(1, 1_000_000, outcome="broke"),
        a_stored_hunt(2, 1_000_000, outcome="held"),
        a_stored_hunt(3, 1_000_000, outcome="broke", cost_usd=None),
        a_stored_hunt(-1, 1_000_000, outcome="broke"),
    ]

    def delivered(name, at, **more):
        return a_task(name, at, state="revealed", revealed_ms=20, events=[exported(at)], name=name, **more)

    await library.write(
        [delivered("s_one", 40, hunts=hunts), delivered("s_two", 50, owner="bob"), delivered("s_before", 29)]
    )
    await library.write([a_task("s_revealed", 60, state="revealed", revealed_ms=60, events=[exported(40)])])
    await library.set_archived("s_two", True, LibraryEvent("e", 60, "ada", "archived"))
    found = await library.overview(NOW, 30, 10)
    assert found.delivered == (
        DeliveredTask("s_two", "bob", 1, 50, hunts=0, broke=0, cost_usd=None, unpriced=0),
        DeliveredTask("s_one", "ada", 1, 40, hunts=3, broke=2, cost_usd=pytest.approx(1.0), unpriced=1),
    )
    assert [one.name for one in (await library.overview(NOW, 30, 1)).delivered] == ["s_two"]
