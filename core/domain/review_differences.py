"""The verdicts of two people on the same replies, and where they differ. None before both are done (decision record
0108)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from core.domain.criteria import Criterion
from core.domain.session import Session
from core.domain.verdict import Verdict


class VerdictPair(NamedTuple):
    """Two people's verdicts on one criterion of one reply."""

    hunt_id: str
    criterion: Criterion
    first: Verdict
    second: Verdict


def verdict_pairs(session: Session) -> tuple[VerdictPair, ...]:
    """Return both people's verdicts by criterion; none before both are done."""
    return tuple(_pairs(session)) if session.both_reviewed else ()


def differences(session: Session) -> tuple[VerdictPair, ...]:
    """Return where the two people differ, settled or not."""
    return tuple(pair for pair in verdict_pairs(session) if pair.first is not pair.second)


def unsettled(session: Session) -> int:
    """Return the number of differences that nobody has settled."""
    second = session.second_review
    settled = {(one.hunt_id, one.criterion_id) for one in second.settled} if second else set()
    return sum((pair.hunt_id, pair.criterion.id) not in settled for pair in differences(session))


def _pairs(session: Session) -> Iterator[VerdictPair]:
    second = session.second_review
    for hunt_id in second.hunt_ids if second else ():
        mine, other = session.review(hunt_id), second.review(hunt_id) if second else None
        first = mine.by_criterion if mine else {}
        again = other.by_criterion if other else {}
        for criterion in session.run(hunt_id.rpartition(".")[0]).task.criteria:
            if criterion.id in first and criterion.id in again:
                yield VerdictPair(hunt_id, criterion, first[criterion.id], again[criterion.id])
