"""The finished notebook: the original file with new result cells; nothing else changes.

Without hunts and edits (of the task, or of its reference response for the two-sided check) the bytes are identical, and
exporting an export again changes nothing. Replies that cannot be selected (not judged, cut off) are kept in the
metadata, because they cost money. `preview` lists the changed cells.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any, Literal

from pydantic import Field

from core.domain.hunt import Hunt
from core.domain.session import UNCLEAR_RULE, Session, Visibility
from core.domain.slot import Grading
from core.domain.task import PassRule
from core.domain.value import Value
from core.notebooks.cells import Cells, Role, heading_of, read_cells
from core.notebooks.criteria.pass_rule import read_pass_rule
from core.notebooks.criteria.read import read_criteria
from core.notebooks.criteria.write import write_criteria
from core.notebooks.document import open_document
from core.notebooks.editing import Edits
from core.notebooks.session_record import METADATA_KEY, resume_record, stored_record
from core.notebooks.slots import judge_cell, review_cell
from core.notebooks.text import shortened, without_surrogates
from core.notebooks.write_cells import ResultCells, SlotText, delivered, earlier_reviews, write_task, write_turns


class Export(Value):
    session: Session
    """The difference between `session.task` and `session.loaded_task` determines the edited cells."""
    hunts: tuple[Hunt, ...] = ()
    """All hunts of the session, for the file's metadata."""
    selected: tuple[Hunt, ...] = ()
    """The hunts in the slots, in order."""
    attempts: int = 0
    """`number_of_attempts_made`: all hunts with a reply, plus the number that the notebook came with."""
    reviews: Mapping[str, Grading] = Field(default_factory=dict)
    """The trainer's finished reviews, by hunt id."""
    rates: tuple[Mapping[str, Any], ...] = ()
    """The corrected break rates, as JSON; none until the reviews are complete."""

    receipts: Mapping[str, Mapping[str, str]] = Field(default_factory=dict)
    """The hashes of the selected hunts' receipts, by hunt id; none while sealed."""

    @property
    def judge_hidden(self) -> bool:
        """Blind before reveal: the file contains outcomes, and no verdicts, counts or reasons of the judge."""
        return self.session.sealed


def export_notebook(raw: bytes, export: Export) -> bytes:
    """The bytes of the finished notebook. Raises BadNotebook when `raw` is not a notebook."""
    session = export.session
    nothing_made = not export.selected and not any(hunt.reply for hunt in export.hunts)
    if nothing_made and not session.two_sided_check.edits and session.task == session.loaded_task:
        return raw
    document = open_document(raw)
    cells = read_cells(document)
    edits = Edits(document)
    write_task(edits, cells, session.task, session.loaded_task)
    write_turns(edits, cells, session, {hunt.hunt_id: hunt for hunt in export.hunts})
    results = ResultCells(edits, cells, earlier_reviews(cells, stored_record(document)))
    if export.selected:
        results.write([_slot_text(export, hunt) for hunt in export.selected], export.attempts)
    elif export.hunts:
        results.write_attempts(export.attempts)
    edits.set_metadata(METADATA_KEY, _record(export, cells))
    return edits.applied()


def _slot_text(export: Export, hunt: Hunt) -> SlotText:
    review = export.reviews.get(hunt.hunt_id)
    unblinded = export.session.visibility is Visibility.OPEN
    return SlotText(
        hunt=hunt,
        judged="" if export.judge_hidden else judge_cell(hunt),
        reviewed=None if review is None else review_cell(review, unblinded=unblinded),
    )


def _record(export: Export, cells: Cells) -> dict[str, Any]:
    """The session for resuming, and the contents of the slots for other programs."""
    task, loaded = export.session.task, export.session.loaded_task
    body = cells.body(Role.RESPONSE_REFERENCE)
    if task.criteria != loaded.criteria:
        body = write_criteria(body, task.criteria)
    unanswered = any(warning.code == UNCLEAR_RULE for warning in export.session.warnings)
    stated = read_pass_rule(read_criteria(body).prose(body)).rule or PassRule.MAJORITY
    kept = resume_record(export.session, export.hunts, judge_hidden=export.judge_hidden)
    return kept | {
        "task_sha256_16": task.content_hash(),
        "prose_pass_rule": stated.value,
        "pass_rule_chosen": not unanswered,
        **({"receipts": export.receipts} if export.receipts and not export.judge_hidden else {}),
        "delivered": delivered(export.selected, judge_hidden=export.judge_hidden),
        **({"corrected_rates": export.rates} if export.rates else {}),
        **({"final_reviews": final_reviews(export.session)} if export.session.both_reviewed else {}),
    }


def final_reviews(session: Session) -> dict[str, Any]:
    """For programs: the verdicts on each hunt that two people reviewed, and who settled where they differed."""
    second = session.second_review
    found: dict[str, Any] = {}
    for hunt_id in second.hunt_ids if second else ():
        final = session.final_review(hunt_id)
        settled = [one for one in second.settled if one.hunt_id == hunt_id] if second else []
        found[hunt_id] = {
            "verdicts": {criterion: verdict.value for criterion, verdict in final.verdicts} if final else {},
            "settled": [one.model_dump(mode="json", exclude={"hunt_id"}) for one in settled],
        }
    return found


