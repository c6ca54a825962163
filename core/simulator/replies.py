"""What a simulated target writes: a reply to an example task with planted mistakes, or one to any other prompt.

Like a real model it gets the prompt and nothing else: it never sees a criterion of the task. The texts are in
`texts.toml`. In a generic reply, statements are made firmly or carelessly ("Off the top of my head, …"); where the
judge cannot check a criterion, it goes by the share of careless ones.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from core.simulator.script import Behavior
from core.simulator.seeded import SeededRandom

TEXTS = tomllib.loads(files("core.simulator").joinpath("texts.toml").read_text(encoding="utf-8"))
_GENERIC: Mapping[str, Any] = TEXTS["generic"]
_COMMON_WORDS = frozenset(_GENERIC["common_words"].split())
FIRM_MARKERS, CARELESS_MARKERS = tuple(_GENERIC["firm_markers"]), tuple(_GENERIC["careless_markers"])
STATEMENTS = 4
MAX_TOPICS = 6
MIN_OPTIONS = 3
_TOPIC_PROMPT_CHARS = 4_000

_PART = re.compile(r"\{(\w+)\}")
_MARKER = re.compile("|".join(re.escape(marker) for marker in (*FIRM_MARKERS, *CARELESS_MARKERS)))
_DOUBTFUL = re.compile(
    r"\b(?:supposed(?:ly)?|alleged(?:ly)?|fictional|imaginary|legendary|so-called|mythical|famously)\b", re.IGNORECASE
)
_OPTION = re.compile(r"^[ \t]*[(*]*([A-Ha-h]|[1-8])[*]*[).:][*]*[ \t]+(\S[^\n]{0,200})$", re.MULTILINE)
_NAME = re.compile(r"(?<![.!?:\n] )(?<!^)(?<!\n)\b[A-ZÄÖÜÉ][\w’'-]{2,}(?: [A-ZÄÖÜÉ][\w’'-]+){0,2}")
_LONG_WORD = re.compile(r"\b[^\W\d_]{6,}\b")


@dataclass(frozen=True)
class ExampleTask:
    """An example task as the simulated models know it."""

    name: str
    """The notebook's name without .ipynb."""
    prompt_words: Sequence[str]
    """A prompt that holds all of them is this task, even if it was edited."""
    criteria: Mapping[str, str]
    """Text by id, as in the notebook; a test keeps them equal."""
    parts: Mapping[str, Mapping[str, Any]]
    """By name: `good` texts, and `bad` ones for a reply that fails `criterion`. The whole reply is the part `reply`."""

    def is_asked_by(self, prompt: str) -> bool:
        folded = prompt.casefold()
        return all(word in folded for word in self.prompt_words)

    def write(self, random: SeededRandom, mistakes: frozenset[str], part: str = "reply") -> str:
        """A reply that fails exactly the criteria in `mistakes`."""
        row = self.parts[part]
        text = random.choice(part, row["bad" if row.get("criterion") in mistakes else "good"])
        return _PART.sub(lambda match: self.write(random, mistakes, match[1]), text)


EXAMPLES: Sequence[ExampleTask] = tuple(ExampleTask(name, **row) for name, row in TEXTS["examples"].items())


@dataclass(frozen=True, slots=True)
class SimulatedReply:
    text: str
    reasoning: str = ""
    mistakes: frozenset[str] = frozenset()
    """Ids of the example's criteria that this reply was made to fail. Empty for a prompt that is no example."""
    example: ExampleTask | None = None


def write_reply(behavior: Behavior, random: SeededRandom, prompt: str) -> SimulatedReply:
    """The reply to `prompt`. All of it follows from `behavior` and `random`."""
    reasoning = _write_reasoning(random, prompt) if behavior.reasoning != "none" else ""
    example = next((example for example in EXAMPLES if example.is_asked_by(prompt)), None)
    if example is None:
        return SimulatedReply(_write_generic(random, prompt, behavior.break_rate), reasoning)
    rates = {criterion: behavior.break_rates.get(criterion, behavior.break_rate) for criterion in example.criteria}
    mistakes = frozenset(c for c, rate in rates.items() if random.happens(f"mistake {c}", rate))
    return SimulatedReply(example.write(random, mistakes), reasoning, mistakes, example)


