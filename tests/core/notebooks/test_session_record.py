"""Loading an export goes on where the session ended."""

from __future__ import annotations

import json

import pytest

from core.domain.hunt import HuntError, HuntStatus
from core.domain.run import RunStatus, StopRule
from core.domain.session import CheckStatus, ReferenceCheck, Selection
from core.domain.turn import Turn
from core.domain.verdict import Outcome
from core.errors import BadNotebook
from core.notebooks.export import Export, export_notebook
from core.notebooks.session_record import read_resume, resume_record
from tests.builders import a_review, a_run
from tests.core.notebooks.building import BASIC, EMPTY_SLOT, NOON, hunt, load, raw_notebook, session, written

RAW = raw_notebook(*BASIC, *EMPTY_SLOT, "**[number_of_attempts_made]**:\n\n5")
FAILED = hunt(3).model_copy(
    update={
        "reply": None, "verdicts": (), "outcome": Outcome.ERROR, "error": HuntError(code="timeout", message="no reply"),
    }
)  # fmt: skip
HUNTS = (hunt(1, "one  \n"), hunt(2, "two", outcome=Outcome.HELD, verdicts="PPU"), FAILED, hunt(4, "four\u2028"))


def full_session(raw: bytes = RAW):
    loaded = load(raw)
    check = ReferenceCheck(
        status=CheckStatus.PASSED, task_hash=loaded.task.content_hash(), verdicts=hunt().verdicts, started_at=NOON,
    )  # fmt: skip
    return session(
        loaded,
        check=check,
        selection=Selection(hunt_ids=("r_a.4", "r_a.1")),
        warnings=loaded.warnings,
        slots=loaded.slots,
    )


def exported(raw: bytes = RAW) -> bytes:
    attempts = 5 + sum(h.reply is not None for h in HUNTS)
    return export_notebook(
        raw, Export(session=full_session(raw), hunts=HUNTS, selected=(HUNTS[3], HUNTS[0]), attempts=attempts)
    )


def test_everything_of_the_session_comes_back_but_its_id():
    before = full_session()
    loaded = load(exported())
    assert loaded.resumed.hunts == HUNTS
    left_out = {
        "session_id": "", "version": 1, "slots": (), "warnings": (), "proposed_criteria": (), "card_secret": "", "mark": "",
        "turns_keys": (),
    }  # fmt: skip
    assert loaded.resumed.session == before.model_copy(update=left_out)
    assert (loaded.task, loaded.attempts_before) == (before.task, 5)
    assert loaded.warnings == ()


def test_the_sessions_id_which_lets_people_in_is_not_in_the_file():
    assert b"s_secret" not in exported()


def test_blank_lines_at_the_ends_of_an_edited_prompt_come_back():
    edited = full_session().task.model_copy(update={"prompt": "\n\n  a b  \n\n"})
    state = full_session().model_copy(update={"task": edited})
    out = export_notebook(RAW, Export(session=state, hunts=HUNTS, selected=HUNTS[:1], attempts=8))
    assert load(out).task == edited


def test_a_task_that_was_edited_in_the_file_since_wins_over_the_record():
    content = json.loads(exported())
    content["cells"][1]["source"] = ["**[prompt]**\n", "\n", "edited in Colab"]
    loaded = load(written(content))
    assert loaded.task.prompt == "edited in Colab"
    assert loaded.resumed.session.task.prompt == "Write a poem about three birds."
    assert [w.code for w in loaded.warnings] == ["edited_since_export"]


def test_an_editor_that_writes_numbers_otherwise_does_not_damage_the_record():
    text = exported().decode().replace("412.0", "412").replace('"cost_usd": 0.01', '"cost_usd": 1e-2')
    assert load(text.encode()).resumed.hunts == HUNTS


def test_the_record_tells_other_programs_what_stands_in_the_slots():
    row = json.loads(exported())["metadata"]["model_hunter"]["delivered"][1]
    assert {k: row[k] for k in ("slot", "hunt_id", "run_id", "provider", "model", "cost_usd", "verdicts", "judges")} == {
        "slot": 2, "hunt_id": "r_a.1", "run_id": "r_a", "provider": "openrouter", "cost_usd": 0.01,
        "model": "openrouter/nvidia/nemotron-3-nano-30b-a3b:free", "judges": ["openai/gpt-5"],
        "verdicts": {"C1": "PASS", "C2": "FAIL", "C3": "FAIL"},
    }  # fmt: skip


