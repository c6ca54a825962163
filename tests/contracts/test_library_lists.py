"""The contract of lists of tasks in the library (core.library.listing, core.library.migrations.versions.r0002_task_lists), on
SQLite and on a real PostgreSQL.
"""

from dataclasses import replace

import pytest
from alembic import command
from sqlalchemy import text

from core.domain.prompt_similarity import prompt_bands
from core.domain.search_words import searchable
from core.domain.task_state import TO_DO
from core.library import listing
from core.library.engine import WRITES, open_engine
from core.library.lazy import LazyLibrary
from core.library.listing import select_tasks
from core.library.migrate import configure
from core.library.records import (
    LibraryEvent,
    LibraryWaiting,
    SessionChanges,
    SimilarQuery,
    StoredTask,
    TaskCursor,
    TaskQuery,
    WaitingItem,
)
from tests.contracts.test_library import a_head, a_stored_hunt, changed, library, url

__all__ = ["library", "url"]
PROMPT = "Write a letter of exactly two hundred words to a lighthouse keeper, in which every sentence names a colour."


def a_task(session_id, at=10, hunts=(), events=(), **head) -> SessionChanges:
    return SessionChanges(
        session_id, at, head=a_head(session_id, **head), notebook=b"{}", hunts=tuple(hunts), events=tuple(events)
    )


async def listed(library, **query) -> list[str]:
    return [task.session_id for task in await library.tasks(TaskQuery(**query))]


async def test_a_task_is_listed_with_its_hunts_and_costs_without_trials(library):
    hunts = (
        a_stored_hunt(1, 1_000_000, outcome="broke"),
        a_stored_hunt(2, 1_000_000, outcome="broke", cost_usd=None),
        a_stored_hunt(3, outcome=""),
        a_stored_hunt(-1, 1_000_000, outcome="broke"),
    )
    await library.write([a_task("s_one", hunts=hunts, state="hunting", sealed=False, planned_hunts=8)])
    await library.write([changed("s_two", 5, head=a_head("s_two"), notebook=b"")])
    assert await library.tasks(TaskQuery()) == (
        StoredTask(
            session_id="s_one", name="n.ipynb", owner="ada", state="hunting", archived=False, created_ms=1, changed_ms=10,
            excerpt="Name", sealed=False, planned_hunts=8, outcomes={"broke": 2, "": 1},
            cost_usd=pytest.approx(1.0), target_cost_usd=pytest.approx(1.2),
        ),
        StoredTask(
            session_id="s_two", name="n.ipynb", owner="ada", state="draft", archived=False, created_ms=1, changed_ms=5,
            excerpt="Name", sealed=True, planned_hunts=0, outcomes={}, cost_usd=None, target_cost_usd=None,
        ),
    )  # fmt: skip


