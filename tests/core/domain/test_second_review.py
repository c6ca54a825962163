import pytest

from core.domain.second_review import SecondReview, SettledVerdict
from core.domain.verdict import Verdict
from tests.builders import NOW, a_review, a_run, a_session


def settled(criterion_id="C1", verdict=Verdict.PASS, hunt_id="r_one.1") -> SettledVerdict:
    return SettledVerdict(hunt_id=hunt_id, criterion_id=criterion_id, verdict=verdict, by="bob", at=NOW)


def a_second_review(*reviews, done=True, **changes) -> SecondReview:
    made = {
        "reviewer": "bob", "asked_by": "alice", "asked_at": NOW, "hunt_ids": ("r_one.1", "r_one.2"), "reviews": reviews,
        "done_at": NOW if done else None,
    }  # fmt: skip
    return SecondReview(**(made | changes))


def reviewed_session(second: SecondReview, revealed=True, first=("FFF", "FFF")):
    return a_session(
        owner="alice",
        runs=(a_run(),),
        reviews=tuple(a_review(f"r_one.{n}", said) for n, said in enumerate(first, 1)),
        second_review=second,
        revealed_at=NOW if revealed else None,
    )


def test_a_person_settles_on_pass_or_fail():
    with pytest.raises(ValueError, match="PASS or FAIL"):
        settled(verdict=Verdict.UNDETERMINED)


@pytest.mark.parametrize(("done", "revealed", "both"), [(True, True, True), (True, False, False), (False, True, False)])
def test_both_are_done_when_the_second_says_so_and_the_first_has_revealed(done, revealed, both):
    second = a_second_review(done=done, settled=(settled(),))
    session = reviewed_session(second, revealed)
    assert session.both_reviewed is both
    final = session.final_review("r_one.1")
    assert final.by_criterion["C1"] is (Verdict.PASS if both else Verdict.FAIL)
    assert session.settled_criteria("r_one.1") == (("C1",) if both else ())


def test_the_final_review_has_the_first_ones_verdicts_and_the_settled_ones():
    session = reviewed_session(a_second_review(settled=(settled("C2"), settled("C3", hunt_id="r_one.2"))))
    assert [verdict.value for _, verdict in session.final_review("r_one.1").verdicts] == ["FAIL", "PASS", "FAIL"]
    assert [verdict.value for _, verdict in session.final_review("r_one.2").verdicts] == ["FAIL", "FAIL", "PASS"]
    assert session.review("r_one.1") == a_review("r_one.1", "FFF")
    assert session.final_review("r_one.3") is None


def test_the_second_ones_review_is_found_by_its_hunt():
    second = a_second_review(a_review("r_one.1"), a_review("r_one.2", said="PPP"))
    assert second.review("r_one.2") == a_review("r_one.2", said="PPP")
    assert second.review("r_one.3") is None


@pytest.mark.parametrize(
    ("second", "waits"), [(None, False), (a_second_review(done=False), True), (a_second_review(), False)]
)
def test_a_session_waits_for_a_second_review_until_it_is_done(second, waits):
    assert reviewed_session(second).waits_for_second_review is waits


def test_without_a_second_review_the_first_one_counts_and_nothing_is_settled():
    session = reviewed_session(None)
    assert not session.both_reviewed
    assert session.final_review("r_one.1") == a_review("r_one.1", "FFF")
    assert session.settled_criteria("r_one.1") == ()


def test_a_review_that_nothing_changed_is_the_first_ones_and_settled_criteria_are_sorted():
    session = reviewed_session(a_second_review(settled=(settled("C3"), settled("C2", Verdict.FAIL))))
    assert session.final_review("r_one.2") is session.review("r_one.2")
    assert session.settled_criteria("r_one.1") == ("C2", "C3")
