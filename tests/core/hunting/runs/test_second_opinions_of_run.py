"""Second opinions of a run: which verdicts are asked about, once, within the limit, and hidden while sealed."""

from __future__ import annotations

import asyncio
import json
from collections import Counter

import pytest

from core.domain.confirmation import Confirmation, ConfirmPolicy
from core.domain.events import EventType
from core.domain.hunt import HuntStatus
from core.domain.parameters import Target
from core.domain.run import RunStatus
from core.domain.session import Visibility
from core.domain.stop_rule import StopRule
from core.domain.verdict import Outcome, Verdict
from core.hunting.dispatch.local import LocalClaims
from core.hunting.hunts.second_opinions import with_opinions
from core.hunting.views.hunts import hunt_view
from core.telemetry.records import HuntRecord
from tests.builders import NOW, a_finished_hunt, a_run, a_session, a_task, a_verdict
from tests.core.hunting.fakes import Bench, Reply, fails, passes

OTHER, THIRD = Target(model="told/other"), Target(model="told/third")


def says(verdict):
    return Reply(text=json.dumps({"reason": "It does.", "evidence": "", "verdict": verdict}), cost_usd=0.001)


CRITERIA = ["C1", "C2", "C3"]


def _criterion(request):
    asked = request.messages[-1].content.split("CRITERION")[-2]
    return next(c for c in CRITERIA if f"{c}: " in asked)


class Judges:
    """Answers targets, and each judge as it is told: by model, the verdict on C1, C2, C3."""

    def __init__(self, **verdicts: str) -> None:
        self.verdicts = verdicts
        self.asked = Counter()

    def __call__(self, request):
        if request.purpose == "target":
            return passes(request)
        criterion = _criterion(request)
        self.asked[request.model, criterion] += 1
        said = self.verdicts[request.model][CRITERIA.index(criterion)]
        if said == "!":
            raise fails("overloaded")
        return says({"P": "PASS", "F": "FAIL"}[said])

    def by(self, model):
        return {criterion: n for (judge, criterion), n in self.asked.items() if judge == model}


def a_session_that_confirms(hunts=1, judges=(OTHER,), policy="breaks", cap=200, visibility=Visibility.OPEN, **changes):
    confirm = ConfirmPolicy(policy=policy, judges=judges, max_extra_calls=cap)
    task = a_task(pass_rule="all")
    run = a_run(hunts, models=("told/a",), judge_model="told/judge", confirm=confirm, task=task, **changes)
    return a_session(runs=(run,), task=task, visibility=visibility)


async def hunted(answer, **changes):
    bench = Bench(answer, hunting__blind_outcome_step_s=0.01)
    await bench.open(a_session_that_confirms(**changes))
    await bench.runner.work("s_one", "r_one", LocalClaims())
    return bench, await bench.hunts()


@pytest.mark.parametrize(
    ("other", "confirmation", "outcome"),
    [
        ("PPF", Confirmation.CONFIRMED, Outcome.BROKE),
        ("PPP", Confirmation.CONTESTED, Outcome.HELD),
        ("PP!", Confirmation.UNCONFIRMED, Outcome.UNDETERMINED),
    ],
)
async def test_another_judge_is_asked_about_the_fails_of_a_break(other, confirmation, outcome):
    judges = Judges(judge="PPF", other=other)
    bench, (hunt,) = await hunted(judges)
    assert set(judges.by("other")) == {"C3"}
    assert judges.by("judge") == {"C1": 1, "C2": 1, "C3": 1}
    assert (hunt.outcome, hunt.confirmation, hunt.opinions[0].outcome) == (Outcome.BROKE, confirmation, outcome)
    view = hunt_view(hunt, sealed=False, texts=False)
    assert [(v["criterion_id"], v["judge_model"], v["judge_outcome"]) for v in view["votes"]] == [
        ("C3", "told/other", outcome)
    ]
    counts = (await bench.store.counts("s_one"))["r_one"]
    assert (counts.broke, counts.confirmed, counts.contested) == (
        1, confirmation is Confirmation.CONFIRMED, confirmation is Confirmation.CONTESTED,
    )  # fmt: skip
    assert (await bench.run()).status is RunStatus.COMPLETED


