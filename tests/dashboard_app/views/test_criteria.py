"""Criteria against the log's lines."""

from collections import Counter
from itertools import permutations

import pytest

from dashboard_app.filter_conditions import Choice, Period
from dashboard_app.views import criteria
from tests.dashboard_app.helpers import ALL, records
from tests.dashboard_app.records_made_up import NOTEBOOKS, NOW, TEXTS, task_of, write_log


def test_criteria_are_counted_within_their_task_only(reader, hunts):
    for notebook in NOTEBOOKS:
        verdicts = [h["verdicts"] for h in hunts if h["task"] == task_of(notebook) and h["verdicts"]]
        shown = criteria.difficulty(reader, ALL, task_of(notebook))
        for row in shown.to_dict("records"):
            given = Counter(v[row["criterion"]] for v in verdicts)
            assert (row["failed"], row["judged"], row["undetermined"]) == (
                given["FAIL"],
                given["PASS"] + given["FAIL"],
                given["UNDETERMINED"],
            )
            assert row["text"] == TEXTS[row["criterion"]]
        assert set(shown["criterion"]) == {c for v in verdicts for c in v}
        assert list(shown["share"]) == sorted(shown["share"], reverse=True)


def test_overturned_are_the_votes_pass_on_fails_of_hunts_whose_verdicts_may_be_shown(reader, log_dir, hunts):
    reviewed = {r["hunt_id"] for r in records(log_dir, "review")}
    task = task_of(NOTEBOOKS[0])
    votes = [
        (criterion, vote)
        for h in hunts
        if h["task"] == task and (not h["blind"] or h["hunt_id"] in reviewed)
        for given in h["votes"].values()
        for criterion, vote in given.items()
        if h["verdicts"][criterion] == "FAIL"
    ]
    rows = criteria.difficulty(reader, ALL, task).to_dict("records")
    asked, passed = Counter(c for c, _ in votes), Counter(c for c, vote in votes if vote == "PASS")
    assert sum(passed.values()) > 0
    assert {r["criterion"]: (r["asked"], r["overturned"]) for r in rows} == {c: (asked[c], passed[c]) for c in TEXTS}


def test_failing_together(reader, hunts):
    task = task_of(NOTEBOOKS[0])
    failed = [{c for c, v in h["verdicts"].items() if v == "FAIL"} for h in hunts if h["task"] == task]
    rows = criteria.together(reader, ALL, task).to_dict("records")
    shown = {(row["first"], row["second"]): (row["both"], row["failed"]) for row in rows}
    expected = {
        (a, b): (sum({a, b} <= one for one in failed), sum(a in one for one in failed))
        for a, b in permutations(TEXTS, 2)
    }
    assert shown == {pair: counts for pair, counts in expected.items() if counts[0]}
    assert all(row["share"] == pytest.approx(row["both"] / row["failed"]) for row in rows)


def test_tasks_with_few_judged_hunts_are_not_offered(reader, hunts):
    judged = Counter(h["task"] for h in hunts if h["verdicts"])
    assert {seen.task: seen.judged for seen in criteria.judged_tasks(reader, ALL)} == judged
    assert criteria.judged_tasks(reader, Choice(NOW, Period.HOUR)) == []


def test_logs_from_before_are_grouped_by_their_notebook(log_dir, entries, reader):
    old = [
        (at, r.model_copy(update={"task": "", "hunt_id": f"old_{r.hunt_id}"}))
        for at, r in entries
        if hasattr(r, "outcome")
    ]
    write_log(log_dir, old, instance="old")
    reader.refresh()
    assert {seen.task for seen in criteria.judged_tasks(reader, ALL)} >= set(NOTEBOOKS)
