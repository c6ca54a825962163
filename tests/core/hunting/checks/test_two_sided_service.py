"""The two-sided check through the whole runtime: planted faults are named, nothing is invented, replies stay sealed."""

import asyncio
import json

import pytest

from core.domain.checks import CheckStatus
from core.domain.criteria import Criterion
from core.domain.session import Visibility
from core.domain.verdict import Verdict
from core.errors import BadTask, Conflict, HunterError
from core.hunting.orders import CheckOrder, EditOrder, OpenOrder, ProposeEditsOrder, RunOrder, TurnOrder
from core.notebooks.examples import read_example
from core.review.two_sided import findings_of
from core.runtime import open_runtime
from tests.builders import a_finished_hunt, a_run, a_task
from tests.settings import make_settings

EXAMPLES = ("word-budget", "nobel-detective", "cake-acrostic")
QUICK = {"seed": 7, "target_latency_ms": 1, "judge_latency_ms": 1}
EDITOR, JUDGE = "simulated/hasty", "simulated/judge"
ALWAYS = "Is the response at least 0 words long?"


def a_runtime(tmp_path, **script):
    settings = make_settings(
        telemetry__directory=str(tmp_path),
        providers__simulated_script=json.dumps(QUICK | {"models": {"judge": script}}),
    )
    return open_runtime(settings, seed=1)


async def open_example(runtime, name, extra=(), **order):
    session = await runtime.service.open_notebook(read_example(name), f"{name}.ipynb", OpenOrder(**order))
    if extra:
        criteria = (*session.task.criteria, *extra)
        session = await runtime.service.edit_task(
            session.session_id, EditOrder(version=session.version, criteria=criteria)
        )
    return session


async def until(runtime, sid, ended):
    async with asyncio.timeout(30):
        while not ended(check := (await runtime.store.read(sid)).two_sided_check):
            await asyncio.sleep(0.01)
    return check


async def propose(runtime, sid, **order):
    await runtime.two_sided.propose(sid, ProposeEditsOrder(**({"model": EDITOR} | order)))
    return await until(runtime, sid, lambda check: not check.proposals.running)


async def check_edits(runtime, sid, **order):
    await runtime.two_sided.start(sid, CheckOrder(**({"judge_model": JUDGE} | order)))
    return await until(runtime, sid, lambda check: check.status is not CheckStatus.RUNNING)


async def findings(runtime, name, extra=()):
    session = await open_example(runtime, name, extra)
    await propose(runtime, session.session_id)
    check = await check_edits(runtime, session.session_id)
    found = findings_of(check, (await runtime.store.read(session.session_id)).task)
    return check.status, [(finding.kind, " ".join(finding.criterion_ids)) for finding in found]


@pytest.mark.parametrize("name", EXAMPLES)
async def test_an_example_without_planted_faults_passes(tmp_path, name):
    async with a_runtime(tmp_path) as runtime:
        assert await findings(runtime, name) == (CheckStatus.PASSED, [])


PLANTED_IN_THE_JUDGE = {
    "word-budget": {"C3": ALWAYS},
    "nobel-detective": {"C3": ALWAYS},
    "cake-acrostic": {"C4": ALWAYS},
}


@pytest.mark.parametrize(("name", "reads"), PLANTED_IN_THE_JUDGE.items())
async def test_a_criterion_that_cannot_fail_is_named(tmp_path, name, reads):
    async with a_runtime(tmp_path, judge_reads=reads) as runtime:
        assert await findings(runtime, name) == (CheckStatus.FAILED, [("cannot_fail", *reads)])


PLANTED_IN_THE_TASK = {
    "word-budget": ("C4", 'Does the response avoid the word "light"?', 'Does the response mention "light"?'),
    "nobel-detective": ("C3", 'Does the response mention "Conan Doyle"?', 'Does the response avoid "Conan Doyle"?'),
    "cake-acrostic": ("C3", 'Does the response avoid the word "sorry"?', 'Does the response mention "sorry"?'),
}


