"""A reply taken apart, and findings put together."""

import pytest

from core.simulator.checks.text import Finding, all_of, any_of, lines, paragraphs, quote, sentences, words


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


def passes(reply):
    return Finding(True, f"{reply} is there.", reply)


def fails(_reply):
    return Finding(False, "Not there.")


@pytest.mark.parametrize(
    ("check", "finding"),
    [
        (all_of([passes, passes]), Finding(True, "a is there. a is there.", "a")),
        (all_of([passes, fails]), Finding(False, "Not there.")),
        (any_of([fails, passes]), Finding(True, "a is there.", "a")),
        (any_of([fails, fails]), Finding(False, "Not there. Not there.")),
    ],
)
def test_several_findings_are_one_with_the_reason_that_decided(check, finding):
    assert check("a") == finding


@pytest.mark.parametrize(
    ("reply", "quoted"),
    [("One. Two fish here. Three", "Two fish here."), ("a\nfish\nb", "fish"), ("x" * 300 + " fish", "fish")],
)
def test_a_quote_is_the_sentence_around_a_match_or_the_match_alone(reply, quoted):
    start = reply.index("fish")
    assert quote(reply, start, start + 4) == quoted
