"""The result cells: slots and number of attempts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.domain.hunt import Hunt
from core.domain.redaction import redact_verdicts
from core.notebooks.cells import Cells
from core.notebooks.editing import Edits, attempts_last, headed, new_cell, place
from core.notebooks.headings import RESERVED_NAMES, SLOT_ROLES, Role
from core.notebooks.slots import split_reply, with_attempts


@dataclass(frozen=True)
class SlotText:
    """The contents of one slot's cells; `reviewed` None: nobody has reviewed this hunt here."""

    hunt: Hunt
    judged: str
    reviewed: str | None = None

    @property
    def reply(self) -> str:
        return self.hunt.reply.text if self.hunt.reply else ""

    @property
    def reasoning(self) -> str:
        return self.hunt.reply.reasoning if self.hunt.reply else ""


class ResultCells:
    """Writes the results into existing cells and adds missing ones."""

    def __init__(self, edits: Edits, cells: Cells, earlier_reviews: Mapping[str, str]) -> None:
        self._edits = edits
        self._cells = cells
        self._reviews = earlier_reviews
        """Reviews written into an earlier export, by hunt id."""

    def write(self, slots: Sequence[SlotText], attempts: int) -> None:
        """Slot k holds the k-th of `slots`; slots beyond them get empty bodies; older traces go; attempts come last."""
        for number, slot in enumerate(slots, 1):
            self._write_slot(number, slot)
        for number in self._cells.numbers(*SLOT_ROLES):
            for role in SLOT_ROLES if number > len(slots) else ():
                self._set(role, number, "", create=False)
        for cell in self._cells.all(Role.REASONING_TRACES):
            self._edits.remove(cell)
        self.write_attempts(attempts)

    def write_attempts(self, attempts: int) -> None:
        self._set(Role.ATTEMPTS, None, with_attempts(self._cells.body(Role.ATTEMPTS), attempts))
        attempts_last(self._edits, self._cells)

    def _write_slot(self, number: int, slot: SlotText) -> None:
        model, simulated = slot.hunt.model, slot.hunt.simulated
        cell = self._cells.find(Role.MODEL, number)
        stays = cell is not None and fits(cell.heading.name, model, simulated=simulated)
        self._set(Role.MODEL, number, slot.reply, name="" if stays else heading_name(model, simulated=simulated))
        self._set(Role.LLM_JUDGE, number, slot.judged)
        earlier = self._reviews.get(slot.hunt.hunt_id, "")
        self._set(Role.HUMAN_JUDGE, number, earlier if slot.reviewed is None else slot.reviewed)
        ambiguous = split_reply(slot.reply, number)[0] != slot.reply
        self._set(Role.REASONING_TRACE, number, slot.reasoning, create=bool(slot.reasoning) or ambiguous)

    def _set(self, role: Role, number: int | None, body: str, *, name: str = "", create: bool = True) -> None:
        cell = self._cells.find(role, number)
        if cell is None:
            if create:
                place(self._edits, self._cells, new_cell((role, number), body, name))
            return
        head = cell.head
        if name:
            head = head[: cell.heading.name_start] + name + head[cell.heading.name_end :]
        same = cell.body == body if body else not cell.body.strip()
        if name or not same:
            self._edits.set_text(cell, headed(head, body), keep_line_ends=False)


def delivered(hunts: Sequence[Hunt], *, judge_hidden: bool) -> list[dict[str, Any]]:
    """For machines: which hunt stands in which slot, how it was made and judged, and a hash of what was said."""
    shown = [redact_verdicts(hunt) for hunt in hunts] if judge_hidden else hunts
    return [_delivered(number, hunt, judge_hidden) for number, hunt in enumerate(shown, 1)]


def _delivered(number: int, hunt: Hunt, judge_hidden: bool) -> dict[str, Any]:
    reply = hunt.reply
    row: dict[str, Any] = {
        "slot": number,
        "hunt_id": hunt.hunt_id,
        "run_id": hunt.run_id,
        "number": hunt.number,
        "provider": hunt.model.partition("/")[0],
        "model": hunt.model,
        "answered_by": reply.model if reply else "",
        "simulated": hunt.simulated,
        "started_at": hunt.started_at.isoformat() if hunt.started_at else None,
        "finished_at": hunt.finished_at.isoformat() if hunt.finished_at else None,
        "cost_usd": reply.cost_usd if reply else None,
        "outcome": hunt.outcome.value if hunt.outcome else None,
        "response_sha256": text_hash(reply.text if reply else ""),
        "reasoning_sha256": text_hash(reply.reasoning if reply else ""),
        **({"cut_off": True} if hunt.cut_off else {}),
    }
    if judge_hidden:
        return row
    return row | {
        "judge_cost_usd": hunt.judge_cost_usd,
        "judges": sorted({v.judge_model for v in hunt.verdicts if v.judge_model}),
        "verdicts": {v.criterion_id: v.verdict.value for v in hunt.verdicts},
    }


def earlier_reviews(cells: Cells, record: Any) -> dict[str, str]:
    """By hunt id: the body beside each hunt of an earlier export, as long as that hunt's reply still stands there."""
    rows = record.get("delivered") if isinstance(record, dict) else None
    found: dict[str, str] = {}
    for row in rows if isinstance(rows, list) else []:
        if not isinstance(row, dict) or not isinstance(row.get("slot"), int):
            continue
        model, review = (cells.find(role, row["slot"]) for role in (Role.MODEL, Role.HUMAN_JUDGE))
        if model and review and text_hash(model.body) == row.get("response_sha256"):
            found[str(row.get("hunt_id"))] = review.body
    return found


def text_hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


MAX_NAME = 80
_UNFIT = re.compile(r"[^\w.()+-]+")
_WORDS = re.compile(r"[a-z]+[0-9.]*[a-z0-9]*|[0-9][0-9.]*[a-z]*")


def heading_name(model: str, *, simulated: bool = False) -> str:
    """`openrouter/nvidia/nemotron-3-nano-30b-a3b:free` gives `nemotron-3-nano-30b-a3b`. Simulated models say so."""
    last = model.rstrip("/").rpartition("/")[2].partition(":")[0]
    name = _UNFIT.sub("-", last).strip("-_.")[:MAX_NAME] or "model"
    if simulated and "simulated" not in name.casefold():
        name = f"simulated-{name}"
    return f"model-{name}" if _would_be_misread(name) else name


def fits(written: str, model: str, *, simulated: bool = False) -> bool:
    """Whether a heading that stands there already names `model`.

    `nemotron`, `Qwen` fit as families. A heading with numbers must be exact about them, and must not leave out a
    word of the model's name: `GPT-5` is not gpt-5-mini and not gpt-5.2; `Qwen3-235B(Thinking)` is
    qwen3-235b-a22b-thinking-2507.
    """
    name = heading_name(model, simulated=simulated)
    if written.casefold() == name.casefold():
        return True
    said: list[str] = _WORDS.findall(written.casefold())
    meant: list[str] = _WORDS.findall(name.casefold())
    if not said or not meant or _would_be_misread(written):
        return False
    if len(said) == 1 and said[0].isalpha():
        return said[0] == _letters(meant[0])
    left = list(meant)
    for word in said:
        if word not in left:
            return False
        left.remove(word)
    return said[0] == meant[0] and not any(word.isalpha() for word in left)


def _letters(word: str) -> str:
    return re.sub(r"[0-9].*", "", word)


def _would_be_misread(name: str) -> bool:
    return name.casefold() in RESERVED_NAMES
