"""The simulated prompt cache: what it finds is a beginning that was answered before."""

import pytest

from core.domain.chat import Message
from core.simulator.prompt_cache import MIN_CHARS, STEP_CHARS, TOKEN_CHARS, PromptCache


def messages(text):
    return (Message(role="user", content=text),)


def words(count, last=""):
    return "x" * count + last


@pytest.mark.parametrize(
    ("stored", "asked", "tokens"),
    [
        (MIN_CHARS - 1, MIN_CHARS - 1, 0),
        (MIN_CHARS, MIN_CHARS, 1024),
        (MIN_CHARS + STEP_CHARS - 1, MIN_CHARS + 2 * STEP_CHARS, 1024),
        (MIN_CHARS + 5 * STEP_CHARS, MIN_CHARS + 2 * STEP_CHARS, 1280),
    ],
)
def test_cached_is_the_longest_beginning_in_steps_from_a_thousand_tokens_on(stored, asked, tokens):
    cache = PromptCache()
    cache.store("m", messages(words(stored)))
    assert cache.cached_tokens("m", messages(words(asked, "?"))) == tokens


def test_another_beginning_another_model_and_nothing_stored_are_not_cached():
    cache = PromptCache()
    asked = messages(words(2 * MIN_CHARS))
    assert cache.cached_tokens("m", asked) == 0
    cache.store("m", asked)
    assert cache.cached_tokens("m", asked) == 2 * MIN_CHARS // TOKEN_CHARS
    assert cache.cached_tokens("other", asked) == 0
    assert cache.cached_tokens("m", messages("y" + words(2 * MIN_CHARS))) == 0
