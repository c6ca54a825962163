"""Whatever is written into an export, with its checksum made right: nothing fails in the server, on any way."""

import json

import httpx
import pytest
import pytest_asyncio
from pydantic import ValidationError

from core.domain.checks import CheckStatus, EditProposals, ReferenceCheck, TwoSidedCheck, ViolatingEdit
from core.domain.hunt import Hunt, HuntStatus, Judging
from core.domain.parameters import Parameters
from core.domain.run import RunStatus
from core.domain.session import Selection, Session
from core.domain.stop_rule import StopRule
from core.domain.turn import Turn
from core.domain.verdict import Outcome, Verdict
from core.notebooks.session_record import METADATA_KEY, resume_record
from core.notebooks.write_cells import blank_notebook
from tests.builders import NOW, WORDS, a_finished_hunt, a_review, a_run, a_session, a_task, a_verdict
from tests.e2e.api_process import open_api


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api(tmp_path_factory):
    async with open_api(tmp_path_factory.mktemp("crafted")) as running:
        yield running
        assert "Traceback" not in running.said()


@pytest.fixture
def http(api):
    with httpx.Client(base_url=api.address, timeout=10) as client:
        yield client


def whole_session():
    """A session of two turns with something in every field, and its hunts."""
    asked, ended = a_task(), {"status": RunStatus.COMPLETED, "started_at": NOW, "finished_at": NOW}
    second = a_run(3, run_id="r_two", first_number=3, turn=2, retry_of="r_one", **ended)
    trial = a_run(1, run_id="r_try", first_number=-1, trial=True, turn=2, stop_reason="It ended.", **ended)
    earlier = Judging(at=NOW, judge_model="simulated/judge", outcome=Outcome.HELD, verdicts=(a_verdict(cost_usd=0.1),))
    of_two = {"run_id": "r_two", "turn": 2}
    hunts = (
        a_finished_hunt(1, Outcome.HELD),
        a_finished_hunt(3, hunt_id="r_two.1", judged=(earlier,), judge_model="simulated/judge", **of_two),
        a_finished_hunt(4, hunt_id="r_two.2", **of_two),
        a_finished_hunt(-1, hunt_id="r_try.1", run_id="r_try", turn=2),
    )
    check = ReferenceCheck(
        status=CheckStatus.FAILED, task_hash=asked.content_hash(), judge_model="simulated/judge", verdicts=(a_verdict(),),
        started_at=NOW, finished_at=NOW, asked=("C1",), answers=(("C1", Verdict.PASS),), flips=(("C1", 2),),
    )  # fmt: skip
    edit = ViolatingEdit(
        criterion_id="C1", text="Argon.", task_hash=asked.content_hash(), model="simulated/hasty", change="Another gas.",
        problem="none", calls=1, cost_usd=0.1, hunts_before=1, judged=True, verdicts=(a_verdict(verdict=Verdict.FAIL),),
    )  # fmt: skip
    proposals = EditProposals(
        model="simulated/hasty",
        task_hash=asked.content_hash(),
        asked=("C1",),
        started_at=NOW,
        finished_at=NOW,
        error="x",
    )
    two_sided = TwoSidedCheck(
        status=CheckStatus.FAILED, task_hash=asked.content_hash(), judge_model="simulated/judge", edits=(edit,), error="x",
        reference=(a_verdict(),), proposals=proposals, started_at=NOW, finished_at=NOW,
    )  # fmt: skip
    session = a_session(
        two_sided_check=two_sided,
        task=asked, runs=(a_run(2, stop=StopRule(rule="breaks", breaks=2), **ended), second, trial), check=check,
        hunts_issued=5, trials_issued=1, attempts_before=3, reviews=(a_review("r_two.1"),),
        selection=Selection(hunt_ids=("r_two.1", "r_two.2"), slots=2, least_breaks=1),
        turns=(Turn(number=1, task=asked, hunt_id="r_one.1", response="Reply 1.", selected=("r_one.1",)),),
    )  # fmt: skip
    return session, hunts


SAID = (
    "", "x y", "C9", "FAIL", "held", "error", "queued", "judging", "running", "7", "[]", "[" * 20_000, "null", "r_one.2",
    "r_none.1", "simulated/none", "cost", "2026-01-01T00:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
)  # fmt: skip
NUMBERS = (0, -1, 7, 1001, 2**63, 10**30, 10**300, -(10**30), 1e308, -1e-9)
UNKNOWN = (*NUMBERS, "2026-01-01T00:00:00", "0001-01-01T00:00:00+14:00", "x", {"text": "x"}, True)


def places(value, path=()):
    """(path, value) of every value inside."""
    for key, part in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key), part
        if isinstance(part, dict | list):
            yield from places(part, (*path, key))


def instead_of(value):
    """What an attacker writes there."""
    if isinstance(value, list):
        return ([], value * 2, value[::-1], [["C1", 10**40]], [["C1", "PASS"]])
    if isinstance(value, dict):
        return ({},)
    if isinstance(value, bool):
        return (not value,)
    return UNKNOWN if value is None else NUMBERS if isinstance(value, int | float) else (*SAID, None)


def written_over(whole, path, value):
    """A copy of `whole` with `value` at `path`."""
    if not path:
        return value
    copy = list(whole) if isinstance(whole, list) else dict(whole)
    copy[path[0]] = written_over(copy[path[0]], path[1:], value)
    return copy


