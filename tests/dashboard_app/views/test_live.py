"""The live page: API healthy, degraded, unreachable, with invalid responses, and recovered."""

import copy
from datetime import UTC, datetime

import streamlit as st

from core.telemetry.records import ProcessRecord
from dashboard_app import data
from tests.dashboard_app.fake_status import STATUS
from tests.dashboard_app.helpers import words
from tests.dashboard_app.records_made_up import write_log


def test_a_healthy_api_shows_its_numbers(page, api):
    test = page("live")
    assert not test.exception
    assert "Healthy" in words(test)
    assert "api-1, version 0.1.0 (9f2c1ab), up 3 h 12 min, Redis connected" in words(test)
    assert {metric.label: (metric.value, metric.delta) for metric in test.metric} == {
        "Sessions": ("42", "in redis"),
        "Active runs": ("5", "206 finished"),
        "Hunts in flight": ("24", "1,630 done"),
        "Breaks": ("402", "1,130 held"),
        "Event streams": ("37", "of 2,000"),
        "Telemetry": ("9,120", "0 dropped"),
    }
    rows = test.dataframe[0].value
    assert list(rows["provider"]) == ["openai", "openrouter", "simulated", "fireworks"]
    assert list(rows["in_flight"]) == ["6 / 8", "6 / 6", "2 / 8", "0 / 4"]
    assert list(rows["state"])[3] == "not usable: no key: set FIREWORKS_API_KEY"


def test_a_degraded_api_says_why_and_what_is_lost(page, api):
    api.body = copy.deepcopy(STATUS)
    api.body["health"] = {"status": "degraded", "reason": "Redis is gone; sessions are kept in *memory*."}
    api.body["telemetry"] = {"queued": 9, "written": 1, "dropped": 4, "failed": 2}
    api.body["bugs"] = 1
    said = words(page("live"))
    for expected in ("Degraded", "kept in *memory*", "4 telemetry records dropped", "2 times", "1 internal error"):
        assert expected in said


def test_a_silent_api_says_what_to_do_and_recovers_by_itself(page, api):
    api.status = 503
    test = page("live")
    assert not test.exception
    assert "The API is not answering" in words(test)
    assert "status 503" in words(test)
    assert "stay usable" in words(test)
    api.status = 200
    st.cache_resource.clear()
    test.run()
    assert "Healthy" in words(test)
    assert "not answering" not in words(test)


def test_budgets_show_what_is_left_fullest_first(page, api):
    state = {
        "spent_usd": 1.0,
        "reserved_usd": 0.25,
        "left_usd": 3.75,
        "limit_usd": 5.0,
        "unknown_calls": 0,
        "shared": True,
    }
    api.body = copy.deepcopy(STATUS)
    api.body["budgets"] = [
        {"kind": "account", "name": "openai", **state},
        {
            "kind": "user",
            "name": "alice",
            **state,
            "spent_usd": 5.5,
            "reserved_usd": 0.0,
            "left_usd": 0.0,
            "unknown_calls": 3,
        },
    ]
    test = page("live")
    assert not test.exception
    assert "Budgets today" in words(test)
    rows = test.dataframe[1].value
    assert list(rows["whose"]) == ["alice", "account openai"]
    assert list(rows["fill"]) == [100.0, 25.0]
    assert list(rows["left"]) == ["$0.00", "$3.75"]
    assert list(rows["unknown"]) == [3, 0]


def test_nobody_at_the_address(page):
    test = page("live")
    assert not test.exception
    assert "Couldn't connect to http://127.0.0.1:9." in words(test)
    assert "make run" in words(test)


def test_fields_of_a_newer_api_are_no_harm_and_those_that_lack_neither(page, api):
    api.body = {
        "instance": "x",
        "version": "9",
        "health": {"status": "healthy", "since": 3},
        "sessions": {"backend": "memory", "count": 0},
        "weather": "fine",
    }
    test = page("live")
    assert not test.exception
    assert "Healthy" in words(test)
    assert "reports no providers" in words(test)


def test_two_instances_behind_a_balancer_are_distinguished(page, api):
    test = page("live")
    api.body = {**STATUS, "instance": "api-2"}
    st.cache_resource.clear()
    test.run()
    assert "2 instances responded" in words(test)


def test_the_adaptive_limit_the_journal_and_the_processes_are_shown_if_reported(page, api):
    api.body = copy.deepcopy(STATUS)
    moved = {"ceiling": 8, "limit": 4, "limit_reason": "rate limited", "limit_changed_at": "2026-11-24T12:03:00Z"}
    api.body["providers"][0] |= moved
    api.body["redis"] = {"configured": True, "connected": False, "sessions_away": 2, "journal_bytes": 1_500_000}
    api.body["library"] = {
        "configured": True, "available": False, "reason": "Its disk is full.", "waiting": 3, "behind_s": 125.0,
        "journal_bytes": 2_000_000, "rejected": 1,
    }  # fmt: skip
    api.body["instances"] = [{"instance": "api-1", "version": "1", "hunts": 3}, {"instance": "api-2", "version": "1"}]
    test = page("live")
    assert not test.exception
    assert "Limits below the configured ones: openai 4 of 8 at 12:03:00: rate limited." in words(test)
    assert "2 sessions in memory and in the journal (1.5 MB)" in words(test)
    assert "3 sessions in memory, 2.0 MB in the journal. Its disk is full." in words(test)
    assert "The library's database rejected changes of 1 session." in words(test)
    assert list(test.dataframe[1].value["instance"]) == ["api-1", "api-2"]


def test_a_raised_alarm_stands_on_the_live_page(page, api, log_dir, monkeypatch):
    write_log(log_dir, [(datetime.now(UTC), ProcessRecord(action="stopped", instance="i", version="v", dropped=7))])
    test = page("live")
    assert "Telemetry records lost: 7 records in 24 hours" in words(test)
    assert "The API is healthy and accepts work; 1 alarm raised." in [
        info.value.replace("**", "") for info in test.info
    ]
    assert len(test.success) == 0


def test_a_log_that_cannot_be_read_does_not_take_the_live_page_along(page, api, log_dir, monkeypatch):
    def denied() -> None:
        raise PermissionError(13, "Permission denied", str(log_dir))

    monkeypatch.setattr(data, "telemetry", denied)
    test = page("live")
    assert not test.exception
    assert "Healthy" in words(test)
