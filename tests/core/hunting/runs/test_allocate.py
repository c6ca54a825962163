"""Adaptive allocation: more hunts for the model that breaks most for its price, and rates that this does not bias."""

import asyncio
import hashlib
import json
import random
from collections import Counter

import pytest

from core.distribution import data_path
from core.domain.allocation import TargetCounts
from core.domain.chat import Reply
from core.domain.confirmation import ConfirmPolicy
from core.domain.hunt import HuntStatus
from core.domain.parameters import Target
from core.domain.run import RUN_ENDED, Counts, RunStatus, Tally
from core.domain.verdict import Outcome
from core.hunting.dispatch.local import LocalClaims
from core.hunting.orders import OpenOrder, RunOrder
from core.hunting.runs.allocate import with_drawn_target
from core.runtime import open_runtime
from core.telemetry.records import HuntRecord
from tests.builders import a_run, a_session
from tests.core.hunting.fakes import Bench, a_started_session
from tests.e2e.api_process import QUICK
from tests.settings import make_settings

RATES = {"a": 0.1, "b": 0.6}
A, B = (Target(model=f"told/{name}").target for name in RATES)


def breaking(seed):
    """A provider whose models break at their rates; the judge fails what broke."""
    calls = Counter()

    def answer(request):
        if request.purpose == "judge":
            broke = "broken" in json.dumps([message.content for message in request.messages])
            return Reply(text=json.dumps({"reason": "So.", "verdict": "FAIL" if broke else "PASS"}), cost_usd=0.001)
        calls[request.model] += 1
        mark = hashlib.sha256(f"{seed} {request.model} {calls[request.model]}".encode()).digest()
        text = "A broken reply." if mark[0] < 256 * RATES[request.model] else "A good reply."
        return Reply(text=text, cost_usd=0.01)

    return answer


async def hunted(seed, hunts, **changes):
    bench = Bench(breaking(seed))
    await bench.open(a_started_session(hunts, run_id=f"r_{seed}", **changes))
    await bench.runner.work("s_one", f"r_{seed}", LocalClaims())
    return bench


def drawn(run, counts, places=200):
    return Counter(with_drawn_target(run.hunt(place), run, counts).model for place in range(places) if place % 5)


def an_adaptive_run(hunts=200, **changes):
    return a_run(hunts, models=("told/a", "told/b"), allocation="adaptive", **changes)


def test_the_model_with_more_breaks_is_drawn_more_often():
    found = {A: TargetCounts(finished=20, broke=2), B: TargetCounts(finished=20, broke=10)}
    assert drawn(an_adaptive_run(), Counts(by_target=found))["told/b"] > 150


def test_the_model_with_more_breaks_per_dollar_is_drawn_more_often():
    cheap = TargetCounts(finished=20, broke=8, priced=20, cost_usd=0.02)
    dear = TargetCounts(finished=20, broke=12, priced=20, cost_usd=2.0)
    assert drawn(an_adaptive_run(), Counts(by_target={A: cheap, B: dear}))["told/a"] == 160
    judged = Counts(by_target={A: cheap, B: dear}, held=20, broke=20, judge_cost_usd=400.0)
    assert drawn(an_adaptive_run(), judged)["told/b"] > 110  # beside what judging costs, their prices are alike


def test_with_confirming_judges_only_confirmed_breaks_count():
    confirm = ConfirmPolicy(policy="breaks", judges=(Target(model="told/other"),))
    found = {
        A: TargetCounts(finished=20, broke=8, confirmed=8),
        B: TargetCounts(finished=20, broke=16, contested=16),
    }
    assert drawn(an_adaptive_run(confirm=confirm), Counts(by_target=found))["told/a"] > 150


def test_a_model_whose_hunts_all_end_with_errors_is_not_preferred():
    found = {A: TargetCounts(finished=20, broke=6), B: TargetCounts(finished=20)}
    assert drawn(an_adaptive_run(), Counts(by_target=found))["told/a"] > 150


async def test_a_run_finds_more_breaks_than_even_allocation_and_keeps_its_uniform_share():
    bench = await hunted("more", 40, allocation="adaptive")
    hunts = await bench.hunts()
    uniform = [hunt for hunt in hunts if hunt.share == "uniform"]
    assert [hunt.number % 5 for hunt in uniform] == [1] * 8
    assert [hunt.model for hunt in uniform] == ["told/a", "told/b"] * 4
    models = Counter(hunt.model for hunt in hunts)
    assert models["told/b"] > 1.5 * models["told/a"]
    even = await (await hunted("more", 40)).hunts()
    assert sum(h.outcome is Outcome.BROKE for h in hunts) > sum(h.outcome is Outcome.BROKE for h in even)


async def test_the_rate_of_the_run_is_that_of_its_uniform_share_and_counts_are_of_all_hunts():
    bench = await hunted("rate", 40, allocation="adaptive")
    hunts = await bench.hunts()
    counts = (await bench.store.counts("s_one"))["r_rate"]
    uniform = [hunt for hunt in hunts if hunt.share == "uniform"]
    broke = sum(hunt.outcome is Outcome.BROKE for hunt in uniform)
    assert (counts.break_rate, counts.rated_broke, counts.rated_decided) == (broke / 8, broke, 8)
    assert (counts.broke, counts.decided) == (sum(h.outcome is Outcome.BROKE for h in hunts), 40)
    assert counts.cost_usd == pytest.approx(40 * 0.013)
    assert {r.hunt_id: r.allocation for r in bench.records if isinstance(r, HuntRecord)} == {
        hunt.hunt_id: hunt.share for hunt in hunts
    }