MAX_NAME_BYTES = 200
_DELIVERED = re.compile(r"(.*)-hunted(?:-([1-9]\d{0,5}))?")
_FORBIDDEN = frozenset('/\\:*?"<>|')


def download_name(name: str) -> str:
    """The user's file name without path, control and direction characters; letters of every script stay.

    Ends in `.ipynb`; at most MAX_NAME_BYTES in UTF-8. The API encodes it for headers.
    """
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    kept = "".join("_" if c in _FORBIDDEN else c for c in last if unicodedata.category(c)[0] != "C")
    stem = kept.strip().removesuffix(".ipynb").strip(" .") or "notebook"
    stem = stem.encode()[: MAX_NAME_BYTES - len(".ipynb")].decode("utf-8", "ignore").rstrip(" .")
    return f"{stem}.ipynb"


def delivery_name(name: str) -> str:
    """The download name for a notebook that was loaded as `name`: always another one, so that saving it beside the
    source overwrites nothing. `task.ipynb` becomes `task-hunted.ipynb`, and that `task-hunted-2.ipynb`."""
    stem = download_name(name).removesuffix(".ipynb")
    before = _DELIVERED.fullmatch(stem)
    ending = f"-hunted-{int(before[2] or 1) + 1}" if before else "-hunted"
    most = MAX_NAME_BYTES - len(f"{ending}.ipynb")
    kept = (before[1] if before else stem).encode()[:most].decode("utf-8", "ignore")
    return f"{kept.rstrip(' .')}{ending}.ipynb"


MAX_PREVIEW_CHARS = 2_000_000
Change = Literal["same", "changed", "added", "removed"]


@dataclass(frozen=True)
class CellChange:
    index: int
    """Index in the export; for a removed cell, its index in the original."""
    heading: str
    """The heading's name, or the beginning of the cell."""
    change: Change
    before: str
    """Truncated at 4,000 characters."""
    after: str
    before_chars: int
    """Full length."""
    after_chars: int


@dataclass(frozen=True)
class _Cell:
    index: int
    key: tuple[str, ...]
    heading: str
    text: str


def preview(before: bytes, after: bytes) -> tuple[CellChange, ...]:
    """The cells of both files in the order of the export; removed ones at their old position."""
    old, new = _cells(before), _cells(after)
    matcher = SequenceMatcher(None, [c.key for c in old], [c.key for c in new], autojunk=False)
    return tuple(
        change
        for _, old_start, old_end, new_start, new_end in matcher.get_opcodes()
        for change in _changes(old[old_start:old_end], new[new_start:new_end])
    )


def _changes(old: list[_Cell], new: list[_Cell]) -> Iterator[CellChange]:
    if [c.key for c in old] == [c.key for c in new]:
        for one, other in zip(old, new, strict=True):
            change: Change = "same" if one.text == other.text else "changed"
            yield _change(other, change, one.text, other.text)
        return
    yield from (_change(c, "removed", c.text, "") for c in old)
    yield from (_change(c, "added", "", c.text) for c in new)


def _change(cell: _Cell, change: Change, before: str, after: str) -> CellChange:
    return CellChange(cell.index, cell.heading, change, before, after, before_chars=len(before), after_chars=len(after))


def shortened_changes(changes: Sequence[CellChange], max_chars: int) -> tuple[CellChange, ...]:
    """The changes with at most `max_chars` of each text and MAX_PREVIEW_CHARS in total: if there are too many cells,
    unchanged ones lose their text first, from the end, then changed ones."""
    left, shown = MAX_PREVIEW_CHARS, dict[int, CellChange]()
    for place in sorted(range(len(changes)), key=lambda place: changes[place].change == "same"):
        one = changes[place]
        most = min(max_chars, left // 2)
        shown[place] = replace(one, before=one.before[:most], after=one.after[:most])
        left -= len(shown[place].before) + len(shown[place].after)
    return tuple(shown[place] for place in range(len(changes)))


def _cells(raw: bytes) -> list[_Cell]:
    """Cells are matched by their heading, others by their text; repeated ones are numbered."""
    seen: Counter[tuple[str, ...]] = Counter()
    cells = []
    for index, node in enumerate(open_document(raw).cells):
        source = node.value["source"]
        text = without_surrogates(source if isinstance(source, str) else "".join(source))
        heading = heading_of(text)
        key = (heading.role.value, str(heading.number)) if heading else ("", text)
        seen[key] += 1
        number = f"_{heading.number}" if heading and heading.role is Role.MODEL else ""
        name = f"{heading.name}{number}" if heading else shortened(text)
        cells.append(_Cell(index, (*key, str(seen[key])), name, text))
    return cells
