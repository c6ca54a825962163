"""The same break on two upstreams: same target and failed criteria."""

from core.domain.chat import Reply
from core.domain.parameters import Parameters
from core.domain.verdict import Outcome, Verdict
from core.review.upstreams import SameBreak, same_breaks
from tests.builders import a_hunt, a_verdict


def broken(number, upstream, failed=("C1",), outcome=Outcome.BROKE, **changes):
    verdicts = tuple(
        a_verdict(f"C{n}", verdict=Verdict.FAIL if f"C{n}" in failed else Verdict.PASS) for n in range(1, 4)
    )
    reply = Reply(text="x", upstream=upstream)
    return a_hunt(number=number, reply=reply, verdicts=verdicts, outcome=outcome, **changes)


def test_the_same_failed_criteria_on_two_upstreams_are_one_break():
    hunts = [broken(1, "South"), broken(2, "North"), broken(3, "South"), broken(4, "East", failed=("C2",))]
    ids = tuple(hunt.hunt_id for hunt in hunts)
    assert same_breaks(hunts) == (SameBreak(ids[:3], ("North", "South")),)


def test_other_targets_do_not_count():
    assert same_breaks([broken(1, "North"), broken(2, "South", parameters=Parameters(seed=7))]) == ()


def test_what_held_and_what_names_no_upstream_does_not_count():
    assert same_breaks([broken(1, "North"), broken(2, "South", outcome=Outcome.HELD), broken(3, "")]) == ()
