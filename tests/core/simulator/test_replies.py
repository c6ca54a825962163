"""Replies: what is planted in them is in them, and nothing else."""

from itertools import chain, combinations

import pytest

from core.simulator.checks.grammar import find_check
from core.simulator.checks.text import words
from core.simulator.replies import (
    CARELESS_MARKERS,
    EXAMPLES,
    FIRM_MARKERS,
    careless_share,
    careless_statement,
    options_in,
    topics_of,
    write_reply,
)
from core.simulator.script import Behavior
from core.simulator.seeded import SeededRandom

VARIANTS = 60
CHOICE = "Which one is it, supposedly found by Marie Curie?\n\nA) Polonium\n\nB) Radium\n\nC) Krypton"


def write_generic(seed, prompt, break_rate):
    return write_reply(Behavior(break_rate=break_rate), SeededRandom(seed), prompt).text


def found_mistakes(example, reply):
    checks = {criterion: find_check(text) for criterion, text in example.criteria.items()}
    return {criterion for criterion, check in checks.items() if not check(reply).passed}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_a_reply_fails_exactly_the_criteria_that_were_planted_in_every_combination(example):
    ids = tuple(example.criteria)
    for planted in chain.from_iterable(combinations(ids, size) for size in range(len(ids) + 1)):
        for seed in range(VARIANTS):
            reply = example.write(SeededRandom(seed, *planted), frozenset(planted))
            assert (found_mistakes(example, reply), reply) == (set(planted), reply)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_replies_to_an_example_differ(example):
    replies = {example.write(SeededRandom(seed), frozenset()) for seed in range(100)}
    assert len(replies) > 15


def test_an_empty_prompt_still_gets_a_reply_that_reads_like_one():
    reply = write_reply(Behavior(), SeededRandom(1), "")
    assert len(words(reply.text)) > 30
    assert (reply.mistakes, reply.example, reply.reasoning) == (frozenset(), None, "")


def test_a_generic_reply_speaks_of_what_the_prompt_names():
    prompt = "Explain to my grandmother why Voyager crossed the heliopause {before} Pioneer did."
    reply = write_generic(3, prompt, 0.5)
    assert any(topic in reply for topic in ("Voyager", "Pioneer", "heliopause"))
    assert "{" not in reply.replace("{before}", "")


def test_the_careless_share_of_a_generic_reply_can_be_read_off_it():
    assert careless_share(write_generic(1, CHOICE, 0.0)) == 0.0
    assert careless_share(write_generic(1, CHOICE, 1.0)) == 1.0
    shares = [careless_share(write_generic(seed, CHOICE, 0.3)) for seed in range(1000)]
    assert sum(shares) / len(shares) == pytest.approx(0.3, abs=0.03)
    assert not set(FIRM_MARKERS) & set(CARELESS_MARKERS)


@pytest.mark.parametrize(
    "text", ["", "A person's own words.", CARELESS_MARKERS[0], f"{FIRM_MARKERS[0]} {FIRM_MARKERS[1]}"]
)
def test_a_text_that_is_not_ours_has_no_careless_share(text):
    assert careless_share(text) is None


def test_a_careless_statement_is_quoted_verbatim():
    reply = write_generic(1, CHOICE, 1.0)
    statement = careless_statement(reply)
    assert statement in reply
    assert statement.startswith(CARELESS_MARKERS)
    assert careless_statement(write_generic(1, CHOICE, 0.0)) == ""


def test_a_multiple_choice_question_is_answered_with_one_of_its_options_or_none():
    careless, careful = write_generic(1, CHOICE, 1.0), write_generic(1, CHOICE, 0.0)
    assert any(f"**{option}**" in careless for option in ("A) Polonium", "B) Radium", "C) Krypton"))
    assert careful.startswith("None of the given options is correct")


@pytest.mark.parametrize(
    ("prompt", "options"),
    [
        ("", []),
        ("Which?\nA) one\nB) two", []),
        ("List.\nA) one\nB) two\nC) three", []),
        ("Which?\nC) one\nB) two\nA) three", []),
        ("Which?\n1. one\n2. two\n3. three", ["1) one", "2) two", "3) three"]),
    ],
)
def test_options_are_found_only_where_a_prompt_offers_them(prompt, options):
    assert options_in(prompt) == options


def test_a_prompt_without_names_still_has_two_topics():
    assert topics_of("hi") == ("the question", "the matter at hand", "the wording")


def test_a_long_prompt_takes_no_time():
    assert len(topics_of("Aa Bb " * 500_000)) >= 2
    assert options_in("A) " * 500_000) == []
