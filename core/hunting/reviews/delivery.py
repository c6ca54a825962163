"""Builds the finished notebook: chooses the hunts for its slots and exports it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.hunt import Hunt, attempts_made
from core.domain.session import Session
from core.domain.slot import Grading
from core.domain.verdict import Outcome
from core.errors import BadInput
from core.notebooks.export import Export, export_notebook
from core.notebooks.file_names import download_name
from core.notebooks.gradings import review_grading
from core.notebooks.preview import CellChange, preview, shortened_changes
from core.review.comparison import OutcomeComparison, compare_outcomes

HUNT_BYTES = 2000
"""Of a hunt with its verdicts, without the reply's text."""


@dataclass(frozen=True)
class Delivery:
    notebook: bytes
    name: str
    hunt_ids: tuple[str, ...]
    """In slot order."""
    comparison: OutcomeComparison
    """Outcomes of these hunts by the judge and by the finished reviews."""


def deliver(session: Session, notebook: bytes, hunt_ids: Sequence[str] | None, hunts: Sequence[Hunt]) -> Delivery:
    """Export the notebook with the given hunts; by default with the selection, else with the proposal.

    Raises BadInput listing the IDs that are unknown, undecided or repeated.
    """
    chosen = _chosen(
        hunts, hunt_ids if hunt_ids is not None else session.selection.hunt_ids or proposal(session, hunts)
    )
    export = Export(
        session=session,
        hunts=tuple(hunts),
        selected=tuple(chosen),
        attempts=attempts_made(hunts, session.attempts_before),
        reviews=_finished_reviews(session),
    )
    return Delivery(
        notebook=export_notebook(notebook, export),
        name=download_name(session.name),
        hunt_ids=tuple(h.hunt_id for h in chosen),
        comparison=compare_outcomes(session, chosen),
    )


@dataclass(frozen=True)
class Preview:
    """What the export changes, cell by cell."""

    cells: tuple[CellChange, ...]
    attempts: int
    """The number of attempts that the notebook would state."""
    comparison: OutcomeComparison


def preview_delivery(
    session: Session, notebook: bytes, hunt_ids: Sequence[str] | None, max_chars: int, hunts: Sequence[Hunt]
) -> Preview:
    """What `deliver` would change, with up to `max_chars` of each cell's texts."""
    delivery = deliver(session, notebook, hunt_ids, hunts)
    changes = shortened_changes(preview(notebook, delivery.notebook), max_chars)
    return Preview(changes, attempts_made(hunts, session.attempts_before), delivery.comparison)


def rough_bytes(notebook: bytes, hunts: Sequence[Hunt]) -> int:
    """About what an export has to write: the notebook and all hunts."""
    texts = sum(len(h.reply.text) + len(h.reply.raw_reply) + len(h.reply.raw_request) for h in hunts if h.reply)
    return len(notebook) + HUNT_BYTES * len(hunts) + texts


def proposal(session: Session, hunts: Sequence[Hunt]) -> tuple[str, ...]:
    """Return this turn's breaks, then its held hunts, by number, up to the session's number of slots."""
    mine = [h for h in hunts if not h.trial and h.turn == session.turn]
    breaks = [h for h in mine if h.outcome is Outcome.BROKE]
    held = [h for h in mine if h.outcome is Outcome.HELD]
    return tuple(h.hunt_id for h in (*breaks, *held)[: session.selection.slots])


def _finished_reviews(session: Session) -> dict[str, Grading]:
    tasks = {run.run_id: run.task for run in session.runs}
    found = ((r.hunt_id, review_grading(r, tasks[r.hunt_id.rpartition(".")[0]])) for r in session.reviews)
    return {hunt_id: grading for hunt_id, grading in found if grading is not None}


def _chosen(hunts: Sequence[Hunt], hunt_ids: Sequence[str]) -> list[Hunt]:
    known = {h.hunt_id: h for h in hunts if not h.trial}
    unknown = [i for i in hunt_ids if i not in known]
    undecided = [i for i in hunt_ids if i in known and not known[i].decided]
    twice = sorted(i for i, times in Counter(hunt_ids).items() if times > 1)
    wrong = [
        f"{what}: {', '.join(ids)}"
        for what, ids in (("no such hunt", unknown), ("neither broke nor held", undecided), ("chosen twice", twice))
        if ids
    ]
    if wrong:
        raise BadInput(
            f"These hunts cannot be delivered: {'; '.join(wrong)}.",
            hint="Choose finished hunts that broke or held, each once.",
            code="not_deliverable",
            details={"unknown": unknown, "undecided": undecided, "twice": twice},
        )
    return [known[i] for i in hunt_ids]
