import pytest

from core.review.second_review import PeopleAgreement, people_agreement, unfinished_second_reviews
from tests.builders import a_review
from tests.core.domain.test_second_review import a_second_review, reviewed_session


def test_agreement_is_of_all_criteria_then_of_each_the_worst_first():
    second = a_second_review(a_review("r_one.1", "FPF"), a_review("r_one.2", "FFF"))
    session = reviewed_session(second, first=("FFF", "PFF"))
    assert people_agreement(session) == (
        PeopleAgreement("", 6, 4, pytest.approx(-0.1)),
        PeopleAgreement("C1", 2, 1, pytest.approx(0.0)),
        PeopleAgreement("C2", 2, 1, pytest.approx(0.0)),
        PeopleAgreement("C3", 2, 2, None),
    )


def test_there_is_none_before_both_are_done():
    assert people_agreement(reviewed_session(a_second_review(a_review()), revealed=False)) == ()


def test_reviews_without_a_verdict_or_with_few_words_are_unfinished():
    second = a_second_review(a_review("r_one.1", "FP-"), a_review("r_one.2", explanation="Too short."), done=False)
    session = reviewed_session(second, revealed=False)
    assert unfinished_second_reviews(session, second) == 2
    assert unfinished_second_reviews(session, a_second_review(a_review("r_one.1"), a_review("r_one.2"))) == 0
