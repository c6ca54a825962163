"""Judges the reply of a receipt again, with any judge, and compares the verdicts."""

from __future__ import annotations

from typing_extensions import TypedDict

from core.domain.parameters import Target
from core.domain.verdict import CriterionVerdict, Outcome, Verdict, decide
from core.hunting.receipts.receipt import Receipt
from core.judge.judge import Judge
from core.providers.base import CallContext


class RejudgedCriterion(TypedDict):
    criterion_id: str
    before: Verdict | None
    """null if the receipt has no verdict on it."""
    after: Verdict
    reason: str


class Rejudged(TypedDict):
    """The JSON of `rejudge --json`."""

    hunt_id: str
    judge_model: str
    """Of the new verdicts."""
    receipt_judge_model: str
    outcome_before: Outcome | None
    outcome: Outcome
    agree: bool
    """Whether the outcome is the receipt's."""
    criteria: list[RejudgedCriterion]
    cost_usd: float | None


async def rejudge(receipt: Receipt, judge: Judge, target: Target) -> Rejudged:
    async def keep(_verdict: CriterionVerdict) -> None:
        """All verdicts are returned at the end."""

    verdicts = await judge.grade_all(
        receipt.task,
        receipt.reply.text,
        target.model,
        CallContext,
        keep,
        history=receipt.history,
        parameters=target.parameters,
    )
    before = {one.criterion_id: one.verdict for one in receipt.verdicts}
    outcome = decide((one.verdict for one in verdicts), receipt.task.pass_rule)
    costs = [one.cost_usd for one in verdicts]
    return {
        "hunt_id": receipt.hunt.hunt_id,
        "judge_model": target.model,
        "receipt_judge_model": receipt.judge.model,
        "outcome_before": receipt.hunt.outcome,
        "outcome": outcome,
        "agree": outcome is receipt.hunt.outcome,
        "criteria": [
            {
                "criterion_id": one.criterion_id,
                "before": before.get(one.criterion_id),
                "after": one.verdict,
                "reason": one.reason,
            }
            for one in verdicts
        ],
        "cost_usd": None if None in costs else sum(cost for cost in costs if cost is not None),
    }
