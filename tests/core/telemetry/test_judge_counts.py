"""Verdicts are counted per judge as a plain reading of the log counts them, and sealed ones not before the reveal."""

from collections import Counter
from datetime import timedelta

import pytest

from core.telemetry.judge_counts import AgainstPeople, AskedAgain, JudgeKey, SharedErrors, VerdictUsage, count_verdicts
from core.telemetry.reader import TelemetryReader
from core.telemetry.records import HuntRecord, ReviewRecord
from tests.core.telemetry.judged_log import (
    FIRST,
    LIKE_FIRST,
    PROMPT,
    SECOND,
    START,
    hunted,
    judged_later,
    judged_log,
    reviewed,
)
from tests.dashboard_app.records_made_up import write_log

GIVEN = ("PASS", "FAIL")
FIRST_KEY, SECOND_KEY, LIKE_KEY = (JudgeKey(model, PROMPT, "") for model in (FIRST, SECOND, LIKE_FIRST))


@pytest.fixture
def counted(tmp_path):
    def count(*records, entries=()):
        write_log(tmp_path, [*((START, record) for record in records), *entries])
        with TelemetryReader(tmp_path) as reader:
            reader.refresh()
            return count_verdicts(reader)

    return count


@pytest.fixture
def plain():
    """(entries, people's verdicts, each judge's first verdicts, those of the first judge asked again)."""
    entries = sorted(judged_log(), key=lambda entry: entry[0])
    people, given, again = {}, {FIRST: {}, SECOND: {}, LIKE_FIRST: {}}, {}
    for _, record in entries:
        if isinstance(record, HuntRecord):
            given[FIRST] |= {(record.hunt_id, c): verdict for c, verdict in record.verdicts.items()}
        elif isinstance(record, ReviewRecord):
            people |= {(record.hunt_id, c): verdict for c, verdict in record.human.items()}
        else:
            kept = again if record.judge_model == FIRST else given[record.judge_model]
            kept[record.hunt_id, record.criterion] = record.verdict
    return entries, people, given, again


@pytest.mark.parametrize("model", [FIRST, SECOND])
def test_the_counts_are_those_of_a_plain_reading_of_the_log(counted, plain, model):
    entries, people, given, _ = plain
    found = counted(entries=entries).people[JudgeKey(model, PROMPT, "")]
    cells = Counter((people[item], verdict) for item, verdict in given[model].items())
    assert found[:4] == tuple(cells[human, judge] for human in ("FAIL", "PASS") for judge in ("FAIL", "PASS"))
    assert found.unusable == sum(verdict == "UNDETERMINED" for verdict in given[model].values())
    assert (found.replies, found.opinions) == (60, 0)


def test_second_opinions_are_counted_apart(counted, plain):
    entries, people, given, _ = plain
    found = counted(entries=entries).people[LIKE_KEY]
    usable = {item: verdict for item, verdict in given[LIKE_FIRST].items() if verdict in GIVEN}
    agreed = sum(people[item] == verdict for item, verdict in usable.items())
    assert found == AgainstPeople(opinions=len(usable), opinions_agreed=agreed)


def test_shared_errors_are_those_on_the_criteria_that_both_judged(counted, plain):
    entries, people, given, _ = plain
    wrong = {
        model: {item: verdict != people[item] for item, verdict in of_one.items() if verdict in GIVEN}
        for model, of_one in given.items()
    }
    expected = set()
    for one, other in ((SECOND, FIRST), (SECOND, LIKE_FIRST), (FIRST, LIKE_FIRST)):
        errors = [(wrong[one][item], wrong[other][item]) for item in wrong[one].keys() & wrong[other].keys()]
        cells = (len(errors), sum(a for a, _ in errors), sum(b for _, b in errors), errors.count((True, True)))
        expected.add(SharedErrors(JudgeKey(one, PROMPT, ""), JudgeKey(other, PROMPT, ""), *cells))
    assert set(counted(entries=entries).pairs) == expected


def test_drift_compares_the_first_verdict_with_the_latest(counted, plain):
    entries, people, given, again = plain
    first = given[FIRST]
    right = [(first[item] == people[item], word == people[item]) for item, word in again.items()
             if {first[item], word} <= set(GIVEN)]  # fmt: skip
    drift = counted(entries=entries).drift
    pairs = ((True, True), (True, False), (False, True), (False, False))
    assert drift.keys() == {FIRST_KEY}
    assert drift[FIRST_KEY][:4] == tuple(right.count(pair) for pair in pairs)