def _write_reasoning(random: SeededRandom, prompt: str) -> str:
    a, b, *_ = random.shuffled("thoughts", topics_of(prompt))
    texts = (random.choice(f"thought {index}", texts) for index, texts in enumerate(_GENERIC["reasoning"]))
    return " ".join(text.format(a=a, b=b) for text in texts)


def _write_generic(random: SeededRandom, prompt: str, break_rate: float) -> str:
    """A few sentences on the prompt's topics. Each of its statements is careless with probability `break_rate`."""
    topics = random.shuffled("topics", topics_of(prompt))
    careless = [random.happens(f"careless {index}", break_rate) for index in range(STATEMENTS)]
    statements = [
        _write_statement(random, index, topics, "careless" if lax else "firm") for index, lax in enumerate(careless)
    ]
    opening = _choose_option(random, prompt, sum(careless) * 2 > STATEMENTS) or _write_frame(random, "opening", topics)
    half = STATEMENTS // 2
    first, second = " ".join(statements[:half]), " ".join(statements[half:])
    return f"{opening} {first}\n\n{second} {_write_frame(random, 'closing', topics)}"


def _write_statement(random: SeededRandom, index: int, topics: Sequence[str], kind: str) -> str:
    marker = random.shuffled("markers", _GENERIC[f"{kind}_markers"])[index]
    statement = random.shuffled("sayings", _GENERIC[f"{kind}_statements"])[index]
    return f"{marker} {statement.format(a=topics[index % len(topics)], b=topics[(index + 1) % len(topics)])}"


def _write_frame(random: SeededRandom, kind: str, topics: Sequence[str]) -> str:
    sentence: str = random.choice(kind, _GENERIC[f"{kind}s"]).format(a=topics[0], b=topics[1])
    return sentence[0].upper() + sentence[1:]


def _choose_option(random: SeededRandom, prompt: str, careless: bool) -> str:
    """The opening of an answer to multiple choice, or "" for another prompt. Careful models doubt doubtful premises."""
    options = options_in(prompt)
    if not options:
        return ""
    if not careless and _DOUBTFUL.search(prompt):
        return "None of the given options is correct, because the premise of the question does not hold."
    return f"The correct choice is **{random.choice('option', options)}**."


def options_in(prompt: str) -> Sequence[str]:
    """ "C) 36 (Krypton)" for each line `A) …` or `1. …` of a prompt that asks; none if fewer than three, in order."""
    found = [(match[1], match[2].strip().rstrip("*")) for match in _OPTION.finditer(prompt)]
    labels = [label.upper() for label, _ in found]
    valid = "?" in prompt and len(found) >= MIN_OPTIONS and labels == sorted(set(labels))
    return [f"{label}) {text}" for label, text in found] if valid else []


@lru_cache(maxsize=256)
def topics_of(prompt: str) -> Sequence[str]:
    """At least two and at most MAX_TOPICS things that the prompt names, in its order; placeholders if it names none."""
    text = prompt[:_TOPIC_PROMPT_CHARS]
    names = [match.group().rstrip("'’-") for match in _NAME.finditer(text)]
    found = dict.fromkeys(word for word in _LONG_WORD.findall(text) if word.islower() and word not in _COMMON_WORDS)
    longest_first = sorted(found, key=lambda word: -len(word))
    topics = tuple(dict.fromkeys((*names, *(f"the part on “{word}”" for word in longest_first))))[:MAX_TOPICS]
    return topics if len(topics) >= 2 else (*topics, *_GENERIC["placeholder_topics"])


def careless_share(reply: str) -> float | None:
    """The share of a generic reply's statements that are careless; None for a reply of another author."""
    markers = _MARKER.findall(reply)
    return sum(marker in CARELESS_MARKERS for marker in markers) / len(markers) if len(markers) >= STATEMENTS else None


def careless_statement(reply: str) -> str:
    """The first careless statement of a reply, verbatim, or ""."""
    start = min((at for marker in CARELESS_MARKERS if (at := reply.find(marker)) >= 0), default=-1)
    end = reply.find(".", start)
    return "" if start < 0 else reply[start : end + 1] if end >= 0 else reply[start:]
