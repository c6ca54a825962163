"""A record whose checksum was made right is believed only if all of it is plausible."""

from __future__ import annotations

import json
from unittest.mock import patch

import pytest

from core.domain.run import RunStatus
from core.domain.second_review import SecondReview, SettledVerdict
from core.domain.session import Audit, Selection
from core.domain.stop_rule import StopRule
from core.domain.turn import Turn
from core.domain.verdict import Verdict
from core.errors import BadNotebook
from core.notebooks import session_record
from core.notebooks.session_record import read_resume, resume_record
from core.notebooks.session_record_checks import implausible
from tests.builders import a_review, a_run
from tests.core.notebooks.building import NOON, hunt
from tests.core.notebooks.test_session_record import CHECK, HUNTS, full_session


def test_endless_active_runs_are_rejected():
    endless = [a_run(1000, run_id=f"r_{n}", status=RunStatus.RUNNING) for n in range(51)]
    record = resume_record(full_session().model_copy(update={"runs": tuple(endless), "selection": Selection()}), ())
    with pytest.raises(BadNotebook, match="too many unfinished hunts"):
        read_resume(record)


RUN = full_session().runs[0]


FORGED = {"_rates": lambda *_: {}, "_second_review": lambda session: session.second_review}
"""The first counts hunts that make sense, the second leaves out names and what is not finished."""


def second_review(*reviewed, hunt_ids=("r_a.1",), settled=(), revealed=True, **changes):
    """A second review of one hunt, whose first review is there."""
    made = {
        "asked_at": NOON, "hunt_ids": hunt_ids, "reviews": tuple(a_review(hunt_id) for hunt_id in reviewed or hunt_ids),
        "done_at": NOON,
        "settled": tuple(
            SettledVerdict(hunt_id=hunt_id, criterion_id="C1", verdict=Verdict.PASS, by="bob", at=NOON) for hunt_id in settled
        ),
    }  # fmt: skip
    reviews = {"reviews": (a_review("r_a.1"),), "revealed_at": NOON if revealed else None}
    return reviews | {"second_review": SecondReview(**(made | changes))}


def signed(hunt_changes=None, reply=None, run=None, **changes):
    """The record of somebody who knows how its checksum is made: of the full session with these changes."""
    state = full_session()
    runs = {"runs": (RUN.model_copy(update=run),)} if run else {}
    first = HUNTS[0].model_copy(update=hunt_changes or {})
    if reply:
        first = first.model_copy(update={"reply": first.reply.model_copy(update=reply)})
    rates, second = (patch.object(session_record, name, made) for name, made in FORGED.items())
    with rates, second:
        record = resume_record(state.model_copy(update={**runs, **changes}), (first, *HUNTS[1:]))
    return json.loads(json.dumps(record))


def odd_turn(**changes):
    turn = Turn(number=1, task=full_session().task, hunt_id="r_a.1", response="one")
    return {"turns": (turn.model_copy(update=changes),)}


