"""Criteria on what a reply claims and on its form."""

import pytest

CASES = [
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
def test_a_claim_or_a_form_is_checked(decides, criterion, passing, failing):
    decides(criterion, passing, failing)
