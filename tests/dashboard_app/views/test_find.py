"""The search for hunts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.domain.verdict import Outcome
from dashboard_app import data
from dashboard_app.queries import find_in_replies
from dashboard_app.views import find
from dashboard_app.views.find import Search
from tests.dashboard_app.helpers import ALL, hunts_only, words
from tests.dashboard_app.records_made_up import MODELS, team_at_work, write_log


@pytest.mark.parametrize(
    "word", ["", "TRAIN-TIME", "timeout", "budget while", "CHECKED twice", "no such word", "%", "'; DROP"]
)
@pytest.mark.parametrize("outcome", [None, Outcome.BROKE])
def test_find_looks_in_every_text_and_shows_all_of_it_page_by_page(reader, hunts, word, outcome):
    texts = ("session", "hunt_id", "run_id", "notebook", "model", "error", "error_message", "reply", "trainer")
    expected = [
        h
        for h in hunts
        if (not word or any(word.lower() in (h[text] or "").lower() for text in texts))
        and outcome in (None, h["outcome"])
    ]
    search = Search(ALL, word, outcome)
    search = replace(search, in_replies=find_in_replies(reader, search.wanted, None))
    assert find.count_found(reader, search) == len(expected)
    pages = [find.find_hunts(reader, search, page=page, page_hunts=40) for page in range(1, 10)]
    shown = [hunt_id for page in pages for hunt_id in page["hunt_id"]]
    newest_first = sorted(expected, key=lambda h: (h["ts"], h["hunt_id"]), reverse=True)
    assert shown == [h["hunt_id"] for h in newest_first]


def test_what_is_chosen_is_shown_be_it_in_the_address_or_on_the_page(page, log_dir):
    write_log(log_dir, team_at_work(hunts=300, now=datetime.now(UTC)))
    test = page("find", period="all", model=MODELS[0].name)
    assert set(test.dataframe[0].value["model"]) == {MODELS[0].name}
    everything = page("find", period="all")
    everything.selectbox(key="task").select("tax-table.ipynb").run()
    assert set(everything.dataframe[0].value["notebook"]) == {"tax-table.ipynb"}
    everything.selectbox(key="outcome").select("broke").run()
    assert set(everything.dataframe[0].value["outcome"]) == {"✗ broke"}


@pytest.mark.parametrize(
    "query", [{"period": "never"}, {"model": "gone/away"}, {"origin": "<script>"}, {"page": "x"}, {"outcome": "\x00"}]
)
def test_an_address_with_nonsense_shows_everything(page, log_dir, query):
    write_log(log_dir, team_at_work(hunts=40, days=1, now=datetime.now(UTC)))
    test = page("find", **query)
    assert not test.exception
    assert "40 hunts found" in words(test)


def test_nothing_of_the_judge_but_the_outcome_is_in_a_list_of_hunts(page, log_dir):
    write_log(log_dir, team_at_work(hunts=20, now=datetime.now(UTC)))
    columns = set(page("find", period="all").dataframe[0].value.columns)
    assert not columns & {"verdicts", "passed", "criteria"}


def test_a_link_to_what_only_older_days_hold_waits_for_them(page, older_days_wait, log_dir):
    (hunt,) = (hunt for _, hunt in hunts_only(hunts=1, seed=9))
    old = hunt.model_copy(update={"notebook": "long-ago.ipynb", "hunt_id": "h_old"})
    write_log(log_dir, [(datetime.now(UTC) - timedelta(days=9, hours=1), old)], instance="api-2")
    test = page("find", period="all", task="long-ago.ipynb")
    assert "still being read" in words(test)
    assert "No hunts match" in words(test)
    older_days_wait.set()
    assert data.followed().wait(60)
    test.run()
    assert test.selectbox(key="task").value == "long-ago.ipynb"
    assert "1 hunt found" in words(test)


def test_a_hunt_is_found_by_the_end_of_its_reply(page, log_dir):
    hunts = hunts_only(hunts=60)
    write_log(log_dir, hunts)
    told = [hunt.hunt_id for _, hunt in hunts if "checked twice" in hunt.reply]
    assert f"{len(told)} hunts found" in words(page("find", period="all", q="Checked Twice"))


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"outcome": "error", "error": "output_limit", "error_message": "spent it all", "cut_off": True},
         "output limit: spent it all"),
        ({"outcome": "error", "error": "rate_limited", "error_message": None}, "rate limited"),
        ({"outcome": "held", "error": None, "error_message": None, "cut_off": True}, "cut off at its output limit"),
    ],
)  # fmt: skip
def test_find_names_the_cause(page, log_dir, changes, cause):
    (hunt,) = (hunt for _, hunt in hunts_only(hunts=1, seed=9))
    write_log(log_dir, [(datetime.now(UTC), hunt.model_copy(update=changes))])
    assert list(page("find", period="all").dataframe[0].value["cause"]) == [cause]


def test_find_has_no_column_for_causes_when_nothing_has_one(page, log_dir):
    (hunt,) = (hunt for _, hunt in hunts_only(hunts=1, seed=9))
    fine = {"outcome": "held", "error": None, "error_message": None, "cut_off": False}
    write_log(log_dir, [(datetime.now(UTC), hunt.model_copy(update=fine))])
    shown = page("find", period="all").dataframe[0].value
    assert list(shown["outcome"]) == ["✓ held"]
    assert "cause" not in shown
