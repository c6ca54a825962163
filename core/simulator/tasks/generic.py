"""A reply to a prompt that nobody foresaw: it speaks of the prompt's own matters, firmly or carelessly.

The criteria are not known here. What can be known of a reply afterwards is how many of its statements are made
carelessly ("Off the top of my head, …"); the share of them is what the judge goes by where it cannot check.
"""

from __future__ import annotations

import re

from core.simulator.chance import Chance
from core.simulator.tasks.options import options_in
from core.simulator.tasks.topics import topics_in

STATEMENTS = 4

FIRM = (
    "Checked against the question,",
    "To be precise,",
    "Put plainly,",
    "Taken step by step,",
    "On the evidence given,",
    "Strictly speaking,",
)
CARELESS = (
    "Off the top of my head,",
    "If I remember rightly,",
    "Roughly speaking,",
    "I would guess that",
    "As everybody knows,",
    "Without looking closer,",
)
_FIRM_SAYINGS = (
    "{a} is what the question turns on, and it has to be kept apart from {b}.",
    "{a} and {b} are two separate matters, and both are answered here.",
    "what is said about {a} holds only as far as {b} allows.",
    "{b} sets the limit, and {a} stays within it.",
    "nothing in the question makes {a} follow from {b}, so it is not assumed.",
    "{a} comes first; only then does {b} make sense.",
)
_CARELESS_SAYINGS = (
    "{a} and {b} come down to the same thing.",
    "{a} is always like that, so {b} need not be looked at.",
    "{b} hardly matters once {a} has been mentioned.",
    "{a} explains the rest, {b} included.",
    "most people say {a} when they mean {b}.",
    "there is little more to {a} than there is to {b}.",
)
_OPENINGS = (
    "Here is my answer on {a}.",
    "The question is about {a}, so let me begin there.",
    "This comes down to {a} and {b}.",
    "Let me take {a} and {b} in turn.",
)
_CLOSINGS = (
    "That is the whole of it.",
    "I hope that this settles {a}.",
    "In short: {a} first, {b} second.",
    "That answers what was asked about {a}.",
)
_DOUBTFUL = re.compile(
    r"\b(?:supposed(?:ly)?|alleged(?:ly)?|fictional|imaginary|legendary|so-called|mythical|famously)\b", re.IGNORECASE
)
_MARKED = re.compile("|".join(re.escape(marker) for marker in (*FIRM, *CARELESS)))


def write_generic(chance: Chance, prompt: str, break_rate: float) -> str:
    """A reply of a few sentences to `prompt`. Each of its statements is careless in `break_rate` of the cases."""
    topics = chance.shuffled("topics", topics_in(prompt))
    careless = [chance.hits(f"careless {place}", break_rate) for place in range(STATEMENTS)]
    said = [_statement(chance, place, topics, careless=lax) for place, lax in enumerate(careless)]
    opening = _choice(chance, prompt, sum(careless) * 2 > STATEMENTS) or _filled(chance, "opening", _OPENINGS, topics)
    half = STATEMENTS // 2
    return "\n\n".join(
        (
            " ".join((opening, *said[:half])),
            " ".join((*said[half:], _filled(chance, "closing", _CLOSINGS, topics))),
        )
    )


def carelessness(reply: str) -> float | None:
    """The share of a generic reply's statements that are careless; None for a reply that is not of our making."""
    markers = _MARKED.findall(reply)
    return sum(marker in CARELESS for marker in markers) / len(markers) if len(markers) >= STATEMENTS else None


def careless_statement(reply: str) -> str:
    """The first careless statement of a reply, verbatim, or ""."""
    starts = [place for marker in CARELESS if (place := reply.find(marker)) >= 0]
    if not starts:
        return ""
    end = reply.find(".", min(starts))
    return reply[min(starts) : end + 1] if end >= 0 else reply[min(starts) :]


def _statement(chance: Chance, place: int, topics: list[str], *, careless: bool) -> str:
    markers = chance.shuffled("markers", CARELESS if careless else FIRM)
    sayings = chance.shuffled("sayings", _CARELESS_SAYINGS if careless else _FIRM_SAYINGS)
    a, b = topics[place % len(topics)], topics[(place + 1) % len(topics)]
    return f"{markers[place]} {sayings[place].format(a=a, b=b)}"


def _filled(chance: Chance, what: str, sentences: tuple[str, ...], topics: list[str]) -> str:
    sentence = chance.pick(what, sentences).format(a=topics[0], b=topics[1])
    return sentence[0].upper() + sentence[1:]


def _choice(chance: Chance, prompt: str, careless: bool) -> str:
    """The opening of an answer to multiple choice, or "". A careful model doubts a premise that sounds doubtful."""
    options = options_in(prompt)
    if not options:
        return ""
    if not careless and _DOUBTFUL.search(prompt):
        return "None of the given options is correct, because the premise of the question does not hold."
    return f"The correct choice is **{chance.pick('option', options).written}**."
