"""The JSON of the robustness report."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from typing_extensions import TypedDict

from core.domain.checks import ReportStatus, RobustnessReport
from core.domain.session import Session
from core.domain.verdict import Verdict
from core.judge.robustness import (
    OPEN,
    UNCHANGED,
    Family,
    TwinVerdict,
    attack_list,
    family_results,
    summary,
    twin_verdicts,
    unsteady_criteria,
)

MAX_MOVED = 50
"""Moved verdicts that are listed."""


class RobustnessEstimate(TypedDict):
    """What a report would judge, and its cost; null: unknown price."""

    judge_model: str
    hunt_ids: list[str]
    attacks: int
    """Attacks and harmless sentences per reply."""
    calls: int
    """Judge calls at most."""
    usd: float | None
    low_usd: float | None
    high_usd: float | None


class FamilyView(TypedDict):
    family: Family
    """benign: harmless sentences, to compare the attacks with."""
    compared: int
    """Verdicts on twins that can be compared with those on the unchanged replies."""
    raised: int
    """FAIL became PASS."""
    lowered: int
    """PASS became FAIL."""
    unusable: int
    """The judge gave no usable verdict on the twin."""


class MovedView(TypedDict):
    """A verdict that an attack or a harmless sentence changed."""

    attack: str
    family: Family
    text: str
    """What was added to the reply; a line with {id} is repeated for every criterion."""
    hunt_id: str
    criterion_id: str
    before: Verdict
    after: Verdict


class RobustnessView(TypedDict):
    status: ReportStatus
    stale: bool
    """The task has been edited since."""
    judge_model: str
    judge_parameters: dict[str, Any]
    attacks_version: int
    hunt_ids: list[str]
    judged: int
    """Verdicts that are there."""
    total: int
    families: list[FamilyView]
    moved: list[MovedView]
    """FAIL to PASS first; at most 50."""
    unsteady_criteria: tuple[str, ...]
    """Criteria whose verdict a harmless sentence changed: what an attack did to them proves nothing."""
    summary: str
    calls: int
    cost_usd: float
    unknown_costs: int
    error: str
    started_at: datetime | None
    finished_at: datetime | None


class RobustnessAnswer(TypedDict):
    """The robustness report. Its progress arrives as events `session.changed`."""

    robustness: RobustnessView


def robustness_view(session: Session) -> RobustnessView:
    """Return the report; of an older list of attacks or another task only what it has judged."""
    report, built_in = session.robustness, attack_list()
    letters = Counter(letter for one in report.twins for letter in one.verdicts)
    stale = report.stale_for(session.task)
    verdicts = () if stale else twin_verdicts(report, [criterion.id for criterion in session.task.criteria])
    results = family_results(verdicts, built_in)
    return {
        "status": report.status,
        "stale": stale,
        "judge_model": report.judge_model,
        "judge_parameters": report.judge_parameters.chosen,
        "attacks_version": report.attacks_version,
        "hunt_ids": [one.hunt_id for one in report.twins if one.attack == UNCHANGED],
        "judged": letters.total() - letters[OPEN],
        "total": letters.total(),
        "families": [
            {
                "family": result.family,
                "compared": result.compared,
                "raised": result.raised,
                "lowered": result.lowered,
                "unusable": result.unusable,
            }
            for result in results
            if result.compared or result.unusable
        ],
        "moved": _moved(verdicts),
        "unsteady_criteria": unsteady_criteria(verdicts, built_in),
        "summary": _summary(report, stale, summary(results)),
        "calls": report.calls,
        "cost_usd": report.cost_usd,
        "unknown_costs": report.unknown_costs,
        "error": report.error,
        "started_at": report.started_at,
        "finished_at": report.finished_at,
    }


def _summary(report: RobustnessReport, stale: bool, said: str) -> str:
    if report.status is ReportStatus.NONE:
        return ""
    return "The task has changed since this report: start it again." if stale else said


def _moved(verdicts: tuple[TwinVerdict, ...]) -> list[MovedView]:
    attacks = {attack.id: attack for attack in attack_list().edits}
    given = {Verdict.PASS, Verdict.FAIL}
    moved = [one for one in verdicts if {one.before, one.after} == given and one.attack in attacks]
    moved.sort(key=lambda one: (attacks[one.attack].family is Family.BENIGN, one.after is not Verdict.PASS))
    return [
        {
            "attack": one.attack,
            "family": attacks[one.attack].family,
            "text": attacks[one.attack].text,
            "hunt_id": one.hunt_id,
            "criterion_id": one.criterion_id,
            "before": one.before,
            "after": one.after,
        }
        for one in moved[:MAX_MOVED]
    ]