@pytest.mark.parametrize("name", EXAMPLES)
async def test_two_criteria_that_overlap_are_named(tmp_path, name):
    planted, same, _ = PLANTED_IN_THE_TASK[name]
    async with a_runtime(tmp_path) as runtime:
        found = await findings(runtime, name, (Criterion(id="C9", text=same),))
    assert found == (CheckStatus.FAILED, [("overlap", f"{planted} C9")])


@pytest.mark.parametrize("name", EXAMPLES)
async def test_a_criterion_that_contradicts_another_one_is_named(tmp_path, name):
    planted, _, opposite = PLANTED_IN_THE_TASK[name]
    async with a_runtime(tmp_path) as runtime:
        found = await findings(runtime, name, (Criterion(id="C9", text=opposite),))
    assert found == (CheckStatus.FAILED, [("contradiction", f"C9 {planted}")])


@pytest.mark.parametrize("name", EXAMPLES)
async def test_all_three_faults_at_once_are_named_and_none_invented(tmp_path, name):
    (dead,), (planted, same, opposite) = PLANTED_IN_THE_JUDGE[name], PLANTED_IN_THE_TASK[name]
    dead = dead if dead != planted else "C2"
    extra = (Criterion(id="C8", text=same), Criterion(id="C9", text=opposite))
    async with a_runtime(tmp_path, judge_reads={dead: ALWAYS}) as runtime:
        status, found = await findings(runtime, name, extra)
    assert status is CheckStatus.FAILED
    expected = [
        ("cannot_fail", dead),
        ("overlap", f"{planted} C8"),
        ("contradiction", f"C9 {planted}"),
        ("contradiction", "C9 C8"),
    ]
    assert sorted(found) == sorted(expected)


async def test_a_check_uses_the_reference_check_and_costs_nothing_twice(tmp_path):
    async with a_runtime(tmp_path) as runtime:
        sid = (await open_example(runtime, "word-budget")).session_id
        await runtime.service.start_check(sid, CheckOrder(judge_model=JUDGE))
        async with asyncio.timeout(10):
            while (await runtime.store.read(sid)).check.finished_at is None:
                await asyncio.sleep(0.01)
        await propose(runtime, sid)
        before = calls(runtime)
        check = await check_edits(runtime, sid, idempotency_key="once")
        assert (check.status, calls(runtime) - before) == (CheckStatus.PASSED, 25)
        again = await runtime.two_sided.start(sid, CheckOrder(judge_model=JUDGE, idempotency_key="once"))
        assert (again.two_sided_check, calls(runtime) - before) == (check, 25)


def calls(runtime):
    return runtime.catalog.numbers("simulated").requests


async def test_a_task_edit_makes_the_check_stale_and_a_session_can_require_it(tmp_path):
    async with a_runtime(tmp_path) as runtime:
        session = await open_example(runtime, "word-budget", require_two_sided_check=True)
        sid, run = session.session_id, RunOrder(models=(EDITOR,), hunts=1, judge_model=JUDGE)
        with pytest.raises(BadTask, match="The two-sided check has not been run") as refused:
            await runtime.service.start_run(sid, run)
        assert refused.value.code == "two_sided_check_required"
        await propose(runtime, sid)
        await check_edits(runtime, sid)
        assert (await runtime.service.start_run(sid, run)).check_overridden is not None
        version = (await runtime.store.read(sid)).version
        await runtime.service.edit_task(sid, EditOrder(version=version, prompt="Another prompt."))
        with pytest.raises(BadTask, match="is stale"):
            await runtime.service.start_run(sid, run)
        override = run.model_copy(update={"override_check": True})
        assert (await runtime.service.start_run(sid, override)).check_overridden
        trial = run.model_copy(update={"trial": True})
        assert (await runtime.service.start_run(sid, trial)).trial


