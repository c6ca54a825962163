"""The page Team against a real library and the log."""

import asyncio
import sqlite3
import time
from datetime import UTC, datetime, timedelta

import pytest

from core.library.lazy import LazyLibrary
from core.library.records import DeliveredTask, LibraryEvent, OpenTasks, TeamOverview
from core.telemetry.reader import TelemetryReader
from core.telemetry.records import ReviewRecord
from dashboard_app.team_overview import NoTeam, read_team
from dashboard_app.views import team
from dashboard_app.views.team import ReviewCounts
from tests.contracts.test_library import a_stored_hunt
from tests.contracts.test_library_lists import a_task, waits
from tests.dashboard_app.helpers import words
from tests.dashboard_app.records_made_up import NOW, team_at_work, write_log

DAY_MS = 24 * 3600 * 1000


async def write_tasks(url):
    """Of ada: a draft of two days, a delivered task. Of bob: one to review of nine days, blind, with an expensive
    hunt."""
    now = int(time.time() * 1000)
    exported = LibraryEvent("x", now - DAY_MS, "ada", "exported")
    hunts = [
        a_stored_hunt(1, 1_000_000, outcome="broke", cost_usd=0.25),
        a_stored_hunt(2, 1_000_000, outcome="held", cost_usd=0.5),
    ]
    library = LazyLibrary(url)
    await library.write(
        [
            a_task("s_one", now - 2 * DAY_MS, name="draft.ipynb"),
            a_task(
                "s_two",
                now - DAY_MS,
                state="revealed",
                revealed_ms=1,
                created_ms=now - 3 * DAY_MS,
                events=[exported],
                hunts=hunts,
            ),
            a_task(
                "s_three",
                now - 9 * DAY_MS,
                name="old_*.ipynb",
                owner="bob",
                state="to_review",
                sealed=True,
                hunts=hunts,
            ),
        ]
    )
    await library.close()


@pytest.fixture
def library(tmp_path):
    asyncio.run(write_tasks(f"sqlite:///{tmp_path}/library.sqlite"))


def test_a_state_of_another_release_is_shown_and_nothing_fails(page, library, tmp_path, log_dir):
    with sqlite3.connect(tmp_path / "library.sqlite") as other_release:
        other_release.execute("UPDATE sessions SET state = 'frozen' WHERE session_id = 's_three'")
    write_log(log_dir, team_at_work(hunts=60, days=5, now=datetime.now(UTC)))
    test = page("team")
    assert not test.exception
    people = test.dataframe[0].value
    assert people[["person", "tasks", "unknown"]].values.tolist() == [["ada", 1, 0], ["bob", 1, 1]]
    assert f"for bob to {team.UNKNOWN_STEP}" in words(test)
    ages = team.ages_frame([OpenTasks("bob", "unknown", 3, 1, 0)])
    assert ages[ages["tasks"] > 0].values.tolist() == [["unknown", "7 to 30", 1]]


def metrics(test):
    return {one.label: one.value for one in test.metric}


def test_the_page_shows_what_waits_for_whom_and_what_was_delivered(page, library, log_dir):
    write_log(log_dir, team_at_work(hunts=60, days=5, now=datetime.now(UTC)))
    test = page("team")
    assert not test.exception
    found = metrics(test)
    assert [found[name] for name in ("Open tasks", "To review", "Delivered")] == ["2", "1", "1"]
    assert found["Cost per delivered task"] == "$0.7500"
    people = test.dataframe[0].value
    assert people[["person", "tasks", "draft", "to_review"]].values.tolist() == [["ada", 1, 1, 0], ["bob", 1, 0, 1]]
    assert "9 d 0 h, for bob to review the selection" in words(test)
    assert any(r"old\_\*\.ipynb" in one.value for one in test.caption), "names are not rendered as markdown"
    waiting = test.dataframe[1].value
    assert waiting[["person", "step", "task"]].values.tolist() == [
        ["bob", "review the selection", "old_*.ipynb"],
        ["ada", "check the reference response", "draft.ipynb"],
    ]


def test_differences_of_a_delivered_task_wait_though_no_task_is_open(page, tmp_path):
    now = int(time.time() * 1000)

    async def write():
        library = LazyLibrary(f"sqlite:///{tmp_path}/library.sqlite")
        settle = tuple(waits(name, "settle", now - 3 * DAY_MS) for name in ("ada", "eve"))
        exported = LibraryEvent("x", now, "ada", "exported")
        await library.write([a_task("s", now, state="revealed", revealed_ms=1, events=[exported], waiting=settle)])
        await library.close()

    asyncio.run(write())
    test = page("team")
    assert not test.exception
    people = test.dataframe[0].value
    assert people[["person", "tasks", "asked"]].values.tolist() == [["ada", 0, 1], ["eve", 0, 1]]
    assert "3 d 0 h, for ada to settle the differences" in words(test)