def test_what_a_judge_costs_and_how_often_it_gives_no_verdict(counted):
    counts = counted(
        hunted(1, {"C1": "PASS", "C2": "UNDETERMINED", "C3": "MISSING"}, verdict_usd=0.001, verdict_ms=100),
        hunted(2, {"C1": "PASS"}, verdict_usd=0.004, verdict_ms=300),
        hunted(3, {"C1": "PASS"}, verdict_usd=None, verdict_ms=None),
        hunted(4, {}, outcome="error"),
        judged_later(2, "C1", "UNDETERMINED", "again", blind=False, verdict_usd=None, verdict_ms=200),
    )
    assert counts.usage == {FIRST_KEY: VerdictUsage(5, 2, pytest.approx(0.002), 200)}


def test_verdicts_of_a_blind_session_count_only_once_a_review_is_in_the_log(counted):
    sealed = (hunted(1, {"C1": "FAIL"}, blind=True), judged_later(1, "C1", "PASS", "again"))
    assert counted(*sealed) == ({}, {}, {}, {}, ())
    counts = counted(reviewed(1, {"C1": "FAIL"}, {"C1": "PASS"}))
    assert counts.usage[FIRST_KEY].verdicts == 2
    assert counts.again == {FIRST_KEY: AskedAgain(1, 1)}
    assert counts.people == {FIRST_KEY: AgainstPeople(both_fail=1, blind=1, replies=1)}


def test_identical_replies_are_the_same_judge_asked_again_within_one_task_and_prompt(counted):
    counts = counted(
        hunted(1, {"C1": "FAIL", "C2": "PASS"}, reply_mark="x"),
        hunted(2, {"C1": "PASS", "C2": "PASS"}, reply_mark="x"),
        hunted(3, {"C1": "FAIL", "C2": "FAIL"}, reply_mark="x", task="other"),
        hunted(4, {"C1": "FAIL", "C2": "FAIL"}, reply_mark="x", judge_prompt="other"),
    )
    assert counts.again == {FIRST_KEY: AskedAgain(2, 1)}


def test_a_log_of_an_older_version_has_a_judge_with_an_unknown_prompt(counted):
    old = {"judge_prompt": "", "judge_model": "old/judge"}
    counts = counted(
        hunted(1, {"C1": "FAIL"}, **old), reviewed(1, {"C1": "FAIL"}, {"C1": "FAIL"}, **old),
        hunted(2, {"C1": "FAIL"}, judge_prompt=""), reviewed(2, {"C1": "PASS"}, {"C1": "FAIL"}),
    )  # fmt: skip
    assert counts.people == {
        JudgeKey("old/judge", "", ""): AgainstPeople(both_fail=1, blind=1, replies=1),
        FIRST_KEY: AgainstPeople(only_judge_fails=1, blind=1, replies=1),
    }


def test_a_verdict_that_another_judge_gave_is_that_judges(counted):
    counts = counted(
        reviewed(1, {"C1": "FAIL", "C2": "FAIL"}, {"C1": "FAIL", "C2": "PASS"}, other_judges={"C2": SECOND},
                 judge_parameters='{"seed":1}'),
    )  # fmt: skip
    assert counts.people == {
        JudgeKey(FIRST, PROMPT, '{"seed":1}'): AgainstPeople(both_fail=1, blind=1, replies=1),
        SECOND_KEY: AgainstPeople(only_people_fail=1, blind=1, replies=1),
    }


def test_a_review_that_two_processes_recorded_counts_once_and_filters_apply_to_all(counted, tmp_path):
    review = reviewed(1, {"C1": "FAIL"}, {"C1": "FAIL"})
    counts = counted(hunted(1, {"C1": "FAIL"}), review, review, hunted(2, {"C1": "FAIL"}, notebook="other"))
    assert counts.people[FIRST_KEY].both_fail == 1
    assert counts.usage[FIRST_KEY].verdicts == 2
    with TelemetryReader(tmp_path) as reader:
        reader.refresh()
        of_one = count_verdicts(reader, "notebook = $notebook", {"notebook": "other"})
    assert (of_one.people, of_one.usage[FIRST_KEY].verdicts) == ({}, 1)


def test_the_last_review_of_a_hunt_counts_because_differences_are_settled_later(counted):
    settled = (START + timedelta(hours=1), reviewed(1, {"C1": "PASS"}, {"C1": "FAIL"}))
    counts = counted(hunted(1, {"C1": "FAIL"}), reviewed(1, {"C1": "FAIL"}, {"C1": "FAIL"}), entries=[settled])
    found = counts.people[FIRST_KEY]
    assert (found.both_fail, found.only_judge_fails) == (0, 1)