async def test_a_vote_costs_what_a_verdict_costs():
    bench, (hunt,) = await hunted(Judges(judge="FPF", other="FPF"))
    assert hunt.judge_cost_usd == pytest.approx(0.005)
    assert (await bench.store.counts("s_one"))["r_one"].judge_cost_usd == pytest.approx(0.005)


async def test_all_judges_must_agree():
    _, (hunt,) = await hunted(Judges(judge="PPF", other="PPF", third="PPP"), judges=(OTHER, THIRD))
    assert [opinion.outcome for opinion in hunt.opinions] == [Outcome.BROKE, Outcome.HELD]
    assert hunt.confirmation is Confirmation.CONTESTED


@pytest.mark.parametrize(("policy", "asked"), [("breaks", {}), ("pivotal", {"C1": 1, "C2": 1, "C3": 1}), ("none", {})])
async def test_the_policy_decides_about_replies_that_held(policy, asked):
    judges = Judges(judge="PPP", other="PPF")
    _, (hunt,) = await hunted(judges, policy=policy, judges=() if policy == "none" else (OTHER,))
    assert judges.by("other") == asked
    assert hunt.confirmation is (Confirmation.CONTESTED if asked else Confirmation.UNCONFIRMED)


async def test_the_limit_is_never_exceeded_and_the_rest_stays_unconfirmed():
    judges = Judges(judge="FFP", other="FFP")
    _, hunts = await hunted(judges, hunts=9, cap=7)
    assert sum(judges.by("other").values()) == 6
    assert Counter(hunt.confirmation for hunt in hunts) == {Confirmation.CONFIRMED: 3, Confirmation.UNCONFIRMED: 6}


@pytest.mark.parametrize("first", ["FPP", "FFP", "FFF"])
async def test_a_blind_sessions_limit_does_not_depend_on_the_number_of_fails(first):
    _, hunts = await hunted(Judges(judge=first, other="FFF"), hunts=4, cap=7, visibility=Visibility.BLIND)
    assert Counter(hunt.confirmation for hunt in hunts) == {Confirmation.CONFIRMED: 2, Confirmation.UNCONFIRMED: 2}


@pytest.mark.parametrize("first", ["FPP", "FFF"])
async def test_a_blind_session_publishes_the_confirmation_and_no_vote(first):
    bench, (hunt,) = await hunted(Judges(judge=first, other="FFF"), visibility=Visibility.BLIND)
    view = hunt_view(hunt, sealed=True, texts=False)
    assert (view["confirmation"], view["votes"], view["judge_cost_usd"]) == (Confirmation.CONFIRMED, [], None)
    events = [json.loads(e.data)["hunt"] for e in await bench.log.read("s_one", "0-0", 99) if e.type is EventType.HUNT]
    assert [(e["status"], e["outcome"], e["confirmation"], e["votes"]) for e in events] == [
        ("calling", None, None, []),
        ("judging", None, None, []),
        ("done", "broke", "unconfirmed", []),
        ("done", "broke", "confirmed", []),
    ]


async def test_votes_that_are_there_are_not_asked_for_again():
    judges = Judges(judge="FFP", other="FFP")
    bench = Bench(judges)
    session = a_session_that_confirms()
    await bench.open(session)
    done = a_finished_hunt(1, model="told/a")
    await bench.store.save_hunt("s_one", done)
    begun = with_opinions(done, session.runs[0], (OTHER,), ("C1", "C2", "C3"), NOW)
    vote = done.verdicts[0].model_copy(update={"verdict": Verdict.FAIL})
    opinion = begun.opinions[0].model_copy(update={"verdicts": (vote,)})
    await bench.store.save_hunt("s_one", begun.model_copy(update={"opinions": (opinion,)}))
    await bench.runner.work("s_one", "r_one", LocalClaims())
    (hunt,) = await bench.hunts()
    assert judges.asked == {("other", "C2"): 1, ("other", "C3"): 1}
    assert [v.criterion_id for v in hunt.opinions[0].verdicts] == ["C1", "C2", "C3"]


