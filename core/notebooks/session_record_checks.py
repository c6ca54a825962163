"""Validate a session record from an export.

Anyone who edits a notebook can rewrite its record and checksum. So each record is validated once, when it is loaded:
numbers and times are within bounds, ids have the right form, and references have a target.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from core.domain.checks import RobustnessReport, TwoSidedCheck
from core.domain.confirmation import MAX_OPINIONS, Confirmation
from core.domain.criteria import CRITERION_ID
from core.domain.hunt import Hunt, HuntStatus
from core.domain.ids import hunt_id
from core.domain.review_differences import differences
from core.domain.run import MAX_MODEL_CHARS, Run
from core.domain.second_review import SecondReview
from core.domain.session import MAX_AUDIT_HELD, Audit, Session
from core.domain.verdict import Outcome

MAX_UNFINISHED_HUNTS = 10_000
"""Maximum hunts of unfinished runs. Loading the export marks each as interrupted."""
MAX_NUMBER = 10**9
"""Maximum of any count or measurement: hunts, tokens, milliseconds, flips."""
MAX_COST_USD = 1_000_000.0
"""Maximum cost of a call and of a session: the stores sum costs in 64 bits."""
MAX_SLOTS = 1000
MAX_TWINS = 1000
"""Judged texts of a robustness report: 8 replies with some 60 attacks and harmless sentences each."""
MAX_LETTERS = 1000
"""Criteria of a judged text."""
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)
SESSION_MAX_VALUES, HUNT_MAX_VALUES = 30_000, 30_000
"""JSON values of a record's session, of its tasks, of one hunt: each of them is unpickled in one piece, in less than
100 ms. Fifty runs with as many tasks of 100 criteria have 15,000; 100 verdicts of one judging some 1,300."""
RUN_ID = re.compile(r"r_[A-Za-z0-9_-]{1,64}")


def too_many_values(record: dict[str, Any]) -> str:
    """Whether a part of a record, as JSON values, is larger than any of ours; in words, as `implausible`."""
    if max(_values_in(record.get(part)) for part in ("session", "tasks", "parameters")) > SESSION_MAX_VALUES:
        return "its session is too large"
    hunts = record.get("hunts")
    if isinstance(hunts, list) and any(_values_in(hunt) > HUNT_MAX_VALUES for hunt in hunts):
        return "a hunt is too large"
    return ""


def _values_in(value: Any) -> int:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return len(parts) + sum(_values_in(part) for part in parts)


def implausible(session: Session, hunts: Collection[Hunt]) -> str:
    """The first invalid part, as a message; "" when the record is valid."""
    looks = (
        _values(session, hunts),
        _runs(session),
        _hunts(session, hunts),
        _costs(hunts),
        _trainers_part(session, hunts),
        _edits(session.two_sided_check),
        _twins(session.robustness),
    )
    return next((wrong for look in looks for wrong in look), "")


def _values(session: Session, hunts: Iterable[Hunt]) -> Iterator[str]:
    yield from _invalid_values("session", session.model_dump(exclude_defaults=True))
    for hunt in hunts:
        yield from _invalid_values(f"hunt {hunt.hunt_id[:40]}", hunt.model_dump(exclude_defaults=True))


def _invalid_values(name: str, values: dict[str, Any]) -> Iterator[str]:
    for path in _odd(values):
        yield f"{name}: {'.'.join(map(str, path))} is out of range"


PARAMETERS = ("parameters", "judge_parameters")
"""Fields whose type has ranges of its own."""


def _odd(value: Any) -> Iterator[tuple[object, ...]]:
    """The path to every number and time in `value` that is out of bounds."""
    for key, part in value.items() if isinstance(value, dict) else enumerate(value):
        if part is None or isinstance(part, str) or key in PARAMETERS:
            continue
        if isinstance(part, dict | list | tuple):
            for path in _odd(part):
                yield (key, *path)
        elif isinstance(part, datetime):
            if part.tzinfo is None or not EARLIEST <= part < LATEST:
                yield (key,)
        elif not abs(part) <= MAX_NUMBER:  # NaN is neither
            yield (key,)


def _runs(session: Session) -> Iterator[str]:
    if _twice(run.run_id for run in session.runs):
        yield "a run ID occurs twice"
    if sum(run.hunts for run in session.active_runs) > MAX_UNFINISHED_HUNTS:
        yield "it has too many unfinished hunts"
    if min(session.hunts_issued, session.trials_issued, session.attempts_before) < 0:
        yield "a hunt count is negative"
    if [turn.number for turn in session.turns] != list(range(1, len(session.turns) + 1)):
        yield "its turns are not numbered in sequence"
    for run in session.runs:
        if not RUN_ID.fullmatch(run.run_id):
            yield "a run has an invalid ID"
        elif not run.models:
            yield f"run {run.run_id} has no model"
        elif not 1 <= run.turn <= session.turn:
            yield f"run {run.run_id} belongs to a missing turn"
        elif run.trial is not (run.first_number < 0) or (run.trial and run.hunts != 1):
            yield f"run {run.run_id} has an invalid number"


def _hunts(session: Session, hunts: Collection[Hunt]) -> Iterator[str]:
    runs = {run.run_id: run for run in session.runs}
    if _twice(hunt.hunt_id for hunt in hunts):
        yield "a hunt ID occurs twice"
    for hunt in hunts:
        run = runs.get(hunt.run_id)
        if run is None:
            yield "a hunt has no run"
        elif not _is_of(hunt, run):
            yield f"a hunt of run {run.run_id} has a wrong ID, number or turn"
        elif hunt.share != run.share_of(hunt.number - run.first_number):
            yield f"a hunt of run {run.run_id} has a share that is not its number's"
        elif len(hunt.model) > MAX_MODEL_CHARS:
            yield f"a hunt of run {run.run_id} has too long a model name"
        elif wrong := _state(hunt):
            yield f"hunt {hunt.hunt_id} {wrong}"


def _is_of(hunt: Hunt, run: Run) -> bool:
    place = hunt.number - run.first_number
    return 0 <= place < run.hunts and hunt.hunt_id == hunt_id(run.run_id, place) and hunt.turn == run.turn


def _state(hunt: Hunt) -> str:
    if (hunt.outcome is not None) is not (hunt.status is HuntStatus.DONE):
        return "has an outcome but is not done, or is done without an outcome"
    if hunt.decided and hunt.reply is None:
        return "was decided without a reply"
    if hunt.stopped and hunt.outcome is not Outcome.CANCELLED:
        return "was stopped while its reply was written, but is not cancelled"
    if hunt.confirmation is Confirmation.REFUTED or (hunt.confirmation is not Confirmation.UNCONFIRMED) > hunt.decided:
        return "has a confirmation that does not fit its outcome"
    if len(hunt.opinions) > MAX_OPINIONS:
        return "has too many second opinions"
    if hunt.reply is not None:
        for name in ("raw_request", "raw_reply"):
            if not _is_object(getattr(hunt.reply, name)):
                return f"has a {name} that is not a JSON object"
    return ""


def _is_object(text: str) -> bool:
    """Whether it is JSON of an object, or nothing."""
    if not text:
        return True
    try:
        return isinstance(json.loads(text, parse_constant=_no_constant), dict)
    except (ValueError, RecursionError):
        return False


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _costs(hunts: Collection[Hunt]) -> Iterator[str]:
    costs = [hunt.reply.cost_usd for hunt in hunts if hunt.reply is not None]
    costs += [verdict.cost_usd for hunt in hunts for verdict in hunt.every_verdict]
    known = [cost for cost in costs if cost is not None]
    if known and (min(known) < 0 or sum(known) > MAX_COST_USD):
        yield "its costs are negative or too high"


def _trainers_part(session: Session, hunts: Collection[Hunt]) -> Iterator[str]:
    ids = {hunt.hunt_id for hunt in hunts}
    chosen, reviewed = session.selection.hunt_ids, [review.hunt_id for review in session.reviews]
    if not ids.issuperset(chosen):
        yield "a selected hunt is missing"
    if not ids.issuperset(reviewed):
        yield "a reviewed hunt is missing"
    if not ids.issuperset(turn.hunt_id for turn in session.turns):
        yield "the selected reply of a turn is missing"
    if not ids.issuperset(hunt_id for turn in session.turns for hunt_id in turn.selected):
        yield "a hunt selected in an earlier turn is missing"
    if _twice(chosen) or _twice(reviewed) or any(_twice(turn.selected) for turn in session.turns):
        yield "a hunt is selected or reviewed twice"
    if not (1 <= session.selection.slots <= MAX_SLOTS and 0 <= session.selection.least_breaks <= MAX_SLOTS):
        yield "its selection has an invalid number of slots"
    yield from _audit(session.audit, ids)
    if session.owner or session.readers or session.transfers or session.comments:
        yield "it names people"
    if session.second_review is not None:
        yield from _second_review(session, session.second_review)


def _second_review(session: Session, second: SecondReview) -> Iterator[str]:
    """A second review of an export is done, names no reviewer, and is of hunts that were reviewed first."""
    known, runs = set(second.hunt_ids), {run.run_id for run in session.runs}
    reviewed = [review.hunt_id for review in second.reviews]
    settled = [(one.hunt_id, one.criterion_id) for one in second.settled]
    if not session.both_reviewed or second.reviewer or second.asked_by:
        yield "its second review is not finished"
    if not known.issubset({review.hunt_id for review in session.reviews}) or _twice(second.hunt_ids):
        yield "the first review of a second one is missing"
    if any(hunt_id.rpartition(".")[0] not in runs for hunt_id in known):
        yield "a hunt of the second review has no run"
    if not known.issuperset((*reviewed, *(hunt_id for hunt_id, _ in settled))) or _twice(reviewed) or _twice(settled):
        yield "a second review is of another hunt, or given twice"
    differ = {(pair.hunt_id, pair.criterion.id) for pair in differences(session)}
    if not differ.issuperset(settled):
        yield "it settles a verdict on which its reviews do not differ"


def _audit(audit: Audit, ids: Collection[str]) -> Iterator[str]:
    if not 0 <= audit.held <= MAX_AUDIT_HELD:
        yield "its audit has an invalid number of hunts"
    if _twice(audit.drawn) or not set(ids).issuperset(audit.drawn):
        yield "a drawn hunt is missing or drawn twice"


def _edits(check: TwoSidedCheck) -> Iterator[str]:
    edited = [edit.criterion_id for edit in check.edits]
    judged = [verdict.criterion_id for row in (check.reference, *(e.verdicts for e in check.edits)) for verdict in row]
    if _twice(edited):
        yield "a criterion has two edits"
    if not all(map(CRITERION_ID.fullmatch, (*edited, *judged))):
        yield "its two-sided check names an invalid criterion"


def _twins(report: RobustnessReport) -> Iterator[str]:
    if len(report.twins) > MAX_TWINS or any(len(one.verdicts) > MAX_LETTERS for one in report.twins):
        yield "its robustness report is larger than one can be"


def _twice(ids: Iterable[Hashable]) -> bool:
    return any(times > 1 for times in Counter(ids).values())
