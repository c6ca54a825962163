"""Words in any order, near misses, and a bound on the time that both take."""

import itertools
import time

import pytest

from core.providers.model_list.search import near_names, rank, words_of

NAMES = [
    "gpt-5",
    "gpt-5-mini",
    "gpt-4.1",
    "gpt-4o",
    "accounts/fireworks/models/deepseek-v3p1",
    "accounts/fireworks/models/kimi",
]


def test_words_are_found_in_any_order_and_each_of_them_must_be_there():
    text = "openrouter/qwen/qwen3-235b-a22b-thinking qwen: qwen3 thinking"
    assert rank(text, words_of("THINKING qwen  235b")) is not None
    assert rank(text, words_of("thinking llama")) is None
    assert rank(text, ()) is not None


def test_whole_words_come_before_parts_of_words():
    texts = ["openai/gpt-5", "openai/gpt-5-mini", "lab/notgpt-5x"]
    assert sorted(texts, key=lambda text: (rank(text, ["gpt-5"]), len(text))) == texts


@pytest.mark.parametrize(
    ("name", "near"),
    [("gpt-5-minii", "gpt-5-mini"), ("GPT-5-MINI", "gpt-5-mini"), ("gpt5", "gpt-5"), ("gtp-4o", "gpt-4o"),
     ("accounts/fireworks/models/deepseek-v3.1", "accounts/fireworks/models/deepseek-v3p1"),
     ("accounts/fireworks/models/qwen", None), ("claude", None), ("gpt-5-mini-2025-08-07", None)],
)  # fmt: skip
def test_a_misspelled_name_finds_the_listed_one_and_another_name_finds_nothing(name, near):
    assert near_names(name, NAMES)[:1] == ([near] if near else [])


def test_a_stricter_minimum_finds_less():
    assert near_names("gpt-5-nano", NAMES, minimum=0.9) == []
    assert near_names("gpt-5-minii", NAMES, minimum=0.9) == ["gpt-5-mini"]


def test_comparing_ends_when_its_time_is_up():
    clock = itertools.count()
    assert near_names("m-19999", (f"m-{n}" for n in range(20_000)), now_s=lambda: float(next(clock))) == []


def test_thousands_of_names_take_less_than_a_tenth_of_a_second_of_cpu():
    names = [f"vendor-{n % 60}/model-{n}-{'instruct' if n % 2 else 'thinking'}" for n in range(20_000)]
    began = time.process_time()
    near_names("vendor-7/modle-4207-instruct", names)
    assert time.process_time() - began < 0.1