async def test_cancelling_keeps_the_votes_that_arrived():
    judges = Judges(judge="FFP", other="FFP")
    bench = Bench(judges)
    await bench.open(a_session_that_confirms())
    held = asyncio.Event()

    async def hold(request, context, complete=bench.provider.complete):
        if request.model == "other" and _criterion(request) == "C2":
            await held.wait()
        return await complete(request, context)

    bench.provider.complete = hold
    work = asyncio.create_task(bench.runner.work("s_one", "r_one", LocalClaims()))
    async with asyncio.timeout(10):
        while not judges.by("other"):
            await asyncio.sleep(0)
        for _ in range(50):
            await asyncio.sleep(0)
    await bench.store.change(
        "s_one", lambda s: s.with_run(s.runs[0].model_copy(update={"status": RunStatus.CANCELLED}))
    )
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    (hunt,) = await bench.hunts()
    assert (hunt.status, hunt.outcome, hunt.confirmation) == (HuntStatus.DONE, Outcome.BROKE, Confirmation.UNCONFIRMED)
    assert len(hunt.opinions[0].verdicts) == 1
    assert (await bench.run()).status is RunStatus.CANCELLED


async def test_a_cost_limit_ends_second_opinions_too_and_a_limit_of_breaks_does_not():
    for stop, asked in ((StopRule(rule="cost", cost_usd=0.013), 0), (StopRule(rule="breaks", breaks=1), 1)):
        judges = Judges(judge="FPP", other="FPP")
        _, hunts = await hunted(judges, hunts=1, stop=stop)
        assert sum(judges.by("other").values()) == asked, stop
        assert hunts[0].outcome is Outcome.BROKE


async def test_a_confirming_judge_that_cannot_judge_is_not_asked_for_ever():
    def answer(request):
        if request.model == "other":
            raise fails("unauthorized")
        return Judges(judge="FPP")(request)

    bench = Bench(answer, calls__max_same_failures=3, hunting__max_active_hunts=4)
    await bench.open(a_session_that_confirms(hunts=30))
    await bench.runner.work("s_one", "r_one", LocalClaims())
    run = await bench.run()
    asked = sum(bool(hunt.opinions) for hunt in await bench.hunts())
    assert (run.status, 3 <= asked < 30) == (RunStatus.COMPLETED, True)
    assert any("told/other" in note and "unauthorized" in note for note in run.notes)


async def test_the_record_of_a_confirmed_hunt_follows_that_of_its_outcome():
    bench, _ = await hunted(Judges(judge="FPP", other="FPP"))
    records = [r for r in bench.records if isinstance(r, HuntRecord)]
    assert [(r.outcome, r.confirmation, r.opinion_steps) for r in records] == [
        ("broke", "", 0),
        ("broke", "confirmed", 3),
    ]
    assert records[1].votes == {"told/other": {"C1": "FAIL"}}


async def test_a_run_stops_at_its_confirmed_breaks():
    judges = Judges(judge="FPP", other="FPP")
    bench = Bench(judges, hunting__max_active_hunts=2)
    await bench.open(a_session_that_confirms(hunts=60, stop=StopRule(confirmed_breaks=3)))
    await bench.runner.work("s_one", "r_one", LocalClaims())
    run, counts = await bench.run(), (await bench.store.counts("s_one"))["r_one"]
    assert (run.status, counts.cancelled > 40) == (RunStatus.COMPLETED, True)
    assert counts.confirmed == counts.broke >= 3
    assert run.stop_reason.startswith("Stopped at the goal of 3 confirmed breaks:")


async def test_votes_that_the_owner_before_saved_meanwhile_are_kept_and_the_rest_is_asked_for():
    judges = Judges(judge="FFP", other="FFP")
    bench = Bench(judges)
    await bench.open(a_session_that_confirms())
    run = await bench.run()
    save, asked = bench.store.save_hunt, 0

    async def save_after_another(session_id, hunt, *events, **claim):
        nonlocal asked
        if hunt.opinions and not asked:
            asked = 1
            begun = with_opinions(hunt.model_copy(update={"opinions": ()}), run, [OTHER], ("C1", "C2"), NOW)
            voted = begun.opinions[0].model_copy(update={"verdicts": (a_verdict("C1", Verdict.FAIL),)})
            await save(session_id, begun.model_copy(update={"opinions": (voted,)}))
        return await save(session_id, hunt, *events, **claim)

    bench.store.save_hunt = save_after_another
    await bench.runner.work("s_one", "r_one", LocalClaims())
    (hunt,) = await bench.hunts()
    assert (hunt.confirmation, judges.by("other")) == (Confirmation.CONFIRMED, {"C2": 1})
