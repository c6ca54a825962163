"""A review is complete in one place's eyes, and its score follows the same rule as the judge's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.domain.review import human_outcome, review_problems, word_count
from core.domain.task import PassRule
from core.domain.verdict import Outcome, Verdict, decide
from tests.builders import a_review, a_task

said = st.text("PF-", min_size=1, max_size=17)


def test_nothing_said_lacks_everything():
    assert review_problems(None, a_task()) == (
        "C1, C2 and C3 have no verdict.",
        "The explanation has 0 of at least 10 words.",
    )


def test_each_thing_that_is_missing_is_named():
    assert review_problems(a_review(said="PF-"), a_task()) == ("C3 has no verdict.",)
    assert review_problems(a_review(explanation="too few words here"), a_task()) == (
        "The explanation has 4 of at least 10 words.",
    )
    assert review_problems(a_review(explanation="one two three four five six seven eight nine ten"), a_task()) == ()


@pytest.mark.parametrize(("text", "words"), [("", 0), (" \n\t ", 0), ("a-b c", 2), ("one\u2028two\u00a0three", 3)])
def test_words_are_what_stands_between_white_space(text, words):
    assert word_count(text) == words


@given(said, st.sampled_from(PassRule))
def test_the_human_score_follows_the_rule_that_the_judge_follows(letters, rule):
    task, review = a_task(len(letters), pass_rule=rule), a_review(said=letters)
    outcome = human_outcome(review, task)
    if "-" in letters:
        assert outcome is None
    else:
        assert outcome is decide((Verdict.PASS if x == "P" else Verdict.FAIL for x in letters), rule)
        assert outcome in {Outcome.BROKE, Outcome.HELD}


@given(said, st.text(max_size=120))
def test_a_review_is_complete_exactly_when_nothing_is_missing(letters, explanation):
    task, review = a_task(len(letters)), a_review(said=letters, explanation=explanation)
    complete = human_outcome(review, task) is not None and word_count(explanation) >= 10
    assert (review_problems(review, task) == ()) is complete


def test_exactly_half_is_a_break_for_people_too():
    assert human_outcome(a_review(said="PPFF"), a_task(4)) is Outcome.BROKE
    assert human_outcome(a_review(said="PPPF"), a_task(4)) is Outcome.HELD
    assert human_outcome(a_review(said="PPPF"), a_task(4, pass_rule=PassRule.ALL)) is Outcome.BROKE


@pytest.mark.parametrize("verdict", [Verdict.UNDETERMINED, Verdict.MISSING])
def test_a_person_says_pass_or_fail(verdict):
    with pytest.raises(ValidationError, match="Value error, a verdict must be PASS or FAIL"):
        a_review(verdicts=(("C1", verdict),))


def test_a_criterion_has_one_verdict():
    with pytest.raises(ValidationError, match="Value error, a criterion has more than one verdict"):
        a_review(verdicts=(("C1", Verdict.PASS), ("C1", Verdict.FAIL)))
