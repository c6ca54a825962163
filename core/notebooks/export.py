"""The finished notebook: the original file with new result cells; nothing else changes.

Without hunts and edits the bytes are identical, and exporting an export again changes nothing. Replies that cannot be
selected yet (not judged, cut off) are kept in the metadata, since they cost money.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from core.domain.hunt import Hunt
from core.domain.session import UNCLEAR_RULE, Session, Visibility
from core.domain.slot import Grading
from core.domain.task import PassRule
from core.domain.value import Value
from core.notebooks.cells import Cells, read_cells
from core.notebooks.criteria.pass_rule import read_pass_rule
from core.notebooks.criteria.read import read_criteria
from core.notebooks.criteria.write import write_criteria
from core.notebooks.document import open_document
from core.notebooks.editing import Edits
from core.notebooks.gradings import judge_cell, review_cell
from core.notebooks.headings import Role
from core.notebooks.result_cells import ResultCells, SlotText, delivered, earlier_reviews
from core.notebooks.session_record import METADATA_KEY, resume_record, stored_record
from core.notebooks.task_cells import write_task, write_turns


class Export(Value):
    session: Session
    """`session.task` against `session.loaded_task` says which of the task's cells were edited."""
    hunts: tuple[Hunt, ...] = ()
    """All hunts of the session: they are kept in the file's metadata."""
    selected: tuple[Hunt, ...] = ()
    """The hunts in the slots, in order."""
    attempts: int = 0
    """`number_of_attempts_made`: all hunts with a reply, plus what the notebook came with."""
    reviews: Mapping[str, Grading] = Field(default_factory=dict)
    """The trainer's finished reviews, by hunt id."""

    @property
    def judge_hidden(self) -> bool:
        """Blind before reveal: outcomes only, no verdict, count or reason of the judge anywhere in the file."""
        return self.session.sealed


def export_notebook(raw: bytes, export: Export) -> bytes:
    """The bytes of the finished notebook. Raises BadNotebook when `raw` is not a notebook."""
    session = export.session
    nothing_made = not export.selected and not any(hunt.reply for hunt in export.hunts)
    if nothing_made and session.task == session.loaded_task:
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
        "delivered": delivered(export.selected, judge_hidden=export.judge_hidden),
    }
