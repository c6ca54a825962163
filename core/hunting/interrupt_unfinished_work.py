"""Interrupts unfinished work that nobody will continue: runs, hunts, checks and reports, with the reason. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.domain.checks import CheckStatus, EditProposals, ReferenceCheck, ReportStatus, TwoSidedCheck
from core.domain.hunt import Hunt, HuntError, HuntStatus
from core.domain.run import Run, RunStatus
from core.domain.session import Session
from core.domain.verdict import Outcome
from core.sessions.base import SessionCopy


@dataclass(frozen=True, slots=True)
class EndReasons:
    """Why work ends, for people."""

    run: str
    report: str


EXPORTED = EndReasons(
    run="The notebook was exported during this run. The run continues in the original session.",
    report="The notebook was exported while this report was made. It continues in the original session.",
)
ABANDONED = EndReasons(
    run="The server stopped during this run, and was not there again in time to continue it. Start the remaining "
    "hunts again.",
    report="The server stopped while this report was made. Start it again.",
)


def interrupt_abandoned(copy: SessionCopy, now: datetime) -> SessionCopy:
    """Return a session whose work was broken off too long ago to be continued without anybody asking for it."""
    session, hunts = interrupt_work(copy.session, copy.hunts, now, ABANDONED)
    session = session.model_copy(update={"version": session.version + 1})
    return SessionCopy(session, copy.notebook, hunts)


def interrupt_work(
    session: Session, hunts: Sequence[Hunt], now: datetime, why: EndReasons
) -> tuple[Session, tuple[Hunt, ...]]:
    """Return the session and its hunts with all unfinished work interrupted."""
    open_runs = {run.run_id: run for run in session.active_runs}
    known = {hunt.hunt_id for hunt in hunts}
    never_begun = [
        hunt for run in open_runs.values() for hunt in map(run.hunt, range(run.hunts)) if hunt.hunt_id not in known
    ]
    finished = tuple(
        _ended_hunt(hunt, now, why) if hunt.run_id in open_runs else hunt for hunt in (*hunts, *never_begun)
    )
    runs = tuple(_failed(run, now, why) if run.run_id in open_runs else run for run in session.runs)
    check = ReferenceCheck() if session.check.status is CheckStatus.RUNNING else session.check
    report = session.robustness
    if report.status is ReportStatus.RUNNING:
        report = report.model_copy(update={"status": ReportStatus.ERROR, "error": why.report})
    news = {
        "runs": runs,
        "check": check,
        "two_sided_check": _without_open_work(session.two_sided_check),
        "robustness": report,
    }
    return session.model_copy(update=news), finished


def _without_open_work(check: TwoSidedCheck) -> TwoSidedCheck:
    """Return the check with its edits and verdicts."""
    if check.proposals.running:
        check = check.model_copy(update={"proposals": EditProposals()})
    if check.status is CheckStatus.RUNNING:
        check = check.model_copy(update={"status": CheckStatus.UNDETERMINED})
    return check


def _failed(run: Run, now: datetime, why: EndReasons) -> Run:
    return run.model_copy(update={"status": RunStatus.FAILED, "finished_at": now, "stop_reason": why.run})


def _ended_hunt(hunt: Hunt, now: datetime, why: EndReasons) -> Hunt:
    """Interrupt an unfinished hunt. A hunt that is being rejudged is unchanged: a new request rejudges it."""
    if hunt.status is HuntStatus.DONE or hunt.judged:
        return hunt
    error = HuntError(code="run_stopped", message=why.run)
    interrupted = {"status": HuntStatus.DONE, "outcome": Outcome.INTERRUPTED, "finished_at": now, "error": error}
    return hunt.model_copy(update=interrupted)
