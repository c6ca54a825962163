"""The simulated judge: reads its question, checks the reply where a program can, and answers in every form there is.

The question is in the blocks of a judge prompt, which carry the nonce of its last criterion block:

    === CRITERION 3f0c9a… ===
    C2: text of the criterion
    === END CRITERION 3f0c9a… ===

The prompt ends with the criterion, so a block that the reply forges stands before it and has another nonce.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.domain.chat import Message
from core.simulator.checks.grammar import find_check
from core.simulator.checks.text import MAX_EVIDENCE_CHARS, sentences
from core.simulator.replies import TEXTS, SimulatedReply, careless_share, careless_statement
from core.simulator.script import Behavior
from core.simulator.seeded import SeededRandom

_ANSWER_ID = re.compile(r'"verdict": "PASS" or "FAIL", "answer_id": "([0-9a-f]+)"')
_CRITERION_END = re.compile(r"^=== END CRITERION ([0-9a-f]{16}) ===$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class JudgeRequest:
    criterion_id: str
    criterion: str
    reply: str
    reference: str = ""
    """"" in a reference check, where the reference response is itself the reply."""
    prompt: str = ""
    answer_id: str = field(default="", compare=False)
    """What an answer has to carry. Random for each question, so not part of what is asked."""

    @property
    def is_reference_check(self) -> bool:
        return not self.reference.strip() or self.reference.strip() == self.reply.strip()


def read_question(messages: Sequence[Message]) -> JudgeRequest | None:
    """The question of the last user message that has one; None when this is no judge prompt."""
    contents = (message.content for message in reversed(messages) if message.role == "user")
    return next((question for content in contents if (question := _parse_question(content))), None)


def _parse_question(content: str) -> JudgeRequest | None:
    nonce = next(iter(_CRITERION_END.findall(content)[-1:]), "")
    criterion, reply = _block(content, "CRITERION", nonce), _block(content, "REPLY", nonce)
    if not nonce or criterion is None or reply is None:
        return None
    criterion_id, _, text = criterion.partition(": ")
    return JudgeRequest(
        criterion_id=criterion_id.strip().upper(),
        criterion=text,
        reply=reply,
        reference=_block(content, "REFERENCE RESPONSE", nonce) or "",
        prompt=_block(content, "PROMPT", nonce) or "",
        answer_id=next(iter(_ANSWER_ID.findall(content)[-1:]), ""),
    )


def _block(content: str, label: str, nonce: str) -> str | None:
    """The text between the delimiters of a block; None when there is no such block."""
    opening, closing = f"=== {label} {nonce} ===\n", f"\n=== END {label} {nonce} ==="
    start = content.find(opening)
    end = content.find(closing, start + len(opening) - 1)  # an empty block shares one line end
    return None if start < 0 or end < 0 else content[start + len(opening) : end]


@dataclass(frozen=True, slots=True)
class Decision:
    passed: bool
    reason: str
    evidence: str
    """A verbatim quote of the reply, or ""."""
    checked: bool
    """Decided by checking the reply; else by a random draw."""

    @property
    def verdict(self) -> str:
        return "PASS" if self.passed else "FAIL"


def decide(behavior: Behavior, question: JudgeRequest) -> Decision:
    """The judge's decision. The same seed, reply and criterion give the same one, however often it is asked."""
    found = decide_truthfully(behavior, question)
    passed = found.passed is not _random_of(behavior, question).happens("flip", behavior.judge_flip)
    conclusion = " That meets the criterion." if passed else " That does not meet the criterion."
    return Decision(passed, found.reason + conclusion, found.evidence, found.checked)


def decide_truthfully(behavior: Behavior, question: JudgeRequest) -> Decision:
    """The decision of a judge that never says the opposite of what it found; its reason without the conclusion."""
    if check := find_check(question.criterion):
        finding = check(question.reply)
        return Decision(finding.passed, finding.reason, finding.evidence, checked=True)
    random = _random_of(behavior, question)
    passed = not random.happens("fail", _failure_rate(behavior, question))
    guess = "" if passed else careless_statement(question.reply)
    reason = (
        f"The reply only guesses: “{guess}”"
        if guess
        else random.choice("why", TEXTS["judge"]["pass_reasons" if passed else "fail_reasons"])
    )
    evidence = guess or random.choice("evidence", sentences(question.reply) or [""])
    return Decision(passed, reason, evidence if len(evidence) <= MAX_EVIDENCE_CHARS else "", checked=False)


def _random_of(behavior: Behavior, question: JudgeRequest) -> SeededRandom:
    return SeededRandom(behavior.seed, "verdict", question.reply, question.criterion)


def _failure_rate(behavior: Behavior, question: JudgeRequest) -> float:
    """The criterion's own rate if the script has one; else the share of a simulated reply's careless statements,
    0 for a reference response, and the judge's break rate for any other reply.
    """
    if question.criterion_id in behavior.break_rates:
        return behavior.break_rates[question.criterion_id]
    share = careless_share(question.reply)
    if share is not None:
        return share
    return 0.0 if question.is_reference_check else behavior.break_rate


def write_form(template: str, decision: Decision, criterion_id: str = "", answer_id: str = "") -> str:
    """The decision in one of the forms of `texts.toml`. Lower-case names stand for JSON strings."""
    return template.format(
        id=_json(criterion_id),
        CRITERION=criterion_id,
        reason=_json(decision.reason),
        evidence=_json(decision.evidence),
        REASON=decision.reason,
        REASON_WITHOUT_BRACES=decision.reason.translate(str.maketrans("{}", "()")),
        VERDICT=decision.verdict,
        OPPOSITE="FAIL" if decision.passed else "PASS",
        passed_or_failed=_json(decision.verdict.lower()),
        and_answer_id=f', "answer_id": {_json(answer_id)}' if answer_id else "",
        and_answer_id_line=f',\n  "answer_id": {_json(answer_id)}' if answer_id else "",
    )


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


FORMS: Mapping[str, str] = TEXTS["judge"]["forms"]
UNUSABLE_FORMS: Sequence[str] = TEXTS["judge"]["unusable_forms"]
NO_QUESTION = "I see no criterion and no reply between their marks, so there is nothing that I could judge."


def write_judgement(behavior: Behavior, random: SeededRandom, question: JudgeRequest | None) -> SimulatedReply:
    """The judge's whole answer."""
    if question is None:
        return SimulatedReply(NO_QUESTION)
    decision = decide(behavior, question)
    if random.happens("broken", behavior.judge_broken):
        return SimulatedReply(write_form(random.choice("unusable", UNUSABLE_FORMS), decision))
    form = random.choice("form", tuple(FORMS)) if behavior.judge_form == "mixed" else behavior.judge_form
    return SimulatedReply(write_form(FORMS[form], decision, question.criterion_id, question.answer_id))
