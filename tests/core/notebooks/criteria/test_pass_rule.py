"""The pass rule is read where the prose states one plainly, and asked for where it states another: never guessed."""

import time

import pytest

from core.domain.session import UNCLEAR_RULE
from core.domain.task import PassRule
from core.notebooks.criteria.pass_rule import MAX_PROSE_CHARS, MAX_QUOTED_CHARS, read_pass_rule
from core.notebooks.export import Export, export_notebook
from tests.core.notebooks.building import ARRAY, BASIC, load, raw_notebook, session

MAJORITY, ALL = PassRule.MAJORITY, PassRule.ALL
STATED = [
    ("", None, False),
    ("Be nice.", None, False),
    ("the student's answer must PASS more than 50% of the criteria listed below", MAJORITY, False),
    ("more than half of the criteria", MAJORITY, False),
    ("P > N / 2", MAJORITY, False),
    ("must meet ALL criteria", ALL, False),
    ("All of the following criteria must pass.", ALL, False),
    ("Every criterion must be satisfied", ALL, False),
    ("the answer passes all of the criteria", ALL, False),
    ("Each criterion is evaluated independently. More than 50 % must pass.", MAJORITY, False),
    ("Each criterion is evaluated independently as PASS or FAIL.", None, False),
    ("Failure to meet any one criterion results in 0 points.", ALL, False),
    ("If any criterion is not met, the response fails.", ALL, False),
    ("To pass, at least 50% of the criteria must pass.", None, True),
    ("It is not required that all criteria pass.", None, True),
    ("At least 3 of 4 criteria must pass.", None, True),
    ("The reply passes if 3 out of 4 are met.", None, True),
    ("3/4 criteria are enough to pass.", None, True),
    ("Not all criteria must pass.", None, True),
    ("All criteria need not pass.", None, True),
    ("All criteria do not have to be met for the answer to pass.", None, True),
    ("The answer doesn't have to meet every criterion.", None, True),
    ("A response that does not meet all criteria fails.", ALL, False),
    ("The answer does not pass unless all criteria are met.", ALL, False),
    ("If not all criteria are met, the score is 0 points.", ALL, False),
    ("Failing a single criterion means the answer fails.", ALL, False),
    ("No criterion may fail.", ALL, False),
    ("The grading is all-or-nothing.", ALL, False),
    ("The response fails if more than half of the criteria fail.", None, True),
    ("At least half of the criteria must be met.", None, True),
    ("Two thirds of the criteria must pass.", None, True),
    ("60% of the criteria have to pass.", None, True),
    ("All but one of the criteria must be met to pass.", None, True),
    ("The score is the average over all criteria; 0.5 is needed to pass.", None, True),
    ("All criteria have equal weight.", None, False),
    ("All criteria must be evaluated.", None, False),
    ("Each criterion is judged on its own.", None, False),
    ("Most of the criteria must pass.", None, True),
    ("Not passing more than 50% of the criteria above means 0 points.", MAJORITY, False),
    ("All criteria must pass. A majority is not enough.", ALL, False),
    ("All criteria must pass. More than 50% must pass.", MAJORITY, True),
    ("With half of the criteria or fewer the answer earns 0 points (FAIL).", None, True),
    (
        "To earn 1 point (PASS), the answer must PASS more than 50% of the criteria listed below:\n\nWith half of the criteria or fewer the answer earns 0 points (FAIL).",
        MAJORITY,
        False,
    ),
    (
        "must PASS more than 50% of the criteria.\n\nExactly half of the criteria is not more than half: such an answer earns 0 points (FAIL).",
        MAJORITY,
        False,
    ),
    ("Failure to PASS more than 50% of the above criteria will result in a score of 0 points (FAIL).", MAJORITY, False),
    (
        "The answer must PASS ALL criteria listed below. One that fails is enough to fail the answer:\n\nThe cat is not consulted.",
        ALL,
        False,
    ),
    ("One failed criterion does not mean that the answer fails.", None, True),
    ("A response may fail any one criterion and still pass.", None, True),
    ("Meeting all criteria earns 1 point.", ALL, False),
    ("The response passes when more than 50% of the criteria pass.", MAJORITY, False),
    ("A response passes if it meets a majority of the criteria.", MAJORITY, False),
    ("The majority vote of the judges decides.", None, False),
    ("One failed criterion fails the answer.", ALL, False),
    ("4 criteria must pass.", None, True),
    ("Every criterion is mandatory except C3.", None, True),
    ("All criteria must pass, except C3 which is optional.", None, True),
    ("All criteria must pass apart from the bonus criterion.", None, True),
    ("All critical criteria must pass.", None, True),
    ("The answer must pass all criteria but C3.", None, True),
    ("All criteria must be met unless noted otherwise.", None, True),
    ("C1 must pass and more than half of the criteria must pass.", None, True),
    ("C1 and C2 must pass; the others are optional.", None, True),
    ("C1 is required. The answer must PASS more than 50% of the criteria.", MAJORITY, True),
    ("If the response fails C2, it fails overall.", None, True),
    ("C1 is mandatory, and more than 50% of the remaining criteria must pass.", None, True),
    ("The response fails if more than one criterion is not met.", None, True),
    ("Passing a majority of the criteria is not sufficient.", None, True),
    ("Passing more than half is not enough.", None, True),
    ("It is not enough to pass more than 50% of the criteria; all must pass.", ALL, False),
    ("Score = fraction of criteria met.", None, True),
    ("Score = (number of criteria passed) / (total number of criteria)", None, True),
    ("The response passes if it meets 70%.", None, True),
    ("Passing score: 70%", None, True),
    ("Each criterion is worth 2 points; 6 points are needed to pass.", None, True),
    ("Partial credit is given for each criterion met.", None, True),
    ("Give 1 point for each criterion met.", None, True),
    ("Weighted criteria: C1 50%, C2 30%, C3 20%.", None, True),
    ("At most one criterion may fail.", None, True),
    ("Up to one criterion may be missed.", None, True),
    ("Any failure is a fail.", None, True),
    ("Most criteria must be met.", None, True),
    ("Alle Kriterien müssen erfüllt sein.", None, True),
    ("Todos los criterios deben cumplirse.", None, True),
    ("必须满足所有标准。", None, True),
    ("The following criteria must all pass:", ALL, False),
    ("All of these must be met for the response to pass.", ALL, False),
    ("All criteria (C1-C4) must be met.", ALL, False),
    ("All five (5) criteria must pass.", ALL, False),
    ("Both criteria must be met.", ALL, False),
    ("None of the criteria may fail.", ALL, False),
    ("The response must not violate any of the criteria.", ALL, False),
    ("Give 0 if any criterion is not satisfied.", ALL, False),
    ("No partial credit: all criteria must be satisfied.", ALL, False),
    ("Pass = all criteria met.", ALL, False),
    ("Grade PASS only if every criterion is marked PASS.", ALL, False),
    ("Missing any one of these criteria means the response fails.", ALL, False),
    ("The answer must be in the required format and pass all criteria.", ALL, False),
    ("The response must satisfy over half the criteria to pass.", MAJORITY, False),
    ("Evaluate whether the response meets each criterion below.", None, False),
    ("Determine if the answer meets each of the following criteria:", None, False),
    ("An ideal response meets all of these criteria:", None, False),
    ("The reference answer meets all of the criteria.", None, False),
    ("Each criterion passes only if all its requirements are met.", None, False),
    ("Say whether each criterion is met or not met.", None, False),
    ("If a criterion is not met, mark it FAIL.", None, False),
    ("Rate all criteria with PASS or FAIL and give a reason.", None, False),
    ("All criteria are equally weighted.", None, False),
    ("The required criteria are listed below.", None, False),
    ("[Score]: 1 point(s)", None, False),
    (
        "The answer passes more than 50% of criteria => PASS (1 point). 50% or fewer => FAIL (0 points).",
        MAJORITY,
        False,
    ),
]
"""The prose, the rule that it states, and whether a question is asked."""


