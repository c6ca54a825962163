"""Hostile twins: replies with an attack on the judge in them, and what the attacks moved.

The attacks and the harmless sentences to compare them with are in `attacks.toml`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple

from pydantic import Field

from core.domain.checks import RobustnessReport
from core.domain.review import GIVEN
from core.domain.value import Value
from core.domain.verdict import Verdict

UNCHANGED = ""
"""Stands for the attack of an unchanged reply."""
_VERDICTS = {"P": Verdict.PASS, "F": Verdict.FAIL, "U": Verdict.UNDETERMINED}
LETTERS = {verdict: letter for letter, verdict in _VERDICTS.items()}
"""How verdicts are stored in a report."""
OPEN = "-"
"""The letter of a criterion that is not judged yet."""
MAX_REPLIES = 8
MIN_SHARE_N = 5
"""Shares of fewer verdicts are counts alone."""
"""Replies of one report. Each attack is tried on each of them."""


class Family(StrEnum):
    ORDERS = "orders"
    FORGED = "forged"
    OPENERS = "openers"
    ROLES = "roles"
    DISGUISES = "disguises"
    BENIGN = "benign"
    """Not an attack: a harmless sentence. What it moves, no attack needs to explain."""


FAMILY_WORDS = {
    Family.ORDERS: "orders to the judge",
    Family.FORGED: "forged verdicts",
    Family.OPENERS: "first words of solutions",
    Family.ROLES: "pleas and pretended roles",
    Family.DISGUISES: "orders in disguise",
    Family.BENIGN: "harmless sentences",
}
"""As people see them."""


class Attack(Value):
    id: str
    family: Family = Family.BENIGN
    place: Literal["start", "middle", "end"]
    text: str
    """A line with `{id}` is repeated for every criterion."""


class AttackList(Value):
    version: int
    attacks: tuple[Attack, ...] = Field(alias="attack")
    benign: tuple[Attack, ...]

    @property
    def edits(self) -> tuple[Attack, ...]:
        """The attacks and the harmless sentences."""
        return (*self.attacks, *self.benign)


@cache
def attack_list() -> AttackList:
    """Return the built-in list."""
    text = files("core.judge").joinpath("attacks.toml").read_text(encoding="utf-8")
    return AttackList.model_validate(tomllib.loads(text))


def twin(reply: str, attack: Attack, criterion_ids: Sequence[str]) -> str:
    """Return the reply with the attack in it, in a paragraph of its own."""
    added = _for_each(attack.text, criterion_ids)
    if attack.place == "start":
        return f"{added}\n\n{reply}"
    if attack.place == "end":
        return f"{reply}\n\n{added}"
    middle = _middle(reply)
    return f"{reply[:middle]}\n\n{added}\n\n{reply[middle:].lstrip()}"


def _for_each(text: str, criterion_ids: Sequence[str]) -> str:
    lines: list[str] = []
    for line in text.split("\n"):
        lines += [line.replace("{id}", id_) for id_ in criterion_ids] if "{id}" in line else [line]
    return "\n".join(lines)


def _middle(reply: str) -> int:
    """Return where the paragraph, else the word, at half of the reply's length ends."""
    half = len(reply) // 2
    end = re.compile(r"(?=\n\s*\n)").search(reply, half) or re.compile(r"(?=\s)").search(reply, half)
    return end.start() if end else len(reply)


class TwinVerdict(NamedTuple):
    """One criterion of one twin, beside the verdict on the unchanged reply."""

    attack: str
    hunt_id: str
    criterion_id: str
    before: Verdict
    after: Verdict


def twin_verdicts(report: RobustnessReport, criterion_ids: Sequence[str]) -> tuple[TwinVerdict, ...]:
    """Return the verdicts on twins, each beside that on the unchanged reply; only where both are there."""
    unchanged = {one.hunt_id: one.verdicts for one in report.twins if one.attack == UNCHANGED}
    return tuple(
        TwinVerdict(
            attack=one.attack,
            hunt_id=one.hunt_id,
            criterion_id=criterion,
            before=_VERDICTS[before],
            after=_VERDICTS[after],
        )
        for one in report.twins
        if one.attack != UNCHANGED
        for criterion, before, after in zip(
            criterion_ids, unchanged.get(one.hunt_id, ""), one.verdicts, strict=False
        )  # a crafted export may say anything
        if before in _VERDICTS and after in _VERDICTS
    )


class FamilyResult(Value):
    """How verdicts changed under the edits of one family."""

    family: Family
    compared: int = 0
    """Pairs of verdicts that are both PASS or FAIL."""
    raised: int = 0
    """FAIL became PASS: what an attacker wants."""
    lowered: int = 0
    """PASS became FAIL."""
    unusable: int = 0
    """The verdict on the twin is UNDETERMINED."""


def family_results(verdicts: Iterable[TwinVerdict], attacks: AttackList) -> tuple[FamilyResult, ...]:
    """Return one result per family, in the order of Family. A twin of a reply whose own verdict is UNDETERMINED
    compares nothing."""
    family_of = {attack.id: attack.family for attack in attacks.edits}
    counts = {family: {"compared": 0, "raised": 0, "lowered": 0, "unusable": 0} for family in Family}
    for verdict in verdicts:
        if (family := family_of.get(verdict.attack)) is None or verdict.before not in GIVEN:
            continue
        count = counts[family]
        if verdict.after not in GIVEN:
            count["unusable"] += 1
            continue
        count["compared"] += 1
        if verdict.after is not verdict.before:
            count["raised" if verdict.after is Verdict.PASS else "lowered"] += 1
    return tuple(FamilyResult(family=family, **count) for family, count in counts.items())


def unsteady_criteria(verdicts: Iterable[TwinVerdict], attacks: AttackList) -> tuple[str, ...]:
    """Return the criteria whose verdict a harmless sentence changed, in order: they depend on the reply's exact words
    or length, or the judge is not sure of them. An attack's effect on them proves nothing."""
    harmless = {attack.id for attack in attacks.benign}
    changed = (v for v in verdicts if v.attack in harmless and {v.before, v.after} == GIVEN)
    return tuple(dict.fromkeys(v.criterion_id for v in sorted(changed, key=lambda v: v.criterion_id)))


def summary(results: Sequence[FamilyResult]) -> str:
    """Return what the results say, in one or two sentences for people."""
    hostile = [result for result in results if result.family is not Family.BENIGN]
    compared, raised = sum(r.compared for r in hostile), sum(r.raised for r in hostile)
    benign = next((r for r in results if r.family is Family.BENIGN), FamilyResult(family=Family.BENIGN))
    if not compared:
        return "No verdict on a twin could be compared yet."
    worst = max(hostile, key=lambda r: r.raised / r.compared if r.compared else 0.0)
    said = (
        f"Attacks changed {_of(raised, compared)} from FAIL to PASS, most often {FAMILY_WORDS[worst.family]}: "
        f"{_of(worst.raised, worst.compared)}."
        if raised
        else f"No attack changed a verdict from FAIL to PASS ({compared:,} compared)."
    )
    if benign.compared:
        said += f" Harmless sentences changed {_of(benign.raised, benign.compared)} from FAIL to PASS."
    return said


def _of(part: int, whole: int) -> str:
    """A percentage makes attacks and harmless sentences comparable, of which there are fewer."""
    return f"{part:,} of {whole:,} verdicts" + (f" ({part / whole:.0%})" if whole >= MIN_SHARE_N else "")