async def test_pages_follow_each_other_the_newest_first_also_within_a_millisecond(library):
    await library.write([a_task(f"s_{n}", at=10 + n // 3) for n in range(9)])
    seen, after = [], None
    while page := await library.tasks(TaskQuery(limit=2, after=after)):
        seen += [task.session_id for task in page]
        after = TaskCursor(page[-1].changed_ms, page[-1].session_id)
    assert seen == [f"s_{n}" for n in range(8, -1, -1)]


async def test_tasks_of_one_owner_in_some_states(library):
    await library.write(
        [
            a_task("s_draft", 10),
            a_task("s_hunting", 11, state="hunting"),
            a_task("s_bobs", 12, owner="bob"),
            a_task("s_revealed", 13, state="revealed", revealed_ms=13),
        ]
    )
    assert await listed(library, owner="ada") == ["s_revealed", "s_hunting", "s_draft"]
    assert await listed(library, owner="ada", states=("draft", "revealed")) == ["s_revealed", "s_draft"]
    assert await listed(library, owner="nobody") == []


async def test_a_task_is_delivered_once_it_was_exported_after_its_reveal(library):
    def exported(at):
        return LibraryEvent(f"x{at}", at, "ada", "exported")

    await library.write([a_task("s_one", 30, state="revealed", revealed_ms=20, events=[exported(15)])])
    assert await listed(library, states=("revealed",)) == ["s_one"]
    await library.write([changed("s_one", 40, events=(exported(40),))])
    assert [task.state for task in await library.tasks(TaskQuery())] == ["delivered"]
    assert await listed(library, states=("revealed",)) == []
    assert await listed(library, states=("delivered",)) == ["s_one"]


async def test_archived_tasks_are_listed_on_request_only_and_stay_archived(library):
    await library.write([a_task("s_one"), a_task("s_two", 11)])
    event = LibraryEvent("e", 12, "ada", "archived")
    assert await library.set_archived("s_one", True, event)
    await library.write([a_task("s_one", 20, version=2)])
    assert (await listed(library), await listed(library, archived=True)) == (["s_two"], ["s_one"])
    assert event in await library.events("s_one")
    assert await library.set_archived("s_one", False, replace(event, event_id="f"))
    assert await listed(library) == ["s_one", "s_two"]


async def test_unknown_and_deleted_tasks_are_neither_archived_nor_listed(library):
    await library.write([a_task("s_one", bands=prompt_bands(PROMPT))])
    await library.write([changed("s_one", 20, deleted_by="ada")])
    before = await library.events("s_one")
    for session_id in ("s_one", "s_none"):
        assert not await library.set_archived(session_id, True, LibraryEvent("e", 12, "ada", "archived"))
    assert await library.events("s_one") == before
    assert (await listed(library), await listed(library, text="krypton")) == ([], [])
    assert await library.similar(SimilarQuery("s_x", "h", prompt_bands(PROMPT))) == ()


@pytest.mark.parametrize("rare_texts", [listing.RARE_TEXTS, 0])
@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("krypton", ["s_two", "s_one"]),
        ("KRYPTON lamp", ["s_two"]),
        ("argon", ["s_one"]),
        ("argon krypton", []),
        ("kryp", ["s_two", "s_one"]),
        ("ar", []),
        ("gpt-5", ["s_two"]),
        ("openai/gpt", ["s_two"]),
        ("naïve", ["s_two"]),
        ('" OR krypton:* NEAR("', []),
        ("'; DROP TABLE sessions", []),
        ("???", []),
        ("天气", ["s_far"]),
        ("气天", []),
        ("今天 怎么样", ["s_far"]),
        ("手机", ["s_far"]),
        ("iphone手", ["s_far"]),
        ("नमस्ते", ["s_far"]),
        ("दुनिया", ["s_far"]),
        ("привет", ["s_far"]),
        ("elan", ["s_far"]),
        ("E\u0301lan", ["s_far"]),
        ("날씨", ["s_far"]),
        ("สวัสดี", ["s_far"]),
        ("🦄", []),
        ("  ", ["s_two", "s_one", "s_far"]),
    ],
)
async def test_a_search_finds_all_words_in_the_task_or_in_one_reply(library, monkeypatch, rare_texts, said, found):
    monkeypatch.setattr(listing, "RARE_TEXTS", rare_texts)
    await library.write(
        [
            a_task("s_one", 10, hunts=[a_stored_hunt()]),
            a_task("s_two", 11, text=searchable("A naïve krypton (lamp), openai/gpt-5\nfor ada@home.example")),
            a_task("s_far", 9, text=searchable("今天天气怎么样？ नमस्ते दुनिया, ПРИВЕТ Élan 날씨는 สวัสดีครับ iPhone手机")),
        ]
    )
    assert await listed(library, text=said) == found
    assert await listed(library, text=said, owner="bob") == []


async def test_a_search_follows_edits_and_pages(library):
    await library.write([a_task(f"s_{n}", at=10 + n, text="neon") for n in range(3)])
    await library.write([a_task("s_1", 20, version=2, text="xenon")])
    assert await listed(library, text="neon") == ["s_2", "s_0"]
    assert await listed(library, text="neon", after=TaskCursor(12, "s_2")) == ["s_0"]


async def test_an_older_head_that_arrives_late_is_not_found_by_its_words(library):
    await library.write([a_task("s_1", 20, version=2, text="xenon")])
    await library.write([a_task("s_1", 21, version=1, text="argon")])
    assert (await listed(library, text="xenon"), await listed(library, text="argon")) == (["s_1"], [])


async def test_the_same_prompt_is_found_before_similar_ones_and_never_the_task_itself(library):
    near, other = PROMPT.replace("two hundred", "three hundred"), "List the five longest rivers of Europe by length."
    await library.write(
        [
            a_task("s_same", 10, prompt_hash="p", bands=prompt_bands(PROMPT)),
            a_task("s_near", 20, prompt_hash="q", bands=prompt_bands(near), head=b'{"near":1}'),
            a_task("s_other", 30, prompt_hash="r", bands=prompt_bands(other)),
            a_task("s_bobs", 40, prompt_hash="p", bands=prompt_bands(PROMPT), owner="bob"),
            a_task("s_self", 50, prompt_hash="p", bands=prompt_bands(PROMPT)),
        ]
    )
    query = SimilarQuery("s_self", "p", prompt_bands(PROMPT), "ada")
    found = await library.similar(query)
    assert [(task.session_id, head) for task, head in found] == [
        ("s_same", b'{"version":1}'), ("s_near", b'{"near":1}'),
    ]  # fmt: skip
    everyones = await library.similar(replace(query, owner=None))
    assert [task.session_id for task, _ in everyones] == ["s_bobs", "s_same", "s_near"]
    await library.write([a_task("s_near", 60, version=2, prompt_hash="r", bands=prompt_bands(other))])
    assert [task.session_id for task, _ in await library.similar(query)] == ["s_same"]


async def test_the_schema_of_the_first_migration_is_brought_up_to_date_with_its_sessions(url):
    def as_before(connection):
        command.upgrade(configure(connection), "0001")
        connection.execute(
            text(
                "INSERT INTO sessions (session_id, version, owner, name, state, active, created_ms, changed_ms, excerpt,"
                " prompt_hash, head) VALUES ('s_old', 1, 'ada', 'n', 'draft', false, 1, 2, 'e', 'h', :head)"
            ),
            {"head": b"{}"},
        )
        connection.execute(
            text("INSERT INTO texts (session_id, part, content) VALUES ('s_old', 'task', 'openai/gpt-5')")
        )

    engine = open_engine(url)
    async with engine.connect() as plain:
        connection = await plain.execution_options(**WRITES[plain.dialect.name])
        async with connection.begin():
            await connection.run_sync(as_before)
    await engine.dispose()
    opened = LazyLibrary(url)
    try:
        assert [(task.session_id, task.sealed) for task in await opened.tasks(TaskQuery(text="gpt"))] == [
            ("s_old", True)
        ]
    finally:
        await opened.close()


@pytest.mark.parametrize("owner", [None, "ada"])
async def test_sqlite_filters_and_sorts_a_list_in_an_index(tmp_path, owner):
    """The small form of tests/benchmarks/task_list.py: without it, each row is read and all are sorted."""
    opened = LazyLibrary(f"sqlite:///{tmp_path}/library.sqlite")
    try:
        await opened.write([a_task("s_one")])
        wanted = TaskQuery(owner=owner, states=("delivered",), after=TaskCursor(9, "s"))
        engine = open_engine(f"sqlite:///{tmp_path}/library.sqlite")
        async with engine.connect() as connection:
            statement = select_tasks(wanted).compile(engine.sync_engine, compile_kwargs={"literal_binds": True})
            plan = [row[-1] for row in await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")]
        await engine.dispose()
    finally:
        await opened.close()
    (step,) = plan
    index = "sessions_listed" if owner is None else "sessions_listed_by_owner"
    assert f"USING INDEX {index} (" in step


def waits(person, kind, since_ms=5, sender="alice"):
    return LibraryWaiting(person, kind, sender, since_ms)


async def test_a_state_of_another_release_is_listed_as_unknown(library):
    """Lists must not fail for everybody because of one row."""
    await library.write([a_task("s_one", state="frozen"), a_task("s_two", 11)])
    found = await library.tasks(TaskQuery())
    assert [(one.session_id, one.state) for one in found] == [("s_two", "draft"), ("s_one", "unknown")]
    assert await listed(library, states=("draft",)) == ["s_two"]
    similar = await library.similar(SimilarQuery("s_three", prompt_hash=a_head("s_one").prompt_hash, bands=()))
    assert sorted(one.state for one, _ in similar) == ["draft", "unknown"]


async def test_what_waits_in_a_way_of_another_release_is_left_out(library):
    await library.write([a_task("s_one", waiting=(waits("bob", "praise"), waits("bob", "given")))])
    assert [one.kind for one in await library.waiting_for("bob", TO_DO, 10)] == ["given"]


async def test_what_waits_for_a_person_is_what_the_newest_head_says_the_longest_wait_first(library):
    given = waits("bob", "given", 3)
    await library.write(
        [
            a_task("s_one", waiting=(waits("bob", "review", 7), waits("carol", "given"))),
            a_task("s_two", waiting=(given,)),
        ]
    )
    found = await library.waiting_for("bob", ("review", "given"), 10)
    assert found == (
        WaitingItem("s_two", "n.ipynb", "Name", "given", "alice", 3),
        WaitingItem("s_one", "n.ipynb", "Name", "review", "alice", 7),
    )
    assert await library.waiting_for("bob", ("review",), 10) == found[1:]
    assert await library.waiting_for("bob", ("review", "given"), 1) == found[:1]
    await library.write([a_task("s_one", version=2), a_task("s_two", version=1, waiting=())])
    assert await library.waiting_for("bob", ("review",), 10) == ()
    await library.write([a_task("s_one", version=1, waiting=(waits("bob", "review"),))])  # late
    assert await library.waiting_for("bob", ("review",), 10) == ()
    await library.write([SessionChanges("s_two", 20, deleted_by="ada")])
    assert await library.waiting_for("bob", ("given",), 10) == ()


async def test_what_somebody_reviews_blind_is_in_no_list_of_theirs(library):
    prompt = {"prompt_hash": "same", "bands": prompt_bands(PROMPT)}
    await library.write(
        [
            a_task("s_blind", waiting=(waits("root", "review"),), **prompt),
            a_task("s_done", waiting=(waits("root", "reviewed"),), **prompt),
            a_task("s_both", waiting=(waits("root", "settle"),), **prompt),
        ]
    )
    assert set(await listed(library)) == {"s_blind", "s_done", "s_both"}
    assert await listed(library, hidden_from="root") == ["s_both"]
    query = SimilarQuery(session_id="s_new", **prompt)
    assert len(await library.similar(query)) == 3
    assert [task.session_id for task, _ in await library.similar(replace(query, hidden_from="root"))] == ["s_both"]


async def test_the_owner_of_a_session_is_known_without_reading_it_until_it_is_deleted(library):
    await library.write([a_task("s_one", owner="ada"), a_task("s_two", owner="ada")])
    await library.write([SessionChanges("s_two", 20, deleted_by="ada")])
    assert [await library.owner(one) for one in ("s_one", "s_two", "s_none")] == ["ada", None, None]
