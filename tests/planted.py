"""What the simulator's script makes of a call, known without the call and without a judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.chat import Message
from core.domain.criteria import Criterion
from core.simulator.call import draw_fault, random_of, read_conversation
from core.simulator.judge import decide_truthfully
from core.simulator.prompts import JudgeRequest
from core.simulator.replies import SimulatedReply, write_reply
from core.simulator.script import JUDGE, Fault, Script


@dataclass(frozen=True, slots=True)
class Planted:
    text: str
    """The reply that the call gives, unless a fault prevents it."""
    fault: Fault
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

    On a criterion of an example task this is what the script planted, without checking the reply; on any other it is
    what the judge decides of the reply. A judge whose script says broken or flip says something else.
    """
    conversation = read_conversation(model, messages, "target")
    behavior = script.behavior_of(conversation.model)
    random = random_of(behavior, conversation, nth)
    reply = write_reply(behavior, random, conversation.prompt)
    breaks = frozenset(c.id for c in criteria if _fails(script, judge_model, conversation.prompt, reply, c))
    return Planted(reply.text, draw_fault(behavior, random, nth), breaks)


def _fails(script: Script, judge_model: str, prompt: str, reply: SimulatedReply, criterion: Criterion) -> bool:
    if reply.example and reply.example.criteria.get(criterion.id) == criterion.text:
        return criterion.id in reply.mistakes
    # Any reference will do, as long as there is one: a drawn verdict depends on there being one, not on its words.
    question = JudgeRequest(criterion.id, criterion.text, reply.text, reference="\0", prompt=prompt)
    return not decide_truthfully(script.behavior_of(judge_model), question).passed
