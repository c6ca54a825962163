"""The simulated judge: checks the reply where a program can, and answers in every form there is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from core.simulator.checks.grammar import find_check
from core.simulator.checks.text import MAX_EVIDENCE_CHARS, Finding, sentences
from core.simulator.edits import violated_by_mark
from core.simulator.prompts import JudgeRequest
from core.simulator.replies import TEXTS, SimulatedReply, careless_share, careless_statement
from core.simulator.script import Behavior
from core.simulator.seeded import SeededRandom

FORMS: Mapping[str, str] = TEXTS["judge"]["forms"]
UNUSABLE_FORMS: Sequence[str] = TEXTS["judge"]["unusable_forms"]
NO_QUESTION = "The prompt contains no criterion and no reply between delimiters, so there is nothing to judge."


def decide(behavior: Behavior, question: JudgeRequest, judge: str = "", call: SeededRandom | None = None) -> Finding:
    """The decision of the model `judge` at one `call`. Without errors, or with `judge_repeats` 1, the same seed, reply
    and criterion give the same one, however often it is asked."""
    found = decide_truthfully(behavior, question)
    passed = found.passed is not _errs(behavior, question, judge, call)
    conclusion = " That meets the criterion." if passed else " That does not meet the criterion."
    return replace(found, passed=passed, reason=found.reason + conclusion)


def decide_truthfully(behavior: Behavior, question: JudgeRequest) -> Finding:
    """The decision of a judge that never says the opposite of what it found; its reason without the conclusion."""
    if check := find_check(behavior.judge_reads.get(question.criterion_id, question.criterion)):
        return check(question.reply)
    if against := violated_by_mark(question.reply):
        named = "The reply says what it is against: " + ", ".join(sorted(against)) + "."
        return Finding(question.criterion_id not in against, named)
    random = _random_of(behavior, question)
    passed = not random.happens("fail", _failure_rate(behavior, question))
    guess = "" if passed else careless_statement(question.reply)
    reasons = (
        [f"The reply only guesses: “{guess}”"] if guess else TEXTS["judge"][f"{'pass' if passed else 'fail'}_reasons"]
    )
    evidence = guess or random.choice("evidence", sentences(question.reply) or [""])
    return Finding(passed, random.choice("why", reasons), evidence if len(evidence) <= MAX_EVIDENCE_CHARS else "")


def _random_of(behavior: Behavior, question: JudgeRequest, *judge: str) -> SeededRandom:
    """Without a judge: what all judges of one seed have in common."""
    return SeededRandom(behavior.seed, "verdict", question.reply, question.criterion, *judge)


def _errs(behavior: Behavior, question: JudgeRequest, judge: str, call: SeededRandom | None) -> bool:
    """Whether the judge says the opposite of what it found. A question is misleading for all judges, then for this
    one, then it errs at this call: so the shares of `Behavior` hold, for any number of judges at once."""
    shared = max(behavior.judge_flip, behavior.judge_shared)
    repeats = max(shared, behavior.judge_repeats)
    if not behavior.judge_flip or not _random_of(behavior, question).happens("flip", behavior.judge_flip / shared):
        return False
    own = _random_of(behavior, question, judge)
    return own.happens("flip", shared / repeats) and (call or own).happens("flip again", repeats)


def _failure_rate(behavior: Behavior, question: JudgeRequest) -> float:
    """The criterion's own rate if the script has one; else the share of a simulated reply's careless statements,
    0 for a reference response, and the judge's break rate for any other reply.
    """
    if question.criterion_id in behavior.break_rates:
        return behavior.break_rates[question.criterion_id]
    share = careless_share(question.reply)
    return share if share is not None else 0.0 if question.is_reference_check else behavior.break_rate


def write_form(template: str, decision: Finding, criterion_id: str = "", answer_id: str = "") -> str:
    """The decision in one of the forms of `texts.toml`. Lower-case names are placeholders for JSON strings."""
    verdict = _verdict(decision)
    return template.format(
        id=_json(criterion_id),
        CRITERION=criterion_id,
        reason=_json(decision.reason),
        evidence=_json(decision.evidence),
        REASON=decision.reason,
        REASON_WITHOUT_BRACES=decision.reason.translate(str.maketrans("{}", "()")),
        VERDICT=verdict,
        OPPOSITE="FAIL" if decision.passed else "PASS",
        passed_or_failed=_json(verdict.lower()),
        and_answer_id=f', "answer_id": {_json(answer_id)}' if answer_id else "",
        and_answer_id_line=f',\n  "answer_id": {_json(answer_id)}' if answer_id else "",
    )


def _verdict(decision: Finding) -> str:
    return "PASS" if decision.passed else "FAIL"


def _json(value: str | Mapping[str, str]) -> str:
    return json.dumps(value, ensure_ascii=False)


def write_judgement(
    behavior: Behavior,
    random: SeededRandom,
    question: JudgeRequest | None,
    *,
    judge: str = "",
    enforced: bool = False,
) -> SimulatedReply:
    """The whole answer of the model `judge`. `enforced`: it is one object, whatever happens; a judge that would have
    written something else cannot decide."""
    if question is None:
        return SimulatedReply(NO_QUESTION)
    decision = decide(behavior, question, judge, random)
    broken = random.happens("broken", behavior.judge_broken)
    if enforced:
        verdict = "UNDETERMINED" if broken else _verdict(decision)
        answer = {"reason": decision.reason, "evidence": decision.evidence, "verdict": verdict}
        return SimulatedReply(_json({**answer, "answer_id": question.answer_id}))
    if broken:
        return SimulatedReply(write_form(random.choice("unusable", UNUSABLE_FORMS), decision))
    form = random.choice("form", tuple(FORMS)) if behavior.judge_form == "mixed" else behavior.judge_form
    return SimulatedReply(write_form(FORMS[form], decision, question.criterion_id, question.answer_id))
