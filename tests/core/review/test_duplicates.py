"""Near-duplicates are found, and what is merely alike in subject is not."""

import random
import time

from core.review.duplicates import groups_of_near_duplicates, near_duplicates

WORDS = [f"word{n}" for n in range(2000)]


def a_text(seed, words=300):
    return " ".join(random.Random(seed).choices(WORDS, k=words))


def with_changes(text, seed, changes):
    chance, words = random.Random(seed), text.split()
    for place in chance.sample(range(len(words)), changes):
        words[place] = "changed"
    return " ".join(words)


def test_texts_that_share_most_of_their_words_in_order_are_pairs_in_the_order_given():
    base = a_text(1)
    texts = {
        "a": base,
        "b": a_text(2),
        "c": with_changes(base, 3, 6),
        "d": base.upper(),
        "e": with_changes(base, 4, 150),
    }
    assert near_duplicates(texts) == [("a", "c"), ("a", "d")]
    assert groups_of_near_duplicates(texts) == [["a", "c", "d"], ["b"], ["e"]]


def test_texts_of_one_subject_are_no_duplicates():
    lines = [f"Line {n}: the quick brown fox number {n} jumps over {n * 7} lazy dogs" for n in range(60)]
    chance = random.Random(1)
    texts = {str(n): " ".join(chance.sample(lines, 20)) for n in range(20)}
    assert near_duplicates(texts) == []


def test_empty_and_very_short_texts_are_compared_whole():
    assert near_duplicates({}) == []
    assert near_duplicates({"a": "Paris", "b": "paris", "c": "Rome", "d": "", "e": " "}) == [("a", "b"), ("d", "e")]


def test_many_same_texts_bring_each_once_and_at_most_as_many_pairs_as_asked_for():
    texts = {str(n): a_text(5) for n in range(300)}
    assert near_duplicates(texts, maximum=1000) == [("0", str(n)) for n in range(1, 300)]
    assert len(near_duplicates(texts, maximum=10)) == 10
    assert len(groups_of_near_duplicates(texts)) == 1


def test_almost_no_near_duplicate_is_missed():
    texts = {}
    for n in range(100):
        texts |= {f"{n}a": (base := a_text(n)), f"{n}b": with_changes(base, n, 10)}
    found = near_duplicates(texts, maximum=1000)
    assert all(one[:-1] == other[:-1] for one, other in found)
    assert len(found) >= 97


def test_who_looks_again_pays_nothing_and_many_long_texts_cost_no_more_than_a_thousand():
    words = [f"word{n}" for n in range(3000)]
    similar = {str(n): " ".join([*words[:n], "other", *words[n:]]) for n in range(600)}
    first_s, found = cpu_s(lambda: near_duplicates(similar))
    again_s, again = cpu_s(lambda: near_duplicates(similar))
    assert again == found
    assert again_s < first_s / 4
    many = {str(n): " ".join(words[n % 2000 :: 2]) + f" {n}" for n in range(4000)}
    assert cpu_s(lambda: near_duplicates(many, maximum=10**6))[0] < 5 * max(first_s, 0.3)
    assert all(int(one) >= 3000 for pair in near_duplicates(many, maximum=10**6) for one in pair)


def cpu_s(work):
    before = time.process_time()
    result = work()
    return time.process_time() - before, result
