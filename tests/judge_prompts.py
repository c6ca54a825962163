"""The messages of one question to a judge, as the product builds them for all questions about a reply."""

from __future__ import annotations

from core.domain.chat import Message
from core.domain.criteria import Criterion
from core.domain.task import Task
from core.judge.prompt import ReplyPrompt


def judge_messages(
    task: Task, criterion: Criterion, reply_text: str, history: tuple[Message, ...] = (), answer_id: str = ""
) -> tuple[Message, ...]:
    return ReplyPrompt(task, reply_text, history).messages(criterion, answer_id)
