"""Shapes for the agreement between reviewer and judge (see api/shapes.py), and the base class of all shapes."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Shape(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class TallyShape(Shape):
    agree: int
    disagree: int
    unclear: int
    """The judge gave no usable verdict."""


class CriterionTallyShape(TallyShape):
    criterion_id: str


class HuntAgreementShape(Shape):
    hunt_id: str
    human_score: int | None
    judge_score: int | None
    disagreements: list[str]


class AgreementShape(TallyShape):
    criteria: list[CriterionTallyShape]
    hunts: list[HuntAgreementShape]


class ComparisonShape(Shape):
    """The judge's verdicts and the finished reviews of the delivered hunts, compared."""

    hunts: int
    reviewed: int
    judge_breaks: int
    reviewer_breaks: int
    """Among the reviewed hunts."""
    differ: bool
    differing: list[str]
    """Hunts whose review and judge disagree; empty while the verdicts are sealed."""
    words: str
    """Empty when no hunt is reviewed."""
    question: str
    """The question to show before delivery; empty when the reviews agree."""
