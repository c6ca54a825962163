"""Criteria on what a reply says: quoted words, its beginning and end, its answer, and its form."""

import pytest

CASES = [
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
    ('Does the response start with "Dear Gerald"?', "**Dear Gerald**, hello", "Hello, dear Gerald"),
    ('Does the response start with "No"?', "No, never", "Nothing"),
    ('Is the first word of the response "No"?', "No, x", "Yes, no"),
    ('Does the response end with "the end"?', "It was the end.", "The end came early"),
    ("Does the response end with a question mark?", "**Really?**", "Really? Yes."),
    ('Do the first letters of the lines spell "CAKE"?', "Cat\nand\n\n- kid\nEgg", "Cat\nAnd\nEgg\nKid"),
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
]


@pytest.mark.parametrize(("criterion", "passing", "failing"), CASES, ids=[case[0][:60] for case in CASES])
def test_what_a_reply_says_is_checked_where_the_criterion_requires(decides, criterion, passing, failing):
    decides(criterion, passing, failing)