def test_tasks_are_written_once_however_many_runs_there_are():
    state = full_session()
    runs = tuple(state.runs[0].model_copy(update={"run_id": f"r_{n}"}) for n in range(50))
    many = state.model_copy(update={"runs": runs, "selection": Selection()})
    record = resume_record(many, ())
    assert len(record["tasks"]) == 1
    assert read_resume(json.loads(json.dumps(record))).session.runs == runs


def test_hunts_still_under_way_are_kept_as_they_are():
    calling = hunt(5).model_copy(update={"status": HuntStatus.CALLING, "reply": None, "verdicts": (), "outcome": None})
    assert read_resume(resume_record(full_session(), (*HUNTS, calling))).hunts == (*HUNTS, calling)


def damaged(change) -> dict:
    record = json.loads(json.dumps(resume_record(full_session(), HUNTS)))
    change(record)
    return record


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r.clear(),
        lambda r: r.pop("session"),
        lambda r: r.pop("hunts"),
        lambda r: r.pop("sha256"),
        lambda r: r.update(hunts="x"),
        lambda r: r.update(session=[]),
        lambda r: r.update(tasks=[]),
        lambda r: r["session"].update(task="x"),
        lambda r: r["session"].update(task=-9),
        lambda r: r["session"].update(runs=[7]),
        lambda r: r["session"].update(task_=0),
        lambda r: r["session"].update(surprise=1),
        lambda r: r["hunts"].append(r["hunts"][0]),
        lambda r: r["hunts"][0].update(number=17),
        lambda r: r["hunts"][0].update(outcome="held"),
        lambda r: r["hunts"][0]["reply"].update(text="other"),
        lambda r: r.update(schema_version=2),
        lambda r: r.update(schema_version="1"),
        lambda r: r.update(schema_version=None),
    ],
)
def test_a_damaged_record_is_refused_and_the_notebook_loads_with_a_warning(change):
    record = damaged(change)
    with pytest.raises(BadNotebook):
        read_resume(record)
    content = json.loads(exported())
    content["metadata"]["model_hunter"] = record
    loaded = load(written(content))
    assert loaded.resumed is None
    assert [w.code for w in loaded.warnings] in (["resume_damaged"], ["resume_version"])
    assert (len(loaded.slots), loaded.attempts_before) == (2, 8)


@pytest.mark.parametrize("record", [7, "x", [], None, {"schema_version": 1}, {"schema_version": True}])
def test_what_is_not_our_record_does_not_stop_the_notebook(record):
    content = json.loads(RAW)
    content["metadata"]["model_hunter"] = record
    assert load(written(content)).resumed is None


def test_a_damaged_record_is_replaced_by_the_next_export():
    content = json.loads(exported())
    content["metadata"]["model_hunter"] = {"schema_version": 1}
    assert load(exported(written(content))).resumed.hunts == HUNTS


def test_endless_runs_that_go_on_are_refused():
    endless = [a_run(1000, run_id=f"r_{n}", status=RunStatus.RUNNING) for n in range(51)]
    record = resume_record(full_session().model_copy(update={"runs": tuple(endless), "selection": Selection()}), ())
    with pytest.raises(BadNotebook, match="too many unfinished hunts"):
        read_resume(record)


RUN = full_session().runs[0]
CHECK = full_session().check


def signed(hunt_changes=None, reply=None, run=None, **changes):
    """The record of somebody who knows how its checksum is made: of the full session with these changes."""
    state = full_session()
    runs = {"runs": (RUN.model_copy(update=run),)} if run else {}
    first = HUNTS[0].model_copy(update=hunt_changes or {})
    if reply:
        first = first.model_copy(update={"reply": first.reply.model_copy(update=reply)})
    return json.loads(json.dumps(resume_record(state.model_copy(update={**runs, **changes}), (first, *HUNTS[1:]))))


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
    "trials given out": (signed(trials_issued=-1), "below zero"),
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
    "a hunt without an end": (signed({"outcome": None}), "has an outcome but is not done"),
    "a break without a reply": (signed({"reply": None}), "decided without a reply"),
    "a turn out of order": (signed(**odd_turn(number=7)), "not numbered in sequence"),
    "an unknown hunt selected earlier": (signed(**odd_turn(selected=("r_a.8",))), "selected in an earlier turn is missing"),
    "a hunt selected twice earlier": (signed(**odd_turn(selected=("r_a.1",) * 2)), "selected or reviewed twice"),
    "a turn of no hunt": (signed(**odd_turn(hunt_id="r_a.8")), "selected reply of a turn is missing"),
}  # fmt: skip


@pytest.mark.parametrize(("record", "why"), CRAFTED.values(), ids=CRAFTED.keys())
def test_a_record_that_we_cannot_have_written_is_refused_also_with_a_right_checksum(record, why):
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
