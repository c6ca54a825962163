"""Criteria with words in quotation marks, and on how a reply begins and ends."""

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
]


@pytest.mark.parametrize(("criterion", "passing", "failing"), CASES, ids=[case[0][:60] for case in CASES])
def test_quoted_words_are_searched_where_the_criterion_requires(decides, criterion, passing, failing):
    decides(criterion, passing, failing)
