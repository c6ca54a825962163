"""Which sentences of a criterion are understood, and which have no check."""

import pytest

from core.simulator.checks.grammar import find_check

CASES = [
    ("Does every line have at most three words?", "a b c\nd e", "a b\nc d e f"),
    ("No sentence is longer than 5 words.", "One two three. Four.", "One two three four five six."),
    ('Does every line start with "I"?', "I am\nI go", "I am\nYou go"),
    ("Does the response have at most 3 words and end with a question mark?", "Is it so?", "Is it really so?"),
    ('Does the response avoid "x" but mention "y"?', "y", "x y"),
]


@pytest.mark.parametrize(("criterion", "passing", "failing"), CASES, ids=[case[0][:60] for case in CASES])
def test_demands_on_each_part_and_two_demands_at_once_are_understood(decides, criterion, passing, failing):
    decides(criterion, passing, failing)


@pytest.mark.parametrize(
    "criterion",
    [
        "",
        "x" * 5000,
        "Does the response explain why the sky is blue?",
        "Does the response identify the core flaw: that 'Kryptonite' is a fictional substance and not an element?",
        'Does the response mention "Paris" in the second paragraph?',
        'Does the response explain why the word "very" is weak?',
        "Does the response have at most 120 words and a friendly tone?",
        "Does the response describe the characters?",
        "Does the response mention three examples?",
        "Is the response polite?",
    ],
)
def test_a_criterion_that_is_not_understood_to_its_last_word_has_no_check(criterion):
    assert find_check(criterion) is None


def test_a_hostile_criterion_takes_no_time():
    assert find_check("Does the response " + "avoid not no " * 150 + "?") is None
    assert find_check('"a" and ' * 240) is None
