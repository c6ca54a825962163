"""Random values that can be replayed."""

import pytest

from core.simulator.seeded import SeededRandom, digest_of


def test_the_same_parts_and_name_give_the_same_value_and_others_another():
    one = SeededRandom(1, "a").uniform("x")
    assert one == SeededRandom(1, "a").uniform("x")
    assert (
        len(
            {
                one,
                SeededRandom(2, "a").uniform("x"),
                SeededRandom(1, "b").uniform("x"),
                SeededRandom(1, "a").uniform("y"),
            }
        )
        == 4
    )


def test_parts_are_not_distinguished_by_their_joined_text_alone():
    assert len({digest_of("ab", "c"), digest_of("a", "bc"), digest_of("1"), digest_of(1), digest_of("\ud800")}) == 5


def test_values_are_uniform_and_probabilities_are_kept():
    random = SeededRandom(1)
    values = [random.uniform(str(number)) for number in range(5_000)]
    assert 0 <= min(values) < 0.01 < 0.99 < max(values) < 1
    assert sum(values) / len(values) == pytest.approx(0.5, abs=0.02)
    assert sum(random.happens(str(number), 0.3) for number in range(5_000)) / 5_000 == pytest.approx(0.3, abs=0.02)
    assert not any(random.happens(str(number), 0) for number in range(100))
    assert all(random.happens(str(number), 1) for number in range(100))


def test_every_option_is_chosen_and_a_shuffle_holds_each_once():
    random = SeededRandom(1)
    assert {random.choice(str(number), "abc") for number in range(100)} == {"a", "b", "c"}
    assert sorted(random.shuffled("order", "abcd")) == ["a", "b", "c", "d"]
    assert len({tuple(random.shuffled(str(number), "abcd")) for number in range(500)}) == 24
