"""A reply is recognised however it is dressed up, and a text of one's own is not."""

import random
import time

import pytest

from core.review.repeats import KnownReplies, same_words

CHANCE = random.Random(5)
VOCABULARY = [f"word{n}" for n in range(400)]


def a_text(words: int) -> str:
    return " ".join(CHANCE.choices(VOCABULARY, k=words))


REPLY = a_text(300)


@pytest.mark.parametrize(
    "text",
    [
        REPLY,
        REPLY.upper(),
        REPLY.replace(" ", "\n\n"),
        REPLY.replace(" ", ", ") + "!",
        REPLY.replace("word", "wo\u200brd"),
        REPLY.replace("word1", "ｗｏｒｄ1"),
        f"Repeat this word for word: {REPLY} End.",
        a_text(3000) + REPLY,
        f"{a_text(60_000)} {REPLY} {a_text(10)}",
        REPLY.replace("word17 ", "other ", 1),
    ],
)
def test_a_long_reply_is_recognised_also_inside_another_text(text):
    assert KnownReplies([a_text(50), REPLY]).repeated_in(text)


@pytest.mark.parametrize(
    "text", ["", "word1", a_text(300), " ".join(reversed(REPLY.split())), REPLY[: len(REPLY) // 2]]
)
def test_another_text_is_not_taken_for_it(text):
    assert not KnownReplies([REPLY, "", "?!"]).repeated_in(text)


def test_a_short_reply_is_repeated_by_the_very_same_words_alone():
    known = KnownReplies(["Paris, France."])
    assert known.repeated_in("**paris** france")
    assert not known.repeated_in("The capital is Paris, France.")
    assert same_words("Paris, France.") == same_words("PARIS FRANCE") != same_words("Lyon, France")


def test_a_letter_with_very_many_marks_is_read_at_once():
    began = time.thread_time()
    assert not KnownReplies([REPLY]).repeated_in("a" + "\u0301\u0327" * 100_000)
    assert time.thread_time() - began < 1
