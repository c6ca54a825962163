"""What the service of tasks adds to the library; its routes are tested in tests/api/routes/test_tasks.py."""

import pytest

from core.errors import BadInput, Unavailable
from core.hunting.task_list import MIN_SIMILARITY, TaskService, list_tasks, read_cursor
from core.library.records import TaskCursor, TaskQuery
from tests.builders import HandClock, a_session, a_task
from tests.core.sessions.libraries import a_process

PROMPT = "Write a letter of two hundred words to a lighthouse keeper in which every sentence names a colour."


@pytest.fixture
async def process(tmp_path):
    async with a_process(tmp_path) as opened:
        yield opened


async def create(process, *prompts):
    for number, prompt in enumerate(prompts):
        await process.store.create(a_session(session_id=f"s_{number}", task=a_task(prompt=prompt)), b"{}")
    await process.store.flush()


async def test_the_next_page_begins_after_the_last_task_of_this_one(process):
    await create(process, "a", "b", "c")
    first = await list_tasks(process.library, TaskQuery(limit=2))
    last = await list_tasks(process.library, TaskQuery(limit=2, after=read_cursor(first["next"])))
    assert [[task["session_id"] for task in page["tasks"]] for page in (first, last)] == [["s_2", "s_1"], ["s_0"]]
    assert last["next"] is None
    whole = await list_tasks(process.library, TaskQuery(limit=3))
    assert whole["next"] is None


async def test_the_most_similar_prompts_come_first_and_other_prompts_do_not(process):
    half = " ".join(PROMPT.split()[:9]) + " about the history of the railways of a country that you like."
    await create(process, PROMPT.replace("names", "has"), PROMPT.upper(), half, PROMPT)
    found = (await TaskService(process.store, HandClock()).similar("s_3", None))["tasks"]
    assert [task["session_id"] for task in found] == ["s_1", "s_0"]
    assert found[0]["similarity"] == 1.0 > found[1]["similarity"] >= MIN_SIMILARITY


async def test_a_session_that_is_only_live_is_compared_too(process):
    await create(process, PROMPT)
    await process.store.create(a_session(session_id="s_new", task=a_task(prompt=PROMPT)), b"{}")
    found = await TaskService(process.store, HandClock()).similar("s_new", None)
    assert [task["session_id"] for task in found["tasks"]] == ["s_0"]


async def test_who_archived_a_task_is_recorded(process):
    await create(process, PROMPT)
    service = TaskService(process.store, HandClock())
    await service.set_archived("s_0", archived=True, actor="ada")
    await service.set_archived("s_0", archived=False, actor="bob")
    events = [(event.actor, event.action) for event in await process.library.events("s_0")]
    assert set(events) >= {("ada", "archived"), ("bob", "unarchived")}


async def test_without_a_library_everything_says_so():
    service = TaskService(None, HandClock())
    for call in (
        service.list(TaskQuery()),
        service.similar("s", None),
        service.set_archived("s", archived=True, actor=""),
    ):
        with pytest.raises(Unavailable, match="LIBRARY_URL=off"):
            await call


def test_a_cursor_is_a_time_and_an_id():
    assert (read_cursor("12-s_a-b"), read_cursor("")) == (TaskCursor(12, "s_a-b"), None)
    for said in ("x", "-s", "12", "12-", "٣-s", f"{10**15}-s"):
        with pytest.raises(BadInput):
            read_cursor(said)
