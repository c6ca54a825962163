"""Loading an export resumes the session."""

from __future__ import annotations

import json

import pytest

from core.domain.checks import CheckStatus, ReferenceCheck
from core.domain.confirmation import Confirmation, SecondOpinion
from core.domain.hunt import HuntError, HuntStatus
from core.domain.parameters import MAX_SEED, Parameters, Target
from core.domain.session import NO_AUDIT, Audit, Selection
from core.domain.verdict import Outcome
from core.errors import BadNotebook
from core.notebooks.export import Export, export_notebook
from core.notebooks.session_record import read_resume, resume_record
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
        audit=Audit(held=1, seed="5eed", drawn=("r_a.2",)),
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


OPINION = SecondOpinion(
    judge_model="other/judge",
    asked_at=NOON,
    asked=("C1",),
    verdicts=hunt().verdicts[:1],
    outcome=Outcome.HELD,
    key="request",
)
CONTESTED = HUNTS[0].model_copy(update={"opinions": (OPINION,), "confirmation": Confirmation.CONTESTED})


def test_votes_and_confirmation_come_back_without_the_key_of_their_request():
    record = resume_record(full_session(), (CONTESTED, *HUNTS[1:]))
    resumed = read_resume(json.loads(json.dumps(record))).hunts[0]
    kept = OPINION.model_copy(update={"key": ""})
    assert (resumed.opinions, resumed.confirmation) == ((kept,), Confirmation.CONTESTED)


def test_a_sealed_record_has_the_confirmation_and_no_vote():
    record = resume_record(full_session(), (CONTESTED, *HUNTS[1:]), judge_hidden=True)
    resumed = read_resume(json.loads(json.dumps(record))).hunts[0]
    assert (resumed.opinions, resumed.confirmation) == ((), Confirmation.CONTESTED)
    assert "other/judge" not in json.dumps(record)


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


def test_an_editor_that_sorts_keys_and_shortens_numbers_does_not_damage_parameters():
    chosen = Parameters(temperature=-0.0, extra_body={"top_k": 5.0, "min_p": 1})
    resumed = full_session()
    run = resumed.runs[0].model_copy(
        update={"targets": (Target(model=resumed.runs[0].models[0], parameters=chosen),), "rotation": (0,)}
    )
    hunts = tuple(one.model_copy(update={"parameters": chosen}) for one in HUNTS)
    text = export_notebook(RAW, Export(session=resumed.with_run(run), hunts=hunts, selected=(), attempts=5)).decode()
    edited = json.dumps(json.loads(text), sort_keys=True).replace(": -0.0", ": 0").replace(": 5.0", ": 5")
    assert load(edited.encode()).resumed.hunts == hunts


def test_the_record_describes_the_slots_for_other_programs():
    row = json.loads(exported())["metadata"]["model_hunter"]["delivered"][1]
    assert {k: row[k] for k in ("slot", "hunt_id", "run_id", "provider", "model", "cost_usd", "verdicts", "judges")} == {
        "slot": 2, "hunt_id": "r_a.1", "run_id": "r_a", "provider": "openrouter", "cost_usd": 0.01,
        "model": "openrouter/nvidia/nemotron-3-nano-30b-a3b:free", "judges": ["openai/gpt-5"],
        "verdicts": {"C1": "PASS", "C2": "FAIL", "C3": "FAIL"},
    }  # fmt: skip


def test_tasks_are_written_once_however_many_runs_there_are():
    state = full_session()
    runs = tuple(state.runs[0].model_copy(update={"run_id": f"r_{n}"}) for n in range(50))
    many = state.model_copy(update={"runs": runs, "selection": Selection(), "audit": NO_AUDIT})
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


CHECK = full_session().check


LONG_PROMPT = Parameters(system_prompt="p" * 20_000, seed=MAX_SEED)


def parametrised_session():
    runs = tuple(run.model_copy(update={"judge_parameters": LONG_PROMPT}) for run in full_session().runs)
    check = CHECK.model_copy(update={"judge_parameters": LONG_PROMPT})
    hunts = [hunt.model_copy(update={"parameters": LONG_PROMPT, "judge_parameters": LONG_PROMPT}) for hunt in HUNTS]
    return full_session().model_copy(update={"runs": runs, "check": check}), hunts


def test_parameters_at_their_limits_come_back_and_hunts_share_them():
    session, hunts = parametrised_session()
    record = json.loads(json.dumps(resume_record(session, hunts)))
    assert len(record["parameters"]) == 1
    assert len(json.dumps(record["hunts"])) < 20_000
    resumed = read_resume(record)
    assert list(resumed.hunts) == hunts
    assert (resumed.session.runs, resumed.session.check) == (session.runs, session.check)


def test_a_record_whose_hunts_have_their_own_parameters_is_read():
    session, hunts = parametrised_session()
    record = json.loads(json.dumps(resume_record(session, hunts)))
    shared = record.pop("parameters")
    for row in record["hunts"]:
        row["parameters"], row["judge_parameters"] = shared[row["parameters"]], shared[row["judge_parameters"]]
    assert list(read_resume(record).hunts) == hunts
