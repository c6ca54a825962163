"""The selection: which hunts are allowed, what is missing, and a proposal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from core.domain.confirmation import Confirmation
from core.domain.hunt import Hunt
from core.domain.session import Selection, Session
from core.domain.verdict import Outcome, Verdict
from core.errors import BadInput
from core.review.duplicates import groups_of_near_duplicates
from core.review.refuted import is_refuted


def refuse_unselectable(session: Session, hunt_ids: Sequence[str], found: Sequence[Hunt]) -> None:
    """Raise BadInput listing every ID that cannot be selected, and why. `found`: the IDs' existing hunts."""
    known = {hunt.hunt_id: hunt for hunt in found}
    chosen = [known[i] for i in hunt_ids if i in known]
    wrong = {
        "unknown": [i for i in hunt_ids if i not in known],
        "trials": [h.hunt_id for h in chosen if h.trial],
        "other_turn": [h.hunt_id for h in chosen if not h.trial and h.turn != session.turn],
        "undecided": [h.hunt_id for h in chosen if not h.trial and not h.decided],
        "twice": sorted(i for i, n in Counter(hunt_ids).items() if n > 1),
    }
    words = {
        "unknown": "no such hunt",
        "trials": "a trial",
        "other_turn": "of an earlier turn",
        "undecided": "neither broke nor held",
        "twice": "chosen twice",
    }
    said = [f"{words[kind]}: {', '.join(ids)}" for kind, ids in wrong.items() if ids]
    if said:
        raise BadInput(
            f"These hunts cannot be selected: {'; '.join(said)}.",
            hint="Choose hunts of this turn that broke or held, each once.",
            code="not_selectable",
            details=wrong,
        )
    if len(hunt_ids) > session.selection.slots:
        raise BadInput(
            f"{len(hunt_ids)} hunts do not fit in {session.selection.slots} slots.",
            hint="Choose fewer hunts, or raise the number of slots in the session's settings.",
            code="too_many_selected",
        )


def selection_problems(selection: Selection, hunts: Sequence[Hunt]) -> tuple[str, ...]:
    """Return what the selection still needs, one sentence each; empty if it is complete. `hunts`: the selected ones.

    Missing breaks are reported once the free slots cannot supply them.
    """
    problems = []
    missing = selection.slots - len(selection.hunt_ids)
    if missing > 0:
        problems.append(f"Choose {missing} more hunt{'s' if missing > 1 else ''}.")
    if missing < 0:
        problems.append(f"Remove {-missing} hunt{'s' if missing < -1 else ''}: there are {selection.slots} slots.")
    problems += [
        f"Hunt {h.number} is {'being judged again' if h.outcome is None else 'no longer decided'}."
        for h in hunts
        if not h.decided
    ]
    breaks = sum(h.outcome is Outcome.BROKE for h in hunts)
    if breaks + max(missing, 0) < selection.least_breaks:
        problems.append(
            f"At least {selection.least_breaks} of the {selection.slots} must be breaks; "
            f"{breaks} {'is' if breaks == 1 else 'are'}."
        )
    return tuple(problems)


_NOTHING_DECIDED = "No hunt has broken or held yet."


@dataclass(frozen=True)
class Proposal:
    """A proposed selection, and the reason."""

    hunt_ids: tuple[str, ...]
    why: str


def propose(session: Session, hunts: Iterable[Hunt]) -> Proposal:
    """Propose varied breaks for all slots, filled up with held hunts as far as the session allows. Empty while no hunt
    has broken, unless the selection needs no breaks.

    Confirmed breaks come first; contested hunts and breaks that a review refutes are not proposed. Variety is by
    failed criteria, then by model, then by lowest number. While verdicts are sealed, groups of near-duplicate replies
    replace the failed criteria.
    """
    here = sorted((h for h in hunts if h.decided and not h.trial and h.turn == session.turn), key=lambda h: h.number)
    ready = [h for h in here if h.confirmation is not Confirmation.CONTESTED and not is_refuted(session, h)]
    slots, least = session.selection.slots, session.selection.least_breaks
    pattern = _by_likeness(ready) if session.sealed else _failed
    breaks = _varied([h for h in ready if h.outcome is Outcome.BROKE], slots, pattern)
    if least and not breaks:
        return Proposal((), _no_breaks(here))
    held = _varied([h for h in ready if h.outcome is Outcome.HELD], slots - max(least, len(breaks)), pattern)
    chosen = (*breaks, *held)
    why = _why(breaks, held, pattern, sealed=session.sealed)
    confirmed = sum(h.confirmation is Confirmation.CONFIRMED for h in breaks)
    if confirmed:
        why = f"{why} {confirmed} of the breaks {'is' if confirmed == 1 else 'are'} confirmed by another judge."
    return Proposal(tuple(h.hunt_id for h in chosen), why)


def _no_breaks(decided: Sequence[Hunt]) -> str:
    if not decided:
        return _NOTHING_DECIDED
    if any(h.outcome is Outcome.BROKE for h in decided):
        return "Every break is contested by another judge or refuted by a review: there is nothing to propose."
    return "No hunt has broken yet: there is nothing to propose."


def _failed(hunt: Hunt) -> Hashable:
    return tuple(sorted(v.criterion_id for v in hunt.verdicts if v.verdict is not Verdict.PASS))


def _by_likeness(hunts: Sequence[Hunt]) -> Callable[[Hunt], Hashable]:
    texts = {h.hunt_id: h.reply.text for h in hunts if h.reply is not None}
    group = {i: n for n, ids in enumerate(groups_of_near_duplicates(texts)) for i in ids}
    return lambda hunt: group.get(hunt.hunt_id, hunt.hunt_id)


def _varied(hunts: Sequence[Hunt], maximum: int, pattern: Callable[[Hunt], Hashable]) -> list[Hunt]:
    """Choose up to `maximum` hunts, confirmed ones first, each with the pattern, then the model, chosen least often so
    far."""
    left = [(hunt.number, pattern(hunt), hunt.target, hunt) for hunt in hunts]
    chosen = list[Hunt]()
    patterns, targets = Counter[Hashable](), Counter[str]()
    while left and len(chosen) < maximum:
        best = min(left, key=lambda one: (_unconfirmed(one[3]), patterns[one[1]], targets[one[2]], one[0]))
        left.remove(best)
        _, its_pattern, target, hunt = best
        chosen.append(hunt)
        patterns[its_pattern] += 1
        targets[target] += 1
    return chosen


def _unconfirmed(hunt: Hunt) -> bool:
    return hunt.confirmation is not Confirmation.CONFIRMED


def _why(breaks: Sequence[Hunt], held: Sequence[Hunt], pattern: Callable[[Hunt], Hashable], *, sealed: bool) -> str:
    if not breaks and not held:
        return _NOTHING_DECIDED
    chosen = (*breaks, *held)
    parts = [f"{len(breaks)} break{'' if len(breaks) == 1 else 's'}"] if breaks else []
    parts += [f"{len(held)} held hunt{'' if len(held) == 1 else 's'}"] if held else []
    kinds, models = len({pattern(h) for h in chosen}), len({h.model for h in chosen})
    if sealed:
        of_what = "one kind of reply" if kinds == 1 else f"{kinds} clearly different replies"
    else:
        of_what = "one pattern of failed criteria" if kinds == 1 else f"{kinds} different patterns of failed criteria"
    of_models = "one model" if models == 1 else f"{models} models"
    verb = "is" if len(chosen) == 1 else "are"
    proposed = f"{' and '.join(parts)} {verb} proposed, with {of_what}, from {of_models}."
    return f"{proposed} Of similar hunts the earliest is chosen."