def simulated_counts(seed, hunts):
    """The counts of an adaptive run, one hunt after the other."""
    chance, run, tally = random.Random(seed), an_adaptive_run(hunts, run_id=f"r_{seed}"), Tally()
    for place in range(hunts):
        hunt = run.hunt(place)
        hunt = hunt if hunt.model else with_drawn_target(hunt, run, tally.counts(hunts))
        broke = chance.random() < RATES[hunt.model.removeprefix("told/")]
        outcome = Outcome.BROKE if broke else Outcome.HELD
        tally.replace(None, hunt.model_copy(update={"status": HuntStatus.DONE, "outcome": outcome}))
    return tally.counts(hunts)


def test_the_rate_of_the_uniform_share_is_unbiased_and_that_of_all_hunts_is_not():
    every = [simulated_counts(seed, 40) for seed in range(80)]
    true = sum(RATES.values()) / 2
    assert sum(counts.break_rate for counts in every) / 80 == pytest.approx(true, abs=0.07)  # 3.5 standard errors
    assert sum(counts.broke for counts in every) / (80 * 40) > true + 0.1


@pytest.mark.long
async def test_runs_of_many_seeds_find_more_breaks_and_their_rates_are_unbiased():
    found = [
        (await (await hunted(f"s{seed}", 40, allocation="adaptive")).store.counts("s_one"))[f"r_s{seed}"]
        for seed in range(60)
    ]
    true = sum(RATES.values()) / 2
    assert sum(counts.break_rate for counts in found) / 60 == pytest.approx(true, abs=0.08)  # 3.5 standard errors
    assert sum(counts.broke for counts in found) / (60 * 40) > true + 0.05


async def test_a_worker_that_takes_a_hunt_over_calls_the_target_that_was_drawn():
    bench = Bench(breaking("over"))
    await bench.open(a_started_session(20, allocation="adaptive"))
    bench.provider.gate.clear()
    claims = LocalClaims()
    work = asyncio.create_task(bench.runner.work("s_one", "r_one", claims))
    while bench.provider.in_flight < 4:
        await asyncio.sleep(0)
    before = {hunt.hunt_id: hunt.model for hunt in await bench.hunts()}
    claims.handing_back = True
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert {hunt.status for hunt in await bench.hunts()} == {HuntStatus.QUEUED}
    assert len(before) >= 4
    bench.provider.gate.set()
    await bench.runner.work("s_one", "r_one", LocalClaims())
    after = {hunt.hunt_id: hunt.model for hunt in await bench.hunts()}
    assert {hunt_id: after[hunt_id] for hunt_id in before} == before
    assert (await bench.run()).status is RunStatus.COMPLETED


async def test_a_target_that_was_saved_is_kept_whatever_a_new_draw_would_be():
    bench = Bench(breaking("kept"))
    await bench.open(a_started_session(10, allocation="adaptive"))
    run = await bench.run()
    for place in (1, 2, 3):
        saved = run.hunt(place).model_copy(update={"model": "told/a" if place % 2 else "told/b"})
        await bench.store.save_hunt("s_one", saved)
    await bench.runner.work("s_one", "r_one", LocalClaims())
    assert [hunt.model for hunt in await bench.hunts()][1:4] == ["told/a", "told/b", "told/a"]


async def test_a_hunt_that_is_cancelled_before_it_begins_has_no_model():
    bench = Bench(breaking("never"))
    await bench.open(a_session(runs=(an_adaptive_run(10, judge_model="told/judge", cancelled_hunts=("r_one.2",)),)))
    await bench.runner.work("s_one", "r_one", LocalClaims())
    hunts = await bench.hunts()
    assert [(h.model, h.outcome) for h in hunts if not h.model] == [("", Outcome.CANCELLED)]
    assert len(hunts) == 10


async def simulated_hunts(folder, allocation):
    models = {"hasty": {"break_rate": 0.02}, "thinker": {"break_rate": 0.7}}
    script = json.dumps(json.loads(QUICK) | {"models": models})
    settings = make_settings(telemetry__directory=str(folder), providers__simulated_script=script)
    raw = data_path("examples/word-budget.ipynb").read_bytes()
    names = tuple(f"simulated/{name}" for name in models)
    order = RunOrder(models=names, hunts=30, judge_model="simulated/judge", allocation=allocation)
    async with open_runtime(settings, seed=1) as runtime, asyncio.timeout(60):
        session = await runtime.service.open_notebook(raw, "w.ipynb", OpenOrder())
        run = await runtime.service.start_run(session.session_id, order)
        while (await runtime.store.read(session.session_id)).run(run.run_id).status not in RUN_ENDED:
            await asyncio.sleep(0.01)
        return await runtime.service.all_hunts(session.session_id)


async def test_a_run_with_the_simulated_provider_moves_to_the_model_that_breaks_more(tmp_path):
    """A simulated model gives the same replies in both runs, so the run that calls it more often finds more."""
    even, adaptive = [await simulated_hunts(tmp_path, allocation) for allocation in ("even", "adaptive")]
    assert Counter(hunt.model for hunt in even)["simulated/thinker"] == 15
    assert Counter(hunt.model for hunt in adaptive)["simulated/thinker"] > 18
    assert sum(h.outcome is Outcome.BROKE for h in adaptive) > sum(h.outcome is Outcome.BROKE for h in even)