@pytest.mark.parametrize(("prose", "rule", "asked"), STATED)
def test_what_is_stated_is_read_and_what_is_not_understood_is_asked(prose, rule, asked):
    stated = read_pass_rule(prose)
    assert (stated.rule, bool(stated.unclear)) == (rule, asked)
    assert stated.unclear in " ".join(prose.split())


def test_a_long_sentence_is_quoted_by_its_beginning():
    unclear = read_pass_rule(f"At least 3 of 4 criteria must pass, {'as we said ' * 40}").unclear
    assert unclear.startswith("At least 3 of 4 criteria")
    assert len(unclear) == MAX_QUOTED_CHARS + 1


@pytest.mark.parametrize(
    "words",
    ["all ", "not all ", "one of the ", "fail to ", "a", "50 ", "majority ", "if any ", "the criteria ", ".\n",
     "each criterion is not ", "all of the x y ", "at least ", "does not meet any ", "alle ", "criteria must ", "weight ", "all these ", "a criterion its "],
)  # fmt: skip
def test_the_time_grows_with_the_length_only(words):
    took = []
    for chars in (MAX_PROSE_CHARS // 4, MAX_PROSE_CHARS):
        began = time.process_time()
        read_pass_rule((words * chars)[:chars])
        took.append(time.process_time() - began)
    assert took[1] < 12 * took[0] + 0.05


def with_rule(words: str) -> bytes:
    cells = [
        f"**[response_reference]**\n\n{words}\n\n{ARRAY}" if "response_reference" in text else text for text in BASIC
    ]
    return raw_notebook(*cells)


def questions(loaded) -> list[str]:
    return [warning.message for warning in loaded.warnings if warning.code == UNCLEAR_RULE]


@pytest.mark.parametrize(
    "words", ["All criteria must pass.", "More than half must pass.", "The cat is not consulted.", ""]
)
def test_a_notebook_with_a_plain_rule_or_none_asks_nothing(words):
    assert questions(load(with_rule(words))) == []


def test_the_question_quotes_the_prose_and_names_the_current_rule():
    loaded = load(with_rule("At least 3 of the criteria must pass."))
    assert loaded.task.pass_rule is MAJORITY
    (question,) = questions(loaded)
    assert "At least 3 of the criteria must pass" in question
    assert "Currently more than half of the criteria must pass" in question
    assert "--pass-rule" in question


@pytest.mark.parametrize("answered", [False, True])
def test_an_export_repeats_the_question_only_if_it_is_unanswered(answered):
    raw = with_rule("At least 3 of the criteria must pass.")
    loaded = load(raw)
    kept = session(loaded, warnings=() if answered else loaded.warnings)
    kept = kept.model_copy(update={"task": kept.task.model_copy(update={"pass_rule": ALL})}) if answered else kept
    again = load(export_notebook(raw, Export(session=kept, hunts=(), selected=(), attempts=0)))
    assert again.task.pass_rule is (ALL if answered else MAJORITY)
    assert len(questions(again)) == (0 if answered else 1)
