from core.domain.review_differences import differences, unsettled, verdict_pairs
from tests.builders import a_review, a_session
from tests.core.domain.test_second_review import a_second_review, reviewed_session, settled


def test_pairs_are_the_verdicts_that_both_gave():
    session = reviewed_session(a_second_review(a_review("r_one.1", "FP-")))
    said = [(pair.hunt_id, pair.criterion.id, pair.first.value, pair.second.value) for pair in verdict_pairs(session)]
    assert said == [("r_one.1", "C1", "FAIL", "FAIL"), ("r_one.1", "C2", "FAIL", "PASS")]


def test_there_are_none_before_both_are_done_or_without_a_second_review():
    for session in (reviewed_session(a_second_review(a_review()), revealed=False), a_session()):
        assert verdict_pairs(session) == differences(session) == ()
        assert unsettled(session) == 0


def test_differences_stay_when_they_are_settled():
    session = reviewed_session(a_second_review(a_review("r_one.1", "PPF"), settled=(settled("C2"),)))
    assert [pair.criterion.id for pair in differences(session)] == ["C1", "C2"]
    assert unsettled(session) == 1
