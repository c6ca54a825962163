"""A run's arithmetic."""

import pytest

from core.domain.verdict import Outcome, Verdict
from core.hunting.run_plan import FailureStreak, JudgeFailureStreak, active_hunts_of, shares
from tests.builders import a_finished_hunt, a_run, a_verdict


def test_what_ends_while_a_run_is_being_stopped_does_not_change_why():
    streak = FailureStreak(2)
    assert [streak.record(code) for code in ("timeout", "timeout", None, "busy")] == [False, True, True, True]
    assert streak.reason == "The last 2 hunts all failed with the same cause: timeout."


def test_a_reply_between_failures_ends_their_streak():
    streak = FailureStreak(2)
    assert [streak.record(code) for code in ("timeout", None, "timeout", "busy")] == [False] * 4


def test_a_hunt_that_never_began_is_known_to_be_simulated():
    run = a_run(models=("simulated/hasty", "openrouter/a/simulated-one"), hunts=2)
    assert [run.hunt(index).simulated for index in range(2)] == [True, False]


def undecided(*errors, **changes):
    verdicts = tuple(
        a_verdict(f"C{n}", Verdict.UNDETERMINED if error is not None else Verdict.PASS, error=error or "")
        for n, error in enumerate(errors, 1)
    )
    return a_finished_hunt(1, Outcome.UNDETERMINED, verdicts=verdicts, **changes)


NO_KEY = undecided("unauthorized", "unauthorized", "unauthorized")


@pytest.mark.parametrize(
    ("hunts", "stops"),
    [
        ([NO_KEY] * 3, True),
        ([NO_KEY] * 2, False),
        ([NO_KEY, a_finished_hunt(2), NO_KEY, NO_KEY], False),
        ([NO_KEY, undecided("too_large", "too_large", "too_large"), NO_KEY, NO_KEY], False),
        ([undecided(None, "refused", None)] * 3, True),
        ([undecided("", "", "")] * 3, True),
        ([undecided(None, "", None)] * 3, False),
        ([undecided("cancelled", "cancelled")] * 3, False),
        ([a_finished_hunt(1, Outcome.HELD, verdicts=undecided(None, "refused", None).verdicts)] * 3, False),
        ([NO_KEY, a_finished_hunt(1, Outcome.ERROR, verdicts=()), NO_KEY, NO_KEY], True),
        ([undecided("overloaded", "overloaded")] * 9, False),
    ],
)
def test_a_judge_that_leaves_replies_undecided_for_one_cause_stops_the_run(hunts, stops):
    streak = JudgeFailureStreak("told/judge", 3, 60.0)
    assert bool([streak.add(hunt, 0.0) for hunt in hunts][-1]) is stops


@pytest.mark.parametrize(("lasted_s", "stops"), [(59.0, False), (60.0, True)])
def test_a_temporary_cause_stops_only_when_it_has_lasted(lasted_s, stops):
    streak, away = JudgeFailureStreak("told/judge", 3, 60.0), undecided("unreachable", "unreachable")
    assert [streak.add(away, 100.0), streak.add(away, 110.0)] == ["", ""]
    assert bool(streak.add(away, 100.0 + lasted_s)) is stops


def test_the_reason_names_judge_and_cause_and_holds_no_words_of_the_judge_model():
    def why(code, words):
        verdict = a_verdict("C1", Verdict.UNDETERMINED, error=code, reason=words)
        return JudgeFailureStreak("told/judge", 1, 0.0).add(
            a_finished_hunt(1, Outcome.UNDETERMINED, verdicts=(verdict,)), 0.0
        )

    told = why("unauthorized", "The judge's call failed: told did not accept the key (401).")
    assert "told/judge" in told
    assert "unauthorized. The judge's call failed: told did not accept the key (401)." in told
    assert "C1 fails" not in why("refused", "I will not say that C1 fails.")
    assert "C1 fails" not in why("", "C1 fails.")


def test_few_hunts_of_an_adaptive_run_are_in_progress():
    models = tuple(f"told/{n}" for n in range(6))
    found = [
        active_hunts_of(a_run(hunts, models=models[:n], allocation="adaptive"), 100)
        for hunts, n in ((8, 2), (8, 6), (64, 2))
    ]
    assert found == [4, 6, 8]
    assert active_hunts_of(a_run(64, models=models, allocation="adaptive"), 3) == 3
    assert active_hunts_of(a_run(64, models=models), 100) == 100


def test_hunts_are_grouped_by_account_but_those_of_an_adaptive_run_begin_in_their_order():
    models = ("one/a", "two/b")
    accounts = {"one/a": "one", "two/b": "two"}
    assert shares(a_run(4, models=models), accounts, range(4)) == {"one": [0, 2], "two": [1, 3]}
    assert shares(a_run(4, models=models, allocation="adaptive"), accounts, range(1, 4)) == {"": [1, 2, 3]}