def test_nothing_of_a_sealed_task_but_its_state_is_shown(page, library):
    test = page("team")
    shown = " ".join([*(frame.value.to_csv() for frame in test.dataframe), words(test)])
    by_name = test.dataframe[-1].value.set_index("trainer")
    assert by_name.loc["ada", ["delivered", "per_task"]].tolist() == [1, 0.75]
    assert by_name.loc["bob", ["open", "delivered", "unpriced", "accepted"]].tolist() == [1, 0, 0, 0]
    assert by_name.loc["bob"].isna()["per_task"]
    assert "held" not in shown


def a_review(trainer, human, judge, outcome="broke", **more) -> ReviewRecord:
    made = {
        "session": "a", "run_id": "r", "hunt_id": "h", "notebook": "n", "task": "t", "model": "m", "judge_model": "j",
        "simulated": True, "blind": True, "judge_outcome": "broke", "human_outcome": outcome, "trainer": trainer,
        "human": human, "judge": judge,
    }  # fmt: skip
    return ReviewRecord(**(made | more))


PASSES, FAILS = {"C1": "PASS", "C2": "FAIL"}, {"C1": "FAIL", "C2": "FAIL"}


def test_accepted_breaks_and_agreement_by_trainer(log_dir):
    reviews = [
        a_review("ada", PASSES, PASSES),
        a_review("ada", PASSES, FAILS, "held", hunt_id="h2"),
        a_review("ada", PASSES, {"C1": "UNDETERMINED"}, hunt_id="h3", audit=True),
        a_review("", FAILS, FAILS, hunt_id="h4"),
    ]
    before_settling = (NOW - timedelta(minutes=1), a_review("ada", FAILS, PASSES, "held"))
    long_ago = (NOW - timedelta(days=40), a_review("bob", PASSES, PASSES))
    write_log(log_dir, [long_ago, before_settling, *((NOW, one) for one in reviews)])

    with TelemetryReader(log_dir) as reader:
        reader.refresh()
        found = team.review_counts(reader, NOW - timedelta(days=30))
    assert found == {"ada": ReviewCounts(accepted=1, reviewed=2, agreed=3, pairs=4), "": ReviewCounts(1, 1, 2, 2)}


def delivered(owner="ada", back_days=0.0, cost=1.0, **more) -> DeliveredTask:
    at = int((NOW - timedelta(days=back_days)).timestamp() * 1000)
    made = {
        "name": "n",
        "owner": owner,
        "created_ms": at - DAY_MS,
        "delivered_ms": at,
        "hunts": 1,
        "broke": 1,
        "cost_usd": cost,
        "unpriced": 0,
    }
    return DeliveredTask(**(made | more))


def test_deliveries_by_day_and_week_and_further_names_together():
    tasks = [delivered(f"p{n}") for n in range(7) for _ in range(9 - n)] + [delivered("p0", back_days=6.5)]
    frame = team.deliveries_frame(tasks, NOW, 7)
    assert frame["day"].nunique() == 7
    last = frame[frame["day"] == "2026-11-24"].set_index("trainer")["tasks"].to_dict()
    assert last == {"p0": 9, "p1": 8, "p2": 7, "p3": 6, "p4": 5, "others": 7}
    assert frame[frame["day"] == "2026-11-18"].set_index("trainer")["tasks"]["p0"] == 1
    assert team.deliveries_frame(tasks, NOW, 90)["day"].nunique() == 13
    assert frame["tasks"].sum() == team.deliveries_frame(tasks, NOW, 90)["tasks"].sum() == len(tasks)


def test_the_cost_per_task_counts_unknown_costs_as_unknown():
    assert team.cost_per_task([]) is None
    assert team.cost_per_task([delivered(cost=None)]) is None
    assert team.cost_per_task([delivered(cost=1.0), delivered(cost=0.5)]) == 0.75
    overview = TeamOverview((OpenTasks("bob", "draft", 0, 3, 1),), (), (delivered(cost=None, unpriced=2),))
    rows = team.by_trainer(overview, {"cy": ReviewCounts(1, 2, 3, 4)}).set_index("trainer")
    assert rows["unpriced"].to_dict() == {"ada": 2, "bob": 0, "cy": 0}
    assert rows["open"].to_dict() == {"ada": 0, "bob": 3, "cy": 0}
    assert rows.loc["cy", ["accepted", "agreement"]].tolist() == [1, 0.75]
    assert rows.loc["ada", "days"] == 1.0


@pytest.mark.parametrize(
    ("url", "why"), [("off", "has no library"), ("sqlite:////nowhere/l.sqlite", "its file cannot be opened")]
)
def test_why_the_library_cannot_be_read_is_said(url, why):
    with pytest.raises(NoTeam, match=why) as error:
        read_team(url, NOW, NOW)
    assert "LIBRARY_URL" in error.value.message + error.value.hint


def test_without_a_library_the_reviews_are_still_shown(page, log_dir):
    write_log(log_dir, [(datetime.now(UTC), a_review("ada", PASSES, PASSES))])
    test = page("team")
    assert "The library cannot be read" in test.warning[0].value
    assert test.dataframe[0].value.set_index("trainer").loc["ada", "accepted"] == 1


def test_postgresql(postgres_server):
    url = postgres_server.new_database()
    asyncio.run(write_tasks(url))
    now = datetime.now(UTC)
    assert len(read_team(url, now, now - timedelta(days=30)).waiting) == 2
