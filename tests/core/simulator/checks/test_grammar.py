"""The table of checks: what a criterion's sentence makes a program look for, and which sentences it leaves alone."""

import pytest

from core.simulator.checks.counting import Amount
from core.simulator.checks.grammar import find_check
from core.simulator.checks.text import lines, paragraphs, sentences, words

LIST = "- one\n- two\n- three"

REPLIES = ("", "Why? Paris, the cat; 42 fish!\n\n- Dear **light** b\n# Head", "x" * 5000, "{", "\u2028", "🎂" * 300)

CASES = [
    # counting
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
    # words in quotation marks
    ('Does the response mention "krypton"?', "**Krypton** is a gas", "Kryptonite is not"),
    ("Does the response mention 'krypton'?", "Krypton.", "none"),
    ("Does the response include the phrase “don’t panic”?", "so: don't\npanic!", "do panic"),
    ('Does the response avoid the word "light"?', "the lighthouse", "the Light went out"),
    ('The response does not use the word "very" or "really".', "quite", "really"),
    ('The response does not use "very" and "really".', "quite", "very"),
    ('Does the response mention "Paris" and "Rome"?', "Rome, Paris", "Rome"),
    ('Does the response mention either "Paris" or "Rome"?', "Rome", "Oslo"),
    ('Does the response name at least one laureate: "Curie" or "Soddy"?', "Soddy", "Newton"),
    ('Does the response call Holmes "fictional"?', "He is fictional.", "He is real."),
    ('Does the response use the word "fish" exactly three times?', "fish fish fish", "fish fish"),
    ('Does the response mention "fish" at least twice?', "fish fish", "fish"),
    ('Does the response avoid the letter "b" altogether?', "cat", "Cab"),
    ("The response must not contain the letter e.", "a cat", "the cat"),
    # places
    ('Does the response start with "Dear Gerald"?', "**Dear Gerald**, hello", "Hello, dear Gerald"),
    ('Does the response start with "No"?', "No, never", "Nothing"),
    ('Is the first word of the response "No"?', "No, x", "Yes, no"),
    ('Does the response end with "the end"?', "It was the end.", "The end came early"),
    ("Does the response end with a question mark?", "**Really?**", "Really? Yes."),
    ('Do the first letters of the lines spell "CAKE"?', "Cat\nand\n\n- kid\nEgg", "Cat\nAnd\nEgg\nKid"),
    ("Does every line have at most three words?", "a b c\nd e", "a b\nc d e f"),
    ("No sentence is longer than 5 words.", "One two three. Four.", "One two three four five six."),
    ('Does every line start with "I"?', "I am\nI go", "I am\nYou go"),
    # form and claims
    ("Is the response valid JSON?", '{"a": 1}', "{'a': 1}"),
    ('Is the response a JSON object with the keys "a" and "b"?', '{"a": 1, "b": 2}', '{"a": 1}'),
    ("Is the response written entirely in lower case?", "all of it", "All of it"),
    ("Does the response use only capital letters?", "LOUD", "Loud"),
    ("Does the response state that the answer is 42?", "The answer is **42**.", "The answer is 41, not 42."),
    ("Does the response give 1,665 as the answer?", "So the total is 1665.", "So the total is 1,666."),
    ("Does the response mention the number 42?", "in 42 days", "in 420 days or 4.2"),
    (
        "Does the response explicitly state that none of the provided options (84, 88) are correct?",
        "None of the options are correct.",
        "The correct choice is **C) 36 (Krypton)**.",
    ),
    # two demands in one sentence
    ("Does the response have at most 3 words and end with a question mark?", "Is it so?", "Is it really so?"),
    ('Does the response avoid "x" but mention "y"?', "y", "x y"),
]


@pytest.mark.parametrize(("criterion", "fitting", "failing"), CASES, ids=[case[0][:60] for case in CASES])
def test_a_criterion_that_can_be_checked_is_decided_by_looking(criterion, fitting, failing):
    check = find_check(criterion)
    assert check is not None
    assert (check(fitting).passed, check(failing).passed) == (True, False)


@pytest.mark.parametrize("criterion", [case[0] for case in CASES])
def test_evidence_is_a_verbatim_quote_and_a_reason_is_always_given(criterion):
    check = find_check(criterion)
    assert check is not None
    for reply in (
        "",
        "Why? Paris, the cat; 42 fish!\n\n- Dear **light** b\n# Head",
        "x" * 5000,
        "{",
        "\u2028",
        "🎂" * 300,
    ):
        finding = check(reply)
        assert finding.evidence in reply
        assert len(finding.evidence) <= 200
        assert finding.reason


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


@pytest.mark.parametrize(
    ("take_apart", "text", "parts"),
    [
        (words, "", []),
        (words, "**Don't** – twenty-one, 1,665 and 3.5!", ["Don't", "twenty-one", "1,665", "and", "3.5"]),
        (sentences, "Dr. No came. (Really?) Yes\nNext", ["Dr. No came.", "(Really?", "Yes", "Next"]),
        (paragraphs, "a\nb\n \n\n\nc", ["a\nb", "c"]),
        (lines, "a\n\n b\u2028c ", ["a", "b\u2028c"]),
    ],
)
def test_a_text_is_taken_apart_in_one_way(take_apart, text, parts):
    assert take_apart(text) == parts


def test_an_amount_says_in_words_what_it_wants():
    assert [str(amount) for amount in (Amount(3, 3), Amount(0, 5), Amount(2, float("inf")), Amount(2, 4))] == [
        "exactly 3",
        "at most 5",
        "at least 2",
        "2 to 4",
    ]
