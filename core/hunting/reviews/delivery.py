"""Builds the finished notebook: chooses the hunts for its slots and exports it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal

from core.domain.hunt import Hunt, attempts_made
from core.domain.review import Review
from core.domain.session import Session
from core.domain.slot import Grading
from core.domain.verdict import Outcome
from core.domain.verdict_redaction import redact_verdicts
from core.errors import BadInput
from core.hunting.receipts.receipt import recorded_hashes
from core.notebooks.conformance import Conformance, ProposedEdit, check_conformance, with_readable_criteria
from core.notebooks.export import CellChange, Export, download_name, export_notebook, preview, shortened_changes
from core.notebooks.slots import review_grading
from core.review.comparison import OutcomeComparison, compare_outcomes
from core.review.corrected_rates import NO_RATES, CorrectedRates

CriteriaForm = Literal["kept", "array"]
"""`array`: the criteria as a JSON array that other readers take, too; `kept`: in the notebook's form."""
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


def deliver(
    session: Session,
    notebook: bytes,
    hunt_ids: Sequence[str] | None,
    criteria: CriteriaForm,
    hunts: Sequence[Hunt],
    *,
    rates: CorrectedRates = NO_RATES,
) -> Delivery:
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
        rates=tuple(asdict(group) for group in rates.groups),
        receipts={} if session.sealed else _receipt_hashes(session, chosen),
    )
    audited = set(session.audited_ids)
    finished = export_notebook(notebook, export)
    return Delivery(
        notebook=with_readable_criteria(finished, session.task) if criteria == "array" else finished,
        name=download_name(session.name),
        hunt_ids=tuple(h.hunt_id for h in chosen),
        comparison=compare_outcomes(session, chosen, [hunt for hunt in hunts if hunt.hunt_id in audited]),
    )


def _receipt_hashes(session: Session, hunts: Sequence[Hunt]) -> dict[str, dict[str, str]]:
    found = ((hunt.hunt_id, recorded_hashes(session, hunt)) for hunt in hunts)
    return {hunt_id: hashes for hunt_id, hashes in found if hashes}


@dataclass(frozen=True)
class Preview:
    """What the export changes, cell by cell."""

    cells: tuple[CellChange, ...]
    attempts: int
    """The number of attempts that the notebook would state."""
    comparison: OutcomeComparison
    conformance: Conformance
    """How another reader sees the finished notebook."""


def preview_delivery(
    session: Session,
    notebook: bytes,
    hunt_ids: Sequence[str] | None,
    criteria: CriteriaForm,
    max_chars: int,
    hunts: Sequence[Hunt],
    *,
    rates: CorrectedRates = NO_RATES,
) -> Preview:
    """What `deliver` would change, with up to `max_chars` of each cell's texts."""
    delivery = deliver(session, notebook, hunt_ids, criteria, hunts, rates=rates)
    changes = shortened_changes(preview(notebook, delivery.notebook), max_chars)
    seen = [redact_verdicts(hunt) for hunt in hunts] if session.sealed else hunts
    conformance = check_conformance(delivery.notebook, session.task, seen, session.name)
    conformance = replace(conformance, edits=tuple(_shortened(edit, max_chars) for edit in conformance.edits))
    return Preview(changes, attempts_made(hunts, session.attempts_before), delivery.comparison, conformance)


def _shortened(edit: ProposedEdit, max_chars: int) -> ProposedEdit:
    """Only the task's own texts are sent back whole, to be edited."""
    if edit.edit != "criteria":
        return edit
    return replace(edit, before=edit.before[:max_chars], after=edit.after[:max_chars])


def rough_bytes(notebook: bytes, hunts: Sequence[Hunt]) -> int:
    """About what an export has to write: the notebook and all hunts."""
    texts = sum(len(h.reply.text) + len(h.reply.raw_reply) + len(h.reply.raw_request) for h in hunts if h.reply)
    chosen = sum(h.parameters.rough_bytes + h.judge_parameters.rough_bytes for h in hunts)
    return len(notebook) + HUNT_BYTES * len(hunts) + texts + chosen


def proposal(session: Session, hunts: Sequence[Hunt]) -> tuple[str, ...]:
    """Return this turn's breaks, then its held hunts, by number, up to the session's number of slots."""
    mine = [h for h in hunts if not h.trial and h.turn == session.turn]
    breaks = [h for h in mine if h.outcome is Outcome.BROKE]
    held = [h for h in mine if h.outcome is Outcome.HELD]
    return tuple(h.hunt_id for h in (*breaks, *held)[: session.selection.slots])


def _finished_reviews(session: Session) -> dict[str, Grading]:
    tasks = {run.run_id: run.task for run in session.runs}
    final = (session.final_review(review.hunt_id) or review for review in session.reviews)
    found = ((r.hunt_id, review_grading(_explained(session, r), tasks[r.hunt_id.rpartition(".")[0]])) for r in final)
    return {hunt_id: grading for hunt_id, grading in found if grading is not None}


def _explained(session: Session, review: Review) -> Review:
    """The explanation may argue for a verdict that two people settled otherwise."""
    settled = session.settled_criteria(review.hunt_id)
    if not settled:
        return review
    words = f"Settled with a second reviewer: {', '.join(settled)}."
    return review.model_copy(update={"explanation": f"{review.explanation}\n\n{words}"})


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
