"""Criteria that count: words, sentences, list items, signs."""

import pytest

from core.simulator.checks.counting import Amount

LIST = "- one\n- two\n- three"

CASES = [
    ("Is the response between 50 and 70 words long?", "w " * 50, "w " * 71),
    ("The response has at most 120 words.", "w " * 120, "w " * 121),
    ("The response must not exceed 120 words.", "w " * 120, "w " * 121),
    ("Is the response no longer than 1,000 words?", "w " * 1000, "w " * 1001),
    ("Is the response 60 words or fewer?", "w " * 60, "w " * 61),
    ("The answer contains fewer than three sentences", "One. Two.", "One. Two. Three."),
    ("Does the reply contain at least 2 questions?", "Who? Why?", "Who?"),
    ("Does the response contain exactly three bullet points?", LIST, "- one\n- two"),
    ("Exactly three bullet points", LIST, LIST + "\n- four"),
    ("Does the response consist of exactly two paragraphs?", "a\n\nb", "a\nb"),
    ("Is the response a single paragraph?", "One. Two.", "One.\n\nTwo."),
    ("Does the response have exactly four lines?", "a\nb\n\nc\nd", "a\nb\nc"),
    ("The response should consist of 2 to 4 numbered steps.", "1. a\n2. b", "1. a"),
    ("Does the response use more than two commas?", "a, b, c, d", "a, b, c"),
    ("Does the response contain a question mark?", "Why?", "Because."),
    ("Does the response contain no exclamation marks?", "Hi.", "Hi!"),
    ("The response is free of emojis.", "Hi", "Hi 🎂"),
    ("Does the response avoid digits?", "two", "2"),
    ("Does the response avoid bullet points and headings?", "plain", "# Head"),
    ("Does the response contain neither bullet points nor headings?", "plain", "- item"),
]


@pytest.mark.parametrize(("criterion", "passing", "failing"), CASES, ids=[case[0][:60] for case in CASES])
def test_a_count_is_held_against_what_the_criterion_asks_for(decides, criterion, passing, failing):
    decides(criterion, passing, failing)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (Amount(3, 3), "exactly 3"),
        (Amount(0, 5), "at most 5"),
        (Amount(2, float("inf")), "at least 2"),
        (Amount(2, 4), "2 to 4"),
    ],
)
def test_an_amount_reads_as_criteria_word_it(amount, text):
    assert str(amount) == text
