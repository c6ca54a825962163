"""Hunts by hour and trainer against the log's lines."""

from collections import Counter

from dashboard_app.views import activity
from tests.dashboard_app.helpers import ALL, hunts_only, words
from tests.dashboard_app.records_made_up import write_log


def test_hours_of_the_week_and_trainers(reader, hunts):
    shown = activity.by_hour(reader, ALL)
    assert len(shown) == 168
    assert {(r["weekday"], r["hour"]): r["hunts"] for r in shown.to_dict("records") if r["hunts"]} == Counter(
        (h["ts"].strftime("%a"), h["ts"].hour) for h in hunts
    )
    rows = activity.by_trainer(reader, ALL).to_dict("records")
    assert {row["trainer"]: row["hunts"] for row in rows} == Counter(h["trainer"] for h in hunts if h["trainer"])


def test_trainers_are_shown_and_hunts_without_a_name_are_counted_apart(page, log_dir):
    hunts = hunts_only(hunts=120)
    write_log(log_dir, hunts)
    by_name = Counter(hunt.trainer for _, hunt in hunts)
    nameless = by_name.pop("")
    test = page("activity", period="all")
    shown = test.dataframe[0].value
    assert dict(zip(shown["trainer"], shown["hunts"], strict=True)) == by_name
    assert f"{nameless} hunts of sessions without a name" in words(test)


def test_without_names_the_activity_page_says_why(page, log_dir):
    write_log(log_dir, [(at, hunt.model_copy(update={"trainer": ""})) for at, hunt in hunts_only(hunts=40)])
    assert "No matching session has a trainer's name" in words(page("activity", period="all"))
    assert "HUNTER_TOKENS" in words(page("activity", period="all"))