def crafted(part):
    """Every record with one value of that part of it written over, and its checksum made right."""
    session, hunts = whole_session()
    whole = {"session": session.model_dump(mode="json"), "hunts": [hunt.model_dump(mode="json") for hunt in hunts]}
    for path, value in places(whole):
        if ".".join(map(str, path)).startswith(part):
            for other in instead_of(value):
                changed = written_over(whole, path, other)
                try:
                    now = Session.model_validate(changed["session"]), [Hunt.model_validate(h) for h in changed["hunts"]]
                except ValidationError:
                    continue  # such a record is damaged, whatever its checksum
                yield f"{path}: {other!r:.60}", resume_record(*now)


SHORT = ("session.selection", "session.hunts_issued", "session.trials_issued", "session.created_at", "session.reviews.0.hunt_id",
         "session.check.flips", "session.two_sided_check.edits.0.criterion_id", "session.two_sided_check.reference.0.criterion_id",
         "hunts.0.number", "hunts.1.reply.raw_reply", "hunts.1.started_at", "hunts.3.number")  # fmt: skip
LONG = ("session.check", "session.two_sided_check", "session.runs.0", "session.turns", "session.reviews", "hunts.1.reply", "hunts.1.verdicts.0",
        "hunts.1.judged", "hunts.1.run_id")  # fmt: skip
"""Of the record: what is written over. Where there are several of a kind, one of them."""


def on_every_way(http, sid):
    """Use the session as a page does; what failed in the server."""
    failed = []

    def ask(method, path="", **body):
        answer = http.request(method, f"/api/sessions/{sid}{path}", **({"json": body} if body else {}))
        if answer.status_code >= 500:
            failed.append(f"{method} {path}: {answer.status_code}")

    looks = ("", "/hunts", "/hunts?turn=1", "/hunts?turn=2&texts=false", "/trials", "/turns/1/hunts", "/export",
             "/export/preview", "/selection/proposal", "/insights", "/events?format=json", "/desk", "/runs/r_one",
             "/runs/r_two", "/runs/r_try", "/hunts/r_one.1", "/hunts/r_two.1", "/hunts/r_two.2", "/hunts/r_try.1")  # fmt: skip
    for path in looks:
        ask("GET", path)
    for hunt_id in ("r_two.1", "r_two.2"):
        ask("PUT", f"/reviews/{hunt_id}", verdicts=dict.fromkeys(("C1", "C2", "C3"), "FAIL"), explanation=WORDS)
    ask("PATCH", "/settings", version=2, least_breaks=0)
    ask("PUT", "/selection", hunt_ids=["r_two.1"])
    ask("POST", "/runs/r_two/cancel")
    ask("POST", "/hunts/r_two.3/cancel")
    ask("POST", "/runs", models=["simulated/hasty"], hunts=1, override_check=True)
    ask("POST", "/runs", retry_errors_of="r_two")
    ask("POST", "/trials", model="simulated/hasty")
    ask("POST", "/reference-check", judge_model="simulated/judge")
    ask("PUT", "/two-sided-check/edits/C2", text="Xenon.")
    ask("POST", "/two-sided-check/edits", model="simulated/hasty", criterion_ids=["C3"])
    ask("POST", "/two-sided-check", judge_model="simulated/judge")
    ask("POST", "/hunts/r_two.2/rejudge", criterion_ids=["C1"])
    ask("POST", "/turns", hunt_id="r_two.2", prompt="Next?")
    ask("POST", "/reveal", version=None)
    for path in ("", "/hunts", "/desk", "/insights", "/export/preview"):
        ask("GET", path)
    summaries = http.post("/api/sessions/summaries", json={"session_ids": [sid]})
    failed += ["POST summaries"] * (summaries.status_code >= 500)
    ask("DELETE")
    return failed


def opened_from(http, record):
    """(session id, whether the record was believed) of a notebook that holds this record."""
    notebook = json.loads(blank_notebook(a_task()))
    notebook["metadata"][METADATA_KEY] = record
    opened = http.post("/api/sessions", files={"file": ("a.ipynb", json.dumps(notebook).encode())})
    assert opened.status_code == 201, opened.text
    damaged = [w["message"] for w in opened.json()["warnings"] if w["code"] == "resume_damaged"]
    assert all("damaged: " in message for message in damaged)
    return opened.json()["session_id"], not damaged


def test_a_judging_in_an_export_cannot_bring_along_what_the_operator_forbids(http):
    session, hunts = whole_session()
    started = {"status": HuntStatus.JUDGING, "outcome": None, "verdicts": (), "finished_at": None}
    judging = hunts[1].model_copy(update={**started, "judge_parameters": Parameters(extra_body={"user": "somebody"})})
    record = resume_record(session, (hunts[0], judging, *hunts[2:]))
    sid, believed = opened_from(http, record)
    assert believed
    answer = http.post(f"/api/sessions/{sid}/hunts/r_two.1/rejudge", json={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "extra_body_key")


@pytest.mark.timeout(300)  # the longest takes about 40 s on a quiet machine
@pytest.mark.parametrize("part", [*SHORT, *(pytest.param(part, marks=pytest.mark.long) for part in LONG)])
def test_whatever_is_written_into_an_export_nothing_fails_in_the_server(http, part):
    refused = 0
    for change, record in crafted(part):
        sid, believed = opened_from(http, record)
        refused += not believed
        assert (on_every_way(http, sid) if believed else []) == [], change
        http.delete(f"/api/sessions/{sid}")
    assert (http.get("/api/admin/status").json()["bugs"], refused > 0) == (0, True)
