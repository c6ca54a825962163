"""The receipt of a hunt: the exact request, the reply, the task, the judge's prompts and verdicts, and hashes.

A receipt is written from the session's own values, so that the server and an exported notebook give the same one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import JsonValue

from core import __version__
from core.domain.chat import Message, Reply
from core.domain.confirmation import SecondOpinion
from core.domain.hunt import Hunt, HuntStatus, Judging
from core.domain.parameters import Parameters, stored_parameters
from core.domain.session import Session
from core.domain.task import Task
from core.domain.value import Value
from core.domain.verdict import CriterionVerdict, Outcome
from core.errors import Conflict, TooLarge
from core.hunting.views.raw_call import request_of
from core.judge.prompt import ReplyPrompt, prompt_hash

SCHEMA_VERSION = 1
FORMAT: Literal["model-hunter receipt"] = "model-hunter receipt"
WHOLE = "receipt"
"""The hash over the hashes of all parts."""


class ReceiptMaker(Value):
    generator: Literal["model-hunter"] = "model-hunter"
    version: str


class ReceiptHunt(Value):
    hunt_id: str
    run_id: str
    number: int
    """Negative for a trial."""
    turn: int
    model: str
    label: str
    parameters: Parameters = stored_parameters()
    simulated: bool
    attempts: int
    outcome: Outcome | None
    started_at: datetime | None
    finished_at: datetime | None


class JudgePrompts(Value):
    """What the judge is asked about each criterion: `system`, and `shared` followed by the criterion's `rest`. The
    random answer id at the end of a real question is left out."""

    system: str
    shared: str
    rest: dict[str, str]


class ReceiptJudge(Value):
    model: str
    parameters: Parameters = stored_parameters()
    prompt_hash: str
    """Of the wording, without the task's texts."""
    prompts: JudgePrompts


class Receipt(Value, defer_build=True):
    """Evidence of one hunt. `hashes` has the SHA-256 of each other part but `format` and `schema_version`."""

    format: Literal["model-hunter receipt"] = FORMAT
    schema_version: int = SCHEMA_VERSION
    made: ReceiptMaker
    hunt: ReceiptHunt
    task: Task
    """As it was when the run started."""
    history: tuple[Message, ...]
    """The turns of the conversation before the prompt."""
    request: dict[str, JsonValue]
    """The body that the provider was sent, without credentials."""
    reply: Reply
    judge: ReceiptJudge
    verdicts: tuple[CriterionVerdict, ...]
    judged: tuple[Judging, ...]
    """Earlier judgings that were replaced, oldest first."""
    votes: tuple[SecondOpinion, ...]
    """Second opinions of other judges."""
    hashes: dict[str, str]


MAX_PROMPT_CHARS = 5_000_000
"""Of a receipt's judge prompts. A template that names the criterion before the reply repeats the reply for each
criterion; all others stay far below."""
UNRECORDED = frozenset({"made", WHOLE})
PARTS = tuple(name for name in Receipt.model_fields if name not in {"format", "schema_version", "hashes"})


def receipt_of(session: Session, hunt: Hunt) -> dict[str, Any]:
    """The receipt as JSON values. Raises Conflict while the session is sealed, and for a hunt that is not finished or
    has no reply; TooLarge for judge prompts beyond MAX_PROMPT_CHARS."""
    if session.sealed and not hunt.trial:
        raise Conflict(
            "The verdicts of this session are sealed, so a hunt has no receipt yet.",
            hint="Review the selection and reveal the verdicts first.",
            code="sealed",
        )
    if hunt.status is not HuntStatus.DONE or hunt.reply is None:
        raise Conflict(
            f"Hunt {hunt.hunt_id} has no receipt: it has no reply, or is not finished.",
            hint="Choose a hunt that broke or held.",
            code="no_reply",
        )
    run = session.run(hunt.run_id)
    history, judge = session.history(hunt.turn), run.judge_of(hunt)
    receipt = Receipt(
        made=ReceiptMaker(version=__version__),
        hunt=ReceiptHunt(**{name: getattr(hunt, name) for name in ReceiptHunt.model_fields}),
        task=run.task,
        history=history,
        request=request_of(hunt, session),
        reply=hunt.reply.model_copy(update={"raw_request": ""}),
        judge=ReceiptJudge(
            model=judge.model,
            parameters=judge.parameters,
            prompt_hash=prompt_hash(run.task),
            prompts=judge_prompts(run.task, hunt.reply.text, history),
        ),
        verdicts=hunt.verdicts,
        judged=tuple(one.model_copy(update={"opinions": _without_keys(one.opinions)}) for one in hunt.judged),
        votes=_without_keys(hunt.opinions),
        hashes={},
    )
    values = receipt.model_dump(mode="json")
    return {**values, "hashes": receipt_hashes(values)}


def _without_keys(opinions: tuple[SecondOpinion, ...]) -> tuple[SecondOpinion, ...]:
    """Idempotency keys belong to a session, not to the evidence."""
    return tuple(one.model_copy(update={"key": ""}) for one in opinions)


def recorded_hashes(session: Session, hunt: Hunt) -> dict[str, str]:
    """The hashes that an export's record states: of all parts that every release writes alike. None of a receipt that
    would be too large."""
    try:
        hashes = receipt_of(session, hunt)["hashes"]
    except TooLarge:
        return {}
    return {name: one for name, one in hashes.items() if name not in UNRECORDED}


def receipt_hashes(values: Mapping[str, Any]) -> dict[str, str]:
    """The SHA-256 of each part as canonical JSON, and of these hashes together."""
    hashes = {name: canonical_hash(values[name]) for name in PARTS if name in values}
    return {**hashes, WHOLE: canonical_hash(hashes)}


def canonical_hash(value: Any) -> str:
    """SHA-256 of the value as JSON in UTF-8: keys sorted, no white space, and numbers without a fraction as integers,
    because editors rewrite 1.0 as 1."""
    text = json.dumps(_canonical(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _canonical(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _canonical(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def judge_prompts(task: Task, reply: str, history: tuple[Message, ...]) -> JudgePrompts:
    prompt = ReplyPrompt(task, reply, history)
    _refuse_repeated(prompt, task)
    system, users = "", {}
    for criterion in task.criteria:
        first, second = prompt.messages(criterion)
        system, users[criterion.id] = first.content, second.content
    shared = _common_start(tuple(users.values()))
    return JudgePrompts(system=system, shared=shared, rest={id_: text[len(shared) :] for id_, text in users.items()})


def _refuse_repeated(prompt: ReplyPrompt, task: Task) -> None:
    """Raise TooLarge if what differs between the questions is too long, before it is written for each criterion."""
    if not task.criteria:
        return
    longest = max(task.criteria, key=lambda criterion: len(criterion.text))
    each = len(prompt.messages(longest)[1].content) - prompt.shared_chars
    if each * len(task.criteria) > MAX_PROMPT_CHARS:
        raise TooLarge(
            f"The judge prompts of the receipt would have more than {MAX_PROMPT_CHARS:,} characters.",
            hint="Name the criterion after the reply in the judge's prompt template: then the reply is written once.",
            code="receipt_too_large",
        )


def _common_start(texts: Sequence[str]) -> str:
    """The longest text that all begin with: the first and the last one in alphabetical order differ first."""
    if not texts:
        return ""
    first, last = min(texts), max(texts)
    length = next(
        (place for place, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last))
    )
    return first[:length]
