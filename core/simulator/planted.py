"""The truth for tests: what the script makes of a call, known without a call and without a judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.chat import Message
from core.domain.criteria import Criterion
from core.simulator.characters import JUDGE
from core.simulator.conversation import read_conversation
from core.simulator.judging.decision import truthful
from core.simulator.judging.question import Question
from core.simulator.mishaps import Mishap, draw_mishap
from core.simulator.plan import chance_of
from core.simulator.script import Script
from core.simulator.tasks.reply import Written, write_reply


@dataclass(frozen=True, slots=True)
class Planted:
    text: str
    """The reply that the call gives, unless a mishap keeps it back."""
    mishap: Mishap | None
    breaks: frozenset[str]
    """Ids of the criteria that the reply fails."""


def planted(
    script: Script,
    model: str,
    messages: Sequence[Message],
    nth: int,
    criteria: Sequence[Criterion] = (),
    judge_model: str = JUDGE,
) -> Planted:
    """What the `nth` call (from 0) of this conversation with a target gives, and which of `criteria` it fails.

    On a criterion of an example task this is what the script planted, without looking at the reply; on any other it
    is what the judge's role decides of the reply. A judge that is told to be broken or to flip says something else.
    """
    conversation = read_conversation(model, messages, "target")
    role = script.role_of(conversation.model)
    chance = chance_of(role, conversation, nth)
    reply = write_reply(role, chance, conversation.prompt)
    breaks = frozenset(c.id for c in criteria if _fails(script, judge_model, conversation.prompt, reply, c))
    return Planted(reply.text, draw_mishap(role, chance, nth), breaks)


def _fails(script: Script, judge_model: str, prompt: str, reply: Written, criterion: Criterion) -> bool:
    if reply.example and reply.example.criteria.get(criterion.id) == criterion.text:
        return criterion.id in reply.mistakes
    # Any reference will do, as long as there is one: a drawn verdict depends on there being one, not on its words.
    question = Question(criterion.id, criterion.text, reply.text, reference="\0", prompt=prompt)
    return not truthful(script.role_of(judge_model), question).passed
