"""The hunts of a part: called and judged once, and recorded, whichever process began them."""

from core.domain.hunt import HuntStatus
from core.domain.verdict import Outcome, Verdict
from core.hunting.dispatch.local import LocalClaims
from core.telemetry.records import HuntRecord
from tests.builders import NOW, a_hunt, a_verdict
from tests.core.hunting.fakes import Bench, Reply, a_started_session, fails, passes


async def test_a_failing_provider_is_an_error_and_never_judged():
    def fail_target(request):
        if request.purpose == "target":
            raise fails("timeout")
        return passes(request)

    bench = Bench(fail_target)
    await bench.open(a_started_session(3))
    await bench.runner.work("s_one", "r_one", LocalClaims())
    assert [(h.outcome, h.error.code, h.verdicts) for h in await bench.hunts()] == [(Outcome.ERROR, "timeout", ())] * 3
    assert bench.provider.judgements == 0


async def test_a_failing_judge_is_undetermined_and_never_a_break():
    def fail_judge(request):
        if request.purpose == "judge":
            raise fails("overloaded")
        return passes(request)

    bench = Bench(fail_judge)
    await bench.open(a_started_session(2))
    await bench.runner.work("s_one", "r_one", LocalClaims())
    hunts = await bench.hunts()
    assert {h.outcome for h in hunts} == {Outcome.UNDETERMINED}
    assert {v.verdict for h in hunts for v in h.verdicts} == {Verdict.UNDETERMINED}


async def test_a_hunt_with_a_reply_is_only_judged_and_verdicts_are_not_asked_again():
    bench = Bench()
    await bench.open(a_started_session(1))
    begun = a_hunt(
        model="told/a",
        status=HuntStatus.JUDGING,
        reply=Reply(text="Paid for."),
        verdicts=(a_verdict("C1", Verdict.FAIL),),
    )
    await bench.store.save_hunt("s_one", begun)
    await bench.runner.work("s_one", "r_one", LocalClaims())
    (hunt,) = await bench.hunts()
    assert (bench.provider.targets, bench.provider.judgements) == (0, 2)
    assert [v.verdict for v in hunt.verdicts] == [Verdict.FAIL, Verdict.PASS, Verdict.PASS]
    assert (hunt.outcome, hunt.reply.text) == (Outcome.HELD, "Paid for.")


def saved_after_the_first_read(store, *late):
    """Another process, which had the part while Redis was away, writes its states when it is back."""
    read, states = store.hunts, list(late)

    async def hunts(*place, **chosen):
        page = await read(*place, **chosen)
        while states:
            await store.save_hunt("s_one", states.pop())
        return page

    store.hunts = hunts


async def test_hunts_that_the_owner_before_carried_further_are_read_again_and_finished():
    bench = Bench()
    await bench.open(a_started_session(3))
    paid = {"model": "told/a", "reply": Reply(text="Paid for.")}
    replied = a_hunt(1, status=HuntStatus.JUDGING, **paid)
    judged = a_hunt(2, status=HuntStatus.JUDGING, verdicts=(a_verdict("C1", Verdict.FAIL),), **paid)
    done = a_hunt(3, status=HuntStatus.DONE, outcome=Outcome.HELD, finished_at=NOW, **paid)
    saved_after_the_first_read(bench.store, replied, judged, done)
    await bench.runner.work("s_one", "r_one", LocalClaims())
    assert [(h.number, h.status, h.outcome) for h in await bench.hunts()] == [
        (1, HuntStatus.DONE, Outcome.HELD), (2, HuntStatus.DONE, Outcome.HELD), (3, HuntStatus.DONE, Outcome.HELD),
    ]  # fmt: skip
    assert (bench.provider.targets, bench.provider.judgements) == (0, 5)
    assert sorted({r.number for r in bench.records if isinstance(r, HuntRecord)}) == [1, 2, 3]


async def test_finished_hunts_of_a_part_that_is_taken_over_are_recorded_again():
    """Their owner may have died after it saved them and before it wrote their records."""
    bench = Bench()
    await bench.open(a_started_session(2))
    await bench.store.save_hunt(
        "s_one",
        a_hunt(
            model="told/a", status=HuntStatus.DONE, outcome=Outcome.HELD, reply=Reply(text="Paid."), finished_at=NOW
        ),
    )
    await bench.runner.work("s_one", "r_one", LocalClaims())
    assert bench.provider.targets == 1
    records = [r for r in bench.records if isinstance(r, HuntRecord)]
    assert sorted((r.number, r.outcome) for r in records) == [(1, "held"), (2, "held")]


async def test_judge_calls_find_a_place_between_target_calls():
    order = []

    def note(request):
        order.append(request.purpose)
        return passes(request)

    bench = Bench(note)
    await bench.open(a_started_session(100))
    await bench.runner.work("s_one", "r_one", LocalClaims())
    assert order.index("judge") < 40
