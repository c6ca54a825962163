"""The shapes of what reviewer and judge agree on (see api/shapes.py), and the base of all shapes."""

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
    """What the judge and the finished reviews make of the hunts that are delivered."""

    hunts: int
    reviewed: int
    judge_breaks: int
    reviewer_breaks: int
    """Among the reviewed hunts."""
    differ: bool
    differing: list[str]
    """Hunts that were reviewed otherwise than judged; none are named while the judge's opinion is sealed."""
    words: str
    """Empty when nothing is reviewed."""
    question: str
    """What to ask before the notebook is delivered; empty when the reviews agree."""