CRAFTED = {
    "a raw request that is a list": (signed(reply={"raw_request": "[]"}), "raw_request that is not a JSON object"),
    "a raw reply that is no JSON": (signed(reply={"raw_reply": "{"}), "raw_reply that is not a JSON object"),
    "a raw reply that is too deep": (signed(reply={"raw_reply": "[" * 100_000}), "raw_reply that is not a JSON object"),
    "a raw reply with NaN": (signed(reply={"raw_reply": '{"a": NaN}'}), "raw_reply that is not a JSON object"),
    "a review of an unknown run": (signed(reviews=(a_review("r_none.1"),)), "reviewed hunt is missing"),
    "a review of an unknown hunt": (signed(reviews=(a_review("r_a.9"),)), "reviewed hunt is missing"),
    "two reviews of a hunt": (signed(reviews=(a_review("r_a.1"),) * 2), "reviewed twice"),
    "a selection of one hunt": (signed(selection=Selection(hunt_ids=("r_a.1",) * 9)), "selected or reviewed twice"),
    "no slots": (signed(selection=Selection(slots=-1)), "slots"),
    "endless slots": (signed(selection=Selection(slots=10**6)), "slots"),
    "a hunt's number": (signed({"number": 10**30}), "number is out of range"),
    "numbers given out": (signed(hunts_issued=10**300), "hunts_issued is out of range"),
    "trials given out": (signed(trials_issued=-1), "is negative"),
    "attempts before": (signed(attempts_before=10**40), "attempts_before is out of range"),
    "flips": (signed(check=CHECK.model_copy(update={"flips": (("C1", 10**40),)})), "check.flips.0.1 is out of range"),
    "a run's first number": (signed(run={"first_number": 10**19}), "first_number is out of range"),
    "tokens": (signed(reply={"usage": HUNTS[0].reply.usage.model_copy(update={"input_tokens": 2**64})}), "input_tokens"),
    "an endless time": (signed(reply={"latency_ms": 1e300}), "latency_ms is out of range"),
    "a cost below nothing": (signed(reply={"cost_usd": -1.0}), "costs are negative or too high"),
    "a cost beyond all": (signed(reply={"cost_usd": 1e8}), "costs are negative or too high"),
    "a time without a zone": (signed({"started_at": NOON.replace(tzinfo=None)}), "started_at is out of range"),
    "a time before all": (signed(created_at=NOON.replace(year=1)), "created_at is out of range"),
    "a run id of two words": (signed(run={"run_id": "r a"}), "a run has an invalid ID"),
    "a run that is there twice": (signed(runs=(RUN, RUN)), "run ID occurs twice"),
    "a run without a model": (signed(run={"models": ()}), "has no model"),
    "a run of no turn": (signed(run={"turn": 2}), "belongs to a missing turn"),
    "a trial of many": (signed(run={"trial": True}), "has an invalid number"),
    "a hunt with another's id": (signed({"number": 2}), "a wrong ID, number or turn"),
    "a hunt of another turn": (signed({"turn": 2}), "a wrong ID, number or turn"),
    "a hunt beyond its run": (signed({"hunt_id": "r_a.10", "number": 10}), "a wrong ID, number or turn"),
    "a hunt with an endless label": (signed({"label": "x" * 81}), "label"),
    "a hunt with an endless model": (signed({"model": "lab/" + "x" * 297}), "too long a model name"),
    "a hunt without an end": (signed({"outcome": None}), "has an outcome but is not done"),
    "a break without a reply": (signed({"reply": None}), "decided without a reply"),
    "a turn out of order": (signed(**odd_turn(number=7)), "not numbered in sequence"),
    "an unknown hunt selected earlier": (signed(**odd_turn(selected=("r_a.8",))), "selected in an earlier turn is missing"),
    "a hunt selected twice earlier": (signed(**odd_turn(selected=("r_a.1",) * 2)), "selected or reviewed twice"),
    "a drawn hunt that is not there": (signed(audit=Audit(held=1, drawn=("r_a.8",))), "a drawn hunt is missing"),
    "a hunt drawn twice": (signed(audit=Audit(held=1, drawn=("r_a.1",) * 2)), "drawn twice"),
    "an endless audit": (signed(audit=Audit(held=101)), "invalid number of hunts"),
    "a second review that is not revealed": (signed(**second_review(revealed=False)), "second review is not finished"),
    "a second review that is not done": (signed(**second_review(done_at=None)), "second review is not finished"),
    "a second reviewer's name": (signed(**second_review(reviewer="bob")), "second review is not finished"),
    "a second review without a first": (signed(**second_review(hunt_ids=("r_a.2",))), "first review of a second one"),
    "a second review twice": (signed(**second_review("r_a.1", "r_a.1")), "of another hunt, or given twice"),
    "a second review of another hunt": (signed(**second_review("r_a.1", "r_a.2")), "of another hunt, or given twice"),
    "a verdict settled twice": (signed(**second_review(settled=("r_a.1",) * 2)), "of another hunt, or given twice"),
    "a verdict settled on which both agree": (signed(**second_review(settled=("r_a.1",))), "do not differ"),
    "a verdict settled elsewhere": (signed(**second_review(settled=("r_a.2",))), "of another hunt, or given twice"),
    "a turn of no hunt": (signed(**odd_turn(hunt_id="r_a.8")), "selected reply of a turn is missing"),
}  # fmt: skip


@pytest.mark.parametrize(("record", "why"), CRAFTED.values(), ids=CRAFTED.keys())
def test_an_implausible_record_is_rejected_even_with_a_correct_checksum(record, why):
    with pytest.raises(BadNotebook, match=why) as refused:
        read_resume(record)
    assert refused.value.hint


def test_half_a_character_in_a_record_is_refused():
    record = signed()
    record["hunts"][0]["reply"]["text"] = "\ud800"
    with pytest.raises(BadNotebook, match="half a character"):
        read_resume(record)


def test_what_we_write_ourselves_is_believed():
    stop = StopRule(rule="breaks", breaks=10**9)
    trial = a_run(1, run_id="r_-_", first_number=-1, trial=True, status=RunStatus.COMPLETED)
    tried = hunt(1).model_copy(update={"hunt_id": "r_-_.1", "run_id": "r_-_", "number": -1})
    state = full_session().model_copy(
        update={"runs": (RUN.model_copy(update={"stop": stop}), trial), "trials_issued": 1, **odd_turn(),
                "reviews": (a_review("r_a.1"), a_review("r_a.4"))}
    )  # fmt: skip
    assert read_resume(json.loads(json.dumps(resume_record(state, (tried, *HUNTS))))).hunts == (tried, *HUNTS)


@pytest.mark.parametrize("changes", [{"owner": "bob"}, {"readers": ("bob",)}])
def test_a_record_gives_nobody_access(changes):
    session = read_resume(signed()).session.model_copy(update=changes)
    assert implausible(session, HUNTS) == "it names people"
