"""Whether the same break came from several upstreams of one target: then it is the model's, not an upstream's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from core.domain.hunt import Hunt
from core.domain.verdict import Outcome, Verdict


@dataclass(frozen=True)
class SameBreak:
    """Breaks of one target on the same criteria, from several upstreams."""

    hunt_ids: tuple[str, ...]
    upstreams: tuple[str, ...]


def same_breaks(hunts: Iterable[Hunt]) -> tuple[SameBreak, ...]:
    """Group the breaks of one turn by target and failed criteria; groups from a single upstream are left out.

    It depends on verdicts, so a sealed session never shows it.
    """
    groups: defaultdict[tuple[str, frozenset[str]], dict[str, str]] = defaultdict(dict)
    for hunt in hunts:
        if hunt.outcome is Outcome.BROKE and hunt.reply is not None and hunt.reply.upstream:
            groups[hunt.target, _failed(hunt)][hunt.hunt_id] = hunt.reply.upstream
    found = (SameBreak(tuple(group), tuple(sorted(set(group.values())))) for group in groups.values())
    return tuple(one for one in found if len(one.upstreams) > 1)


def _failed(hunt: Hunt) -> frozenset[str]:
    return frozenset(verdict.criterion_id for verdict in hunt.verdicts if verdict.verdict is Verdict.FAIL)
