import random

import pytest

from core.domain.prompt_similarity import BANDS, prompt_bands, similarity

rnd = random.Random(3)
WORDS = ["".join(rnd.choices("abcdefghijklmnopqrstuvwxyz", k=rnd.randint(2, 9))) for _ in range(2000)]


def a_prompt(words=120):
    return [rnd.choice(WORDS) for _ in range(words)]


def edited(prompt, changes):
    places = set(rnd.sample(range(len(prompt)), changes))
    return [rnd.choice(WORDS) if place in places else word for place, word in enumerate(prompt)]


def shares_a_band(one, other):
    return bool(set(enumerate(prompt_bands(one))) & set(enumerate(prompt_bands(other))))


def test_white_space_and_case_make_no_difference():
    assert prompt_bands("Name  the\n capital") == prompt_bands(" name the CAPITAL ")
    assert similarity("Name  the\n capital", " name the CAPITAL ") == 1.0


@pytest.mark.parametrize("prompt", ["", "  \n"])
def test_without_a_prompt_there_are_no_bands_and_nothing_is_similar(prompt):
    assert (prompt_bands(prompt), similarity(prompt, prompt)) == ((), 0.0)


@pytest.mark.parametrize("prompt", ["a", "世界", "Why?", "x" * 100_000, "\ud800 lone", "one two three " * 5000])
def test_any_prompt_has_as_many_bands_that_a_database_can_hold(prompt):
    bands = prompt_bands(prompt)
    assert len(bands) == BANDS
    assert all(-(2**63) <= band < 2**63 for band in bands)


def test_bands_are_the_same_in_every_process():
    assert prompt_bands("What is the capital of France?")[:2] == (-920819841173493096, -6914880105821943402)


def test_prompts_with_a_few_changed_words_are_found_and_others_are_not():
    near = far = 0
    for _ in range(200):
        prompt = a_prompt()
        changed = edited(prompt, 6)
        assert similarity(" ".join(prompt), " ".join(changed)) > 0.75
        near += shares_a_band(" ".join(prompt), " ".join(changed))
        far += shares_a_band(" ".join(prompt), " ".join(a_prompt()))
    assert near >= 196
    assert far <= 2


def test_similarity_is_the_shared_part_of_both():
    assert similarity("abcdefg", "abcdefg") == 1.0
    assert similarity("abcdefg", "abcdefh") == pytest.approx(1 / 3)
    assert similarity("abcdefg", "zzz") == 0.0
