"""A run's arithmetic."""

from core.hunt.run import FailureStreak
from tests.builders import a_run


def test_what_ends_while_a_run_is_being_stopped_does_not_change_why():
    streak = FailureStreak(2)
    assert [streak.note(code) for code in ("timeout", "timeout", None, "busy")] == [False, True, True, True]
    assert streak.reason == "The last 2 hunts all failed with the same cause: timeout."


def test_a_reply_between_failures_ends_their_streak():
    streak = FailureStreak(2)
    assert [streak.note(code) for code in ("timeout", None, "timeout", "busy")] == [False] * 4


def test_a_hunt_that_never_began_is_known_to_be_simulated():
    run = a_run(models=("simulated/hasty", "openrouter/a/simulated-one"), hunts=2)
    assert [run.hunt(index).simulated for index in range(2)] == [True, False]
