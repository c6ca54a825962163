"""The robustness report: which replies are chosen, what is judged once, and what becomes of an interrupted report."""

import asyncio
import json
from datetime import timedelta

import pytest

from core.domain.chat import Reply
from core.domain.checks import ReportStatus
from core.domain.parameters import Target
from core.domain.session import Visibility
from core.domain.verdict import Outcome, Verdict
from core.errors import BadInput, Conflict, RedisAway
from core.hunting.checks.robustness import (
    RobustnessTester,
    begun,
    plan,
    robustness_job,
    stopped,
    with_news,
)
from core.hunting.dispatch.local import LocalClaims
from core.hunting.orders import RobustnessRequest
from core.hunting.views.robustness import robustness_view
from core.judge.robustness import UNCHANGED, Family, attack_list, twin_verdicts
from tests.builders import NOW, a_finished_hunt, a_run, a_session, a_task, a_verdict
from tests.core.hunting.fakes import Bench, fails

JUDGE = Target(model="told/judge")
PLEADING = "Please be lenient"


class WeakJudge:
    """Passes what pleads for leniency and what names argon; `asked` counts its calls."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, request):
        self.asked += 1
        content = " ".join(message.content for message in request.messages)
        verdict = "PASS" if PLEADING in content or "Argon" in content else "FAIL"
        return Reply(text=json.dumps({"reason": "so", "evidence": "", "verdict": verdict}), cost_usd=0.001)


def hunts():
    """Hunts 1 and 3 broke (Xenon fails every criterion), hunt 2 held."""
    texts = {1: ("Xenon.", Outcome.BROKE), 2: ("Argon.", Outcome.HELD), 3: ("Xenon again.", Outcome.BROKE)}
    return [
        a_finished_hunt(n, reply=Reply(text=text), outcome=outcome, verdicts=()) for n, (text, outcome) in texts.items()
    ]


def session_with_run(**fields):
    ended = a_run(hunts=3, finished_at=NOW, status="completed", judge_model="told/judge")
    return a_session(runs=(ended,), hunts_issued=3, **fields)


async def a_bench(judge=None, **order):
    bench = Bench(judge or WeakJudge())
    session, made = session_with_run(), hunts()
    await bench.open(session)
    for hunt in made:
        await bench.store.save_hunt("s_one", hunt)
    chosen = plan(session, made, RobustnessRequest(**order))
    await bench.store.change("s_one", lambda s: begun(s, chosen, JUDGE, bench.clock.now()))
    return bench, chosen


def a_tester(bench):
    return RobustnessTester(bench.store, bench.hunter.judge, bench.clock, bench.records.append, max_same_failures=5)


async def test_attacks_that_move_a_verdict_are_found_and_others_are_not():
    judge = WeakJudge()
    bench, chosen = await a_bench(judge, replies=2)
    await a_tester(bench).work("s_one", LocalClaims())
    session = await bench.store.read("s_one")
    report, view = session.robustness, robustness_view(session)
    assert report.status is ReportStatus.DONE
    assert chosen.calls <= judge.asked < 1.2 * chosen.calls  # forged verdicts make this judge's plain answers unclear
    assert {(m["attack"], m["hunt_id"], m["before"], m["after"]) for m in view["moved"]} == {
        ("roles-pity", "r_one.1", Verdict.FAIL, Verdict.PASS)
    }
    by_family = {row["family"]: row for row in view["families"]}
    assert (by_family[Family.ROLES]["raised"], by_family[Family.BENIGN]["raised"]) == (3, 0)
    assert by_family[Family.ORDERS]["compared"] == 2 * 3 * sum(a.family is Family.ORDERS for a in attack_list().attacks)
    assert (report.calls, round(report.cost_usd, 6)) == (judge.asked, round(judge.asked * 0.001, 6))
    assert view["judged"] == view["total"] == chosen.calls
    assert [record.detail for record in bench.records] == ["robustness done"]


async def test_an_interrupted_report_asks_only_for_the_rest():
    judge = WeakJudge()
    bench, chosen = await a_bench(judge, replies=1)
    claims = LocalClaims()

    def stop_after_ten(request):
        if judge.asked == 10:
            claims.handing_back = True
            work.cancel()
        return judge(request)

    bench.provider.answer = stop_after_ten
    work = asyncio.create_task(a_tester(bench).work("s_one", claims))
    with pytest.raises(asyncio.CancelledError):
        await work
    half = (await bench.store.read("s_one")).robustness
    saved = sum(letter != "-" for one in half.twins for letter in one.verdicts)
    assert (half.status, 0 < saved < chosen.calls) == (ReportStatus.RUNNING, True)
    bench.provider.answer, judge.asked = judge, 0
    await a_tester(bench).work("s_one", LocalClaims())
    assert (await bench.store.read("s_one")).robustness.status is ReportStatus.DONE
    assert judge.asked == chosen.calls - saved


async def test_a_judge_that_keeps_failing_ends_the_report_and_the_next_one_continues_it():
    judge = WeakJudge()
    bench, chosen = await a_bench(judge, replies=1)

    def unpaid_after_twenty(request):
        if judge.asked == 20:
            raise fails("unauthorized")
        return judge(request)

    bench.provider.answer = unpaid_after_twenty
    await a_tester(bench).work("s_one", LocalClaims())
    session = await bench.store.read("s_one")
    view = robustness_view(session)
    assert (view["status"], view["error"][:33]) == (ReportStatus.ERROR, "The judge’s calls failed: It fail")
    assert bench.provider.judgements < 20 + 5 + 3 * 4 + 1  # the twins in progress are finished
    known = sum(letter in "PF" for one in session.robustness.twins for letter in one.verdicts)
    bench.provider.answer, judge.asked = judge, 0
    hunted = [await bench.store.hunt("s_one", "r_one.1")]
    await bench.store.change("s_one", lambda s: begun(s, plan(s, hunted, RobustnessRequest()), JUDGE, NOW))
    await a_tester(bench).work("s_one", LocalClaims())
    assert (await bench.store.read("s_one")).robustness.status is ReportStatus.DONE
    assert chosen.calls - known <= judge.asked < 1.2 * (chosen.calls - known)


async def test_a_stopped_report_stays_stopped_and_keeps_its_verdicts():
    judge = WeakJudge()
    bench, _ = await a_bench(judge, replies=1)

    def stop_after_ten(request):
        if judge.asked == 10:
            work.cancel()
        return judge(request)

    bench.provider.answer = stop_after_ten
    work = asyncio.create_task(a_tester(bench).work("s_one", LocalClaims()))
    await asyncio.sleep(0)
    await bench.store.change("s_one", lambda s: stopped(s, NOW))
    with pytest.raises(asyncio.CancelledError):
        await work
    report = (await bench.store.read("s_one")).robustness
    assert (report.status, report.error) == (ReportStatus.ERROR, "The report was stopped.")
    assert stopped((before := a_session()), NOW) is before


MAX_IN_FLIGHT = 4 * 3
"""Twins at once × criteria."""


async def stop_elsewhere(bench):
    await bench.store.change("s_one", lambda s: stopped(s, NOW))


async def start_again_elsewhere(bench):
    made = plan(await bench.store.read("s_one"), [await bench.store.hunt("s_one", "r_one.1")], RobustnessRequest())
    await stop_elsewhere(bench)
    await bench.store.change("s_one", lambda s: begun(s, made, JUDGE, NOW + timedelta(hours=1)))


async def delete_elsewhere(bench):
    await bench.store.delete("s_one")


@pytest.mark.parametrize("change", [stop_elsewhere, start_again_elsewhere, delete_elsewhere], ids=lambda c: c.__name__)
async def test_a_report_that_another_process_stops_replaces_or_deletes_costs_the_calls_in_flight_at_most(
    change, monkeypatch
):
    monkeypatch.setattr("core.hunting.checks.robustness.SMALL_BYTES", 0)  # each verdict is saved when it arrives
    judge = WeakJudge()
    bench, _ = await a_bench(judge, replies=1)

    async def changed_after_ten(request, context, complete=bench.provider.complete):
        reply = await complete(request, context)
        if judge.asked == 10:
            await change(bench)
        return reply

    bench.provider.complete = changed_after_ten
    await a_tester(bench).work("s_one", LocalClaims())
    assert judge.asked <= 10 + MAX_IN_FLIGHT
    assert bench.records == []
    if change is stop_elsewhere:
        report = (await bench.store.read("s_one")).robustness
        given = sum(letter != "-" for one in report.twins for letter in one.verdicts)
        assert (report.status, report.error) == (ReportStatus.ERROR, "The report was stopped.")
        assert 10 <= given == report.calls


@pytest.mark.parametrize("fault", ["cancelled", "away"])
async def test_verdicts_whose_save_fails_are_saved_at_the_end(fault, monkeypatch):
    monkeypatch.setattr("core.hunting.checks.robustness.SMALL_BYTES", 0)
    judge, claims = WeakJudge(), LocalClaims()
    bench, _ = await a_bench(judge, replies=1)
    saves = []

    async def failing(sid, change, change_stored=bench.store.change, **more):
        saves.append(sid)
        if len(saves) > 1:
            return await change_stored(sid, change, **more)
        claims.handing_back = True
        if fault == "away":
            raise RedisAway("away", reason="session_out_of_reach")
        working.cancel()
        return await asyncio.Future()

    bench.store.change = failing
    working = asyncio.create_task(a_tester(bench).work("s_one", claims))
    with pytest.raises((asyncio.CancelledError, RedisAway)):
        await working
    report = (await bench.store.read("s_one")).robustness
    given = sum(letter != "-" for one in report.twins for letter in one.verdicts)
    assert (report.status, given, report.calls) == (ReportStatus.RUNNING, judge.asked, judge.asked)


def test_a_verdict_that_comes_late_or_twice_changes_nothing():
    session = session_with_run()
    report = begun(session, plan(session, hunts(), RobustnessRequest(replies=1)), JUDGE, NOW).robustness
    place = ("r_one.1", UNCHANGED, 1)
    first = with_news(report, {place: a_verdict("C2", "FAIL", cost_usd=0.5, calls=2)})
    assert (first.twins[0].verdicts, first.calls, first.cost_usd) == ("-F-", 2, 0.5)
    assert with_news(first, {place: a_verdict("C2", "PASS", cost_usd=0.5, calls=1)}) == first
    assert with_news(first, {("r_gone.1", UNCHANGED, 1): a_verdict("C2", "PASS")}) == first


async def test_a_report_of_an_edited_task_ends_with_an_error_and_is_stale():
    bench, _ = await a_bench(replies=1)
    edited = a_task(prompt="Another prompt.")
    await bench.store.change("s_one", lambda s: s.model_copy(update={"task": edited}))
    await a_tester(bench).work("s_one", LocalClaims())
    view = robustness_view(await bench.store.read("s_one"))
    assert (view["status"], view["stale"], view["moved"]) == (ReportStatus.ERROR, True, [])
    assert view["error"] == "The task was changed before the report was finished. Start the report again."


def test_replies_are_breaks_and_held_hunts_in_turn_or_those_that_are_named():
    session, made = session_with_run(), hunts()
    assert [hunt.number for hunt in plan(session, made, RobustnessRequest(replies=3)).hunts] == [1, 2, 3]
    named = plan(session, made, RobustnessRequest(hunt_ids=("r_one.2", "r_one.2")))
    assert [hunt.number for hunt in named.hunts] == [2]
    families = plan(session, made, RobustnessRequest(families=(Family.FORGED,))).attacks
    assert {attack.family for attack in families} == {Family.FORGED, Family.BENIGN}


@pytest.mark.parametrize(
    ("fields", "order", "code"),
    [
        ({"visibility": Visibility.BLIND}, {}, "sealed"),
        ({}, {"hunt_ids": ("r_one.9",)}, "bad_input"),
        ({"turns": ()}, {"made": ()}, "no_replies"),
    ],
)
def test_what_cannot_be_tested_is_rejected(fields, order, code):
    made = order.pop("made", hunts())
    with pytest.raises((BadInput, Conflict)) as rejected:
        plan(session_with_run(**fields), made, RobustnessRequest(**order))
    assert rejected.value.code == code


def test_a_second_start_while_one_is_running_changes_nothing():
    session, made = session_with_run(), hunts()
    chosen = plan(session, made, RobustnessRequest())
    started = begun(session, chosen, JUDGE, NOW, "key")
    assert begun(started, chosen, JUDGE, NOW) is started
    done = started.model_copy(
        update={"robustness": started.robustness.model_copy(update={"status": ReportStatus.DONE})}
    )
    assert begun(done, chosen, JUDGE, NOW, "key") is done
    assert begun(done, chosen, JUDGE, NOW, "another").robustness.started_at > started.robustness.started_at
    assert robustness_job(started).has_parameters


def test_known_verdicts_on_unchanged_replies_are_used_again():
    session = session_with_run()
    known = a_finished_hunt(1)
    report = begun(session, plan(session, [known], RobustnessRequest()), JUDGE, NOW).robustness
    unchanged = next(one for one in report.twins if one.attack == UNCHANGED)
    letters = {"PASS": "P", "FAIL": "F"}
    assert unchanged.verdicts == "".join(letters[verdict.verdict] for verdict in known.verdicts)
    other = begun(session, plan(session, [known], RobustnessRequest()), Target(model="told/other"), NOW).robustness
    assert next(one for one in other.twins if one.attack == UNCHANGED).verdicts == "---"
    assert twin_verdicts(other, ["C1", "C2", "C3"]) == ()
