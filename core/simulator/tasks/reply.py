"""What a simulated target model writes to a prompt."""

from __future__ import annotations

from dataclasses import dataclass

from core.simulator.chance import Chance
from core.simulator.role import Role
from core.simulator.tasks.cake_acrostic import CAKE_ACROSTIC
from core.simulator.tasks.example import Example
from core.simulator.tasks.generic import write_generic
from core.simulator.tasks.nobel_detective import NOBEL_DETECTIVE
from core.simulator.tasks.topics import topics_in
from core.simulator.tasks.word_budget import WORD_BUDGET

EXAMPLES: tuple[Example, ...] = (WORD_BUDGET, NOBEL_DETECTIVE, CAKE_ACROSTIC)

_TRACE_OPENINGS = (
    "Okay, the user wants something about {a}.",
    "Let me read this again. It is about {a}.",
    "Right: {a}. Let me not rush this.",
)
_TRACE_MIDDLES = (
    "I have to be careful with {b}, which is easy to get wrong.",
    "There are conditions here. One has to do with {b}; I will check it at the end.",
    "First thought: ignore {b}. Second thought: better not.",
)
_TRACE_CLOSINGS = (
    "That should do. Writing it down now.",
    "I think that covers it. Let me write the answer.",
    "Checked once, that is enough. Here goes.",
)


@dataclass(frozen=True, slots=True)
class Written:
    text: str
    reasoning: str = ""
    mistakes: frozenset[str] = frozenset()
    """Ids of the example's criteria that this reply was made to fail. Empty for a prompt that is no example."""
    example: Example | None = None


def write_reply(role: Role, chance: Chance, prompt: str) -> Written:
    """A reply of this role to `prompt`. All of it follows from `chance`."""
    reasoning = _trace(chance, prompt) if role.reasoning != "none" else ""
    example = next((example for example in EXAMPLES if example.is_asked_by(prompt)), None)
    if example is None:
        return Written(write_generic(chance, prompt, role.break_rate), reasoning)
    mistakes = frozenset(c for c in example.criteria if chance.hits(f"mistake {c}", role.break_rate_of(c)))
    return Written(example.write(chance, mistakes), reasoning, mistakes, example)


def _trace(chance: Chance, prompt: str) -> str:
    topics = chance.shuffled("thoughts", topics_in(prompt))
    parts = (_TRACE_OPENINGS, _TRACE_MIDDLES, _TRACE_CLOSINGS)
    return " ".join(
        chance.pick(f"thought {place}", sayings).format(a=topics[0], b=topics[1]) for place, sayings in enumerate(parts)
    )
