"""What the judge thinks: it looks where a program can check the criterion, and draws where none can."""

from __future__ import annotations

from dataclasses import dataclass

from core.simulator.chance import Chance
from core.simulator.checks.finding import EVIDENCE_CHARS
from core.simulator.checks.table import check_for
from core.simulator.checks.text import sentences
from core.simulator.judging.question import Question
from core.simulator.role import Role
from core.simulator.tasks.generic import careless_statement, carelessness

_MEETS, _FAILS = " That meets the criterion.", " That does not meet the criterion."
_SEEN = (
    "The reply deals with this and says nothing against it.",
    "What the criterion asks for is there, in so many words.",
    "The passage quoted covers the point.",
)
_NOT_SEEN = (
    "The reply passes over this point.",
    "What is said stays beside the point that the criterion asks for.",
    "The passage quoted asserts something without showing it.",
)


@dataclass(frozen=True, slots=True)
class Decision:
    passed: bool
    reason: str
    evidence: str
    """A verbatim quote of the reply, or ""."""
    looked: bool
    """Decided by looking at the reply; else drawn."""


def decide(role: Role, question: Question) -> Decision:
    """The judge's decision. The same seed, reply and criterion give the same one, however often it is asked."""
    chance = Chance(role.seed, "verdict", question.reply, question.criterion)
    truth = truthful(role, question)
    passed = truth.passed is not chance.hits("flip", role.judge_flip)
    return Decision(passed, truth.reason + (_MEETS if passed else _FAILS), truth.evidence, truth.looked)


def truthful(role: Role, question: Question) -> Decision:
    """The decision of a judge that never says the opposite of what it saw; its reason without the conclusion."""
    if check := check_for(question.criterion):
        finding = check(question.reply)
        return Decision(finding.passed, finding.reason, finding.evidence, looked=True)
    chance = Chance(role.seed, "verdict", question.reply, question.criterion)
    passed = not chance.hits("fail", _chance_of_failing(role, question))
    careless = "" if passed else careless_statement(question.reply)
    reason = f"The reply only guesses: “{careless}”" if careless else chance.pick("why", _SEEN if passed else _NOT_SEEN)
    evidence = careless or chance.pick("evidence", sentences(question.reply) or [""])
    return Decision(passed, reason, evidence if len(evidence) <= EVIDENCE_CHARS else "", looked=False)


def _chance_of_failing(role: Role, question: Question) -> float:
    """By the criterion's own rate if the script has one; else a simulated reply fails by the share of its careless
    statements, a reference response never, and anybody else's reply by the judge's break rate.
    """
    if question.criterion_id in role.break_rates:
        return role.break_rates[question.criterion_id]
    share = carelessness(question.reply)
    if share is not None:
        return share
    return 0.0 if question.is_reference_check else role.break_rate