async def test_an_export_resumes_the_edits_and_their_verdicts(tmp_path):
    async with a_runtime(tmp_path) as runtime:
        sid = (await open_example(runtime, "word-budget")).session_id
        await propose(runtime, sid)
        await runtime.two_sided.write(sid, "C3", "By hand.")
        check = await check_edits(runtime, sid)
        delivery = await runtime.service.deliver(sid)
        resumed = await runtime.service.open_notebook(delivery.notebook, "again.ipynb", OpenOrder())
        assert resumed.two_sided_check == check
        await runtime.two_sided.propose(sid, ProposeEditsOrder(model=EDITOR, criterion_ids=("C1",)))
        delivery = await runtime.service.deliver(sid)
        resumed = await runtime.service.open_notebook(delivery.notebook, "again.ipynb", OpenOrder())
        assert resumed.two_sided_check.proposals.running is False


SEALED_REPLY = "The answer that you look for is argon, which Ramsay and Rayleigh found in the air in the year 1894."


async def a_sealed_session(runtime, **changes):
    session = await runtime.service.open_task(a_task(), OpenOrder(visibility=Visibility.BLIND))
    sid = session.session_id
    run = a_run(1, task=a_task(), status="completed")
    await runtime.store.change(sid, lambda s: s.with_run(run).model_copy(update={"hunts_issued": 1, **changes}))
    hunt = a_finished_hunt(1)
    await runtime.store.save_hunt(
        sid, hunt.model_copy(update={"reply": hunt.reply.model_copy(update={"text": SEALED_REPLY})})
    )
    return sid


@pytest.mark.parametrize("text", [SEALED_REPLY, f"Oh! {SEALED_REPLY.upper()}"])
async def test_an_edit_that_quotes_a_sealed_reply_is_not_judged(tmp_path, text):
    async with a_runtime(tmp_path) as runtime:
        sid = await a_sealed_session(runtime)
        await runtime.two_sided.write(sid, "C2", text)
        await runtime.two_sided.write(sid, "C1", "Neon.")
        before = calls(runtime)
        with pytest.raises(Conflict) as refused:
            await runtime.two_sided.start(sid, CheckOrder(judge_model=JUDGE))
        assert (refused.value.code, refused.value.details) == ("sealed", {"criterion_ids": ["C2"]})
        assert calls(runtime) == before
        check = await check_edits(runtime, sid, criterion_ids=("C1",))
        assert check.edit("C2").verdicts == ()
        await runtime.store.change(sid, lambda s: s.model_copy(update={"revealed_at": s.created_at}))
        assert (await check_edits(runtime, sid)).edit("C2").verdicts


async def test_a_quote_in_pieces_of_task_and_edit_is_seen(tmp_path):
    async with a_runtime(tmp_path) as runtime:
        sid = await a_sealed_session(runtime)
        version = (await runtime.store.read(sid)).version
        prompt = f"Read before: {SEALED_REPLY[:55]}"
        await runtime.service.edit_task(sid, EditOrder(version=version, judge_prompt_template=prompt))
        await runtime.two_sided.write(sid, "C2", SEALED_REPLY[55:])
        with pytest.raises(Conflict):
            await runtime.two_sided.start(sid, CheckOrder(judge_model=JUDGE))


async def test_an_edit_from_before_the_run_is_no_quote(tmp_path):
    async with a_runtime(tmp_path) as runtime:
        sid = (await runtime.service.open_task(a_task(), OpenOrder(visibility=Visibility.BLIND))).session_id
        await runtime.two_sided.write(sid, "C2", SEALED_REPLY)
        await runtime.store.change(
            sid, lambda s: s.with_run(a_run(1, status="completed")).model_copy(update={"hunts_issued": 1})
        )
        hunt = a_finished_hunt(1)
        reply = hunt.reply.model_copy(update={"text": SEALED_REPLY})
        await runtime.store.save_hunt(sid, hunt.model_copy(update={"reply": reply}))
        assert (await check_edits(runtime, sid)).edit("C2").verdicts


async def test_no_model_edits_a_reference_that_quotes_a_sealed_reply(tmp_path):
    async with a_runtime(tmp_path) as runtime:
        sid = await a_sealed_session(runtime)
        version = (await runtime.store.read(sid)).version
        await runtime.service.edit_task(sid, EditOrder(version=version, response=SEALED_REPLY))
        with pytest.raises(Conflict) as refused:
            await runtime.two_sided.propose(sid, ProposeEditsOrder(model=EDITOR))
        assert refused.value.code == "sealed"


async def test_an_edit_that_is_swapped_behind_the_screening_is_not_judged(tmp_path, monkeypatch):
    async with a_runtime(tmp_path) as runtime:
        sid = await a_sealed_session(runtime)
        await runtime.two_sided.write(sid, "C2", "Neon.")
        stop = asyncio.Event()
        hunts = runtime.store.hunts

        async def slowly(*arguments, **options):
            stop.set()
            await asyncio.sleep(0.2)
            return await hunts(*arguments, **options)

        monkeypatch.setattr(runtime.store, "hunts", slowly)
        start = asyncio.create_task(runtime.two_sided.start(sid, CheckOrder(judge_model=JUDGE)))
        await stop.wait()
        await runtime.two_sided.write(sid, "C2", SEALED_REPLY)
        with pytest.raises(Conflict, match="An edit has changed"):
            await start


async def test_a_next_turn_has_edits_of_its_own(tmp_path):
    async with a_runtime(tmp_path) as runtime:
        session = await runtime.service.open_task(a_task(), OpenOrder())
        sid = session.session_id
        await runtime.store.change(
            sid, lambda s: s.with_run(a_run(1, status="completed")).model_copy(update={"hunts_issued": 1})
        )
        await runtime.store.save_hunt(sid, a_finished_hunt(1, "held", hunt_id="r_one.1"))
        await runtime.two_sided.write(sid, "C1", "Neon.")
        turn = TurnOrder(hunt_id="r_one.1", prompt="And of 18?", response="Argon.", criteria=a_task().criteria)
        session = await runtime.turns.add_turn(sid, turn)
        assert session.two_sided_check.edits == ()
        await propose(runtime, sid)
        check = await check_edits(runtime, sid)
        assert check.status is CheckStatus.PASSED
        assert {one.verdict for one in check.reference} == {Verdict.PASS}
        with pytest.raises(Conflict, match="it has a two-sided check"):
            await runtime.turns.undo_turn(sid, "2")


async def test_an_unknown_model_and_an_unready_task_are_refused_before_anything_is_paid(tmp_path):
    async with a_runtime(tmp_path) as runtime:
        sid = (await open_example(runtime, "word-budget")).session_id
        for wrong in ({"model": "nowhere/model"}, {"model": EDITOR, "parameters": {"reasoning": {"effort": "low"}}}):
            with pytest.raises(HunterError):
                await runtime.two_sided.propose(sid, ProposeEditsOrder(**wrong))
        with pytest.raises(HunterError, match="no edit of the current task"):
            await runtime.two_sided.start(sid, CheckOrder(judge_model=JUDGE))
        empty = await runtime.service.open_task(a_task(response=""), OpenOrder())
        with pytest.raises(BadTask):
            await runtime.two_sided.propose(empty.session_id, ProposeEditsOrder(model=EDITOR))


async def test_deleting_a_session_ends_its_work(tmp_path):
    async with a_runtime(tmp_path, judge_latency_ms=3_600_000) as runtime:
        sid = (await open_example(runtime, "word-budget")).session_id
        await propose(runtime, sid)
        await runtime.two_sided.start(sid, CheckOrder(judge_model=JUDGE))
        await runtime.service.delete(sid)
        async with asyncio.timeout(5):
            while asyncio.all_tasks() and any(task.get_name().startswith("two_sided:") for task in asyncio.all_tasks()):
                await asyncio.sleep(0.01)
