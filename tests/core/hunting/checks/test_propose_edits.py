"""A model proposes edits: one call per criterion, saved as they arrive, unusable ones named."""

import asyncio
import json

import pytest

from core.domain.chat import Reply
from core.domain.parameters import Parameters, Target
from core.errors import BadInput
from core.hunting.checks.propose_edits import EditProposer, criteria_to_edit, job_key, with_request
from core.hunting.checks.two_sided import with_edit
from core.hunting.dispatch.local import LocalClaims
from tests.builders import HandClock, a_session, a_task
from tests.core.hunting.fakes import Bench, OneCatalog, fails

MODEL = Target(model="told/editor", parameters=Parameters(seed=7))


class Editor:
    """Answers by criterion: a text, or an exception; `asked` lists the criteria."""

    def __init__(self, **answers):
        self.answers, self.asked, self.requests = answers, [], []

    def __call__(self, request):
        said = next(i for i in ("C1", "C2", "C3") if f"violates criterion {i} now" in request.messages[1].content)
        self.asked.append(said)
        self.requests.append(request)
        answer = self.answers.get(said, an_answer(f"Argon {said}."))
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Reply) else Reply(text=answer, cost_usd=0.01)


def an_answer(text):
    return json.dumps({"change": "Another gas.", "edited_response": text})


async def a_bench(editor, session=None):
    bench = Bench(editor)
    await bench.open(session or a_session())

    async def propose(*criterion_ids):
        bench.clock.seconds += 1
        await bench.store.change("s_one", lambda s: with_request(s, MODEL, bench.clock, "", criterion_ids))
        await a_proposer(bench).work("s_one", LocalClaims())
        return (await bench.store.read("s_one")).two_sided_check

    return bench, propose


def a_proposer(bench):
    return EditProposer(bench.store, OneCatalog(bench.provider), bench.clock, bench.settings.calls)


def texts(check):
    return {edit.criterion_id: edit.text for edit in check.edits}


async def test_each_criterion_gets_an_edit_with_its_origin_and_its_cost():
    editor = Editor()
    _bench, propose = await a_bench(editor)
    check = await propose()
    assert texts(check) == {"C1": "Argon C1.", "C2": "Argon C2.", "C3": "Argon C3."}
    edit = check.edits[0]
    assert (edit.model, edit.change, edit.calls, edit.cost_usd) == ("told/editor", "Another gas.", 1, 0.01)
    assert (edit.task_hash, edit.problem) == (a_task().content_hash(), "")
    assert (check.proposals.running, check.proposals.asked) == (False, ())
    assert {request.parameters.seed for request in editor.requests} == {7}


@pytest.mark.parametrize(
    ("answer", "problem", "asked"),
    [
        ("Argon.", "The model's answer has no edit.", 3),
        (an_answer("Krypton."), "The edit does not differ", 1),
        (an_answer(""), "The model found no edit that violates C2. It says: Another gas.", 1),
        (Reply(text='{"edited', finish_reason="length"), "cut off at its output limit. Raise TARGET_MAX_OUTPUT", 3),
        (fails(), "The call failed: It failed: server_error.", 1),
    ],
    ids=["no object", "unchanged", "none found", "cut off", "failed"],
)
async def test_an_unusable_proposal_is_named_and_can_be_replaced_by_hand(answer, problem, asked):
    editor = Editor(C2=answer)
    bench, propose = await a_bench(editor)
    edit = (await propose()).edit("C2")
    assert (edit.text, edit.model) == ("", "told/editor")
    assert problem in edit.problem
    assert edit.problem.endswith("or write the edit yourself.")
    assert editor.asked.count("C2") == asked
    session = await bench.store.change("s_one", lambda s: with_edit(s, "C2", "Xenon."))
    by_hand = session.two_sided_check.edit("C2")
    assert (by_hand.text, by_hand.model, by_hand.problem) == ("Xenon.", "", "")


async def test_only_missing_edits_are_asked_for_unless_criteria_are_named():
    editor = Editor()
    bench, propose = await a_bench(editor, with_edit(a_session(), "C2", "Xenon."))
    await propose()
    assert sorted(editor.asked) == ["C1", "C3"]
    with pytest.raises(BadInput) as refused:
        criteria_to_edit(await bench.store.read("s_one"), ())
    assert refused.value.code == "nothing_to_propose"
    assert texts(await propose("C2"))["C2"] == "Argon C2."


async def test_a_failed_proposal_replaces_no_edit():
    _, propose = await a_bench(Editor(C2=an_answer("")), with_edit(a_session(), "C2", "Xenon."))
    edit = (await propose("C2")).edit("C2")
    assert (edit.text, edit.model) == ("Xenon.", "")
    assert "found no edit" in edit.problem


async def test_an_edit_that_a_person_writes_meanwhile_is_kept():
    editor = Editor()
    bench, _ = await a_bench(editor)
    await bench.store.change("s_one", lambda s: with_request(s, MODEL, bench.clock))
    bench.provider.gate.clear()
    work = asyncio.create_task(a_proposer(bench).work("s_one", LocalClaims()))
    async with asyncio.timeout(5):
        while bench.provider.targets < 3:
            await asyncio.sleep(0)
    await bench.store.change("s_one", lambda s: with_edit(s, "C2", "Xenon."))
    bench.provider.gate.set()
    await work
    check = (await bench.store.read("s_one")).two_sided_check
    assert texts(check) == {"C1": "Argon C1.", "C2": "Xenon.", "C3": "Argon C3."}


async def test_a_request_that_was_interrupted_asks_only_for_the_rest():
    editor, claims = Editor(), LocalClaims()
    bench, _ = await a_bench(editor)
    await bench.store.change("s_one", lambda s: with_request(s, MODEL, bench.clock))

    def stop_at_the_second(request):
        if len(editor.asked) == 1:
            claims.handing_back = True
            work.cancel()
        return editor(request)

    bench.provider.answer = stop_at_the_second
    work = asyncio.create_task(a_proposer(bench).work("s_one", claims))
    await asyncio.wait([work])
    half = (await bench.store.read("s_one")).two_sided_check
    assert half.proposals.running
    editor.asked.clear()
    bench.provider.answer = editor
    await a_proposer(bench).work("s_one", LocalClaims())
    assert sorted(editor.asked) == sorted(half.proposals.asked)
    assert len((await bench.store.read("s_one")).two_sided_check.edits) == 3


async def test_a_task_that_changed_before_the_work_began_is_not_edited():
    editor = Editor()
    bench, _ = await a_bench(editor)
    await bench.store.change("s_one", lambda s: with_request(s, MODEL, bench.clock))
    await bench.store.change("s_one", lambda s: s.model_copy(update={"task": a_task(prompt="Another.")}))
    await a_proposer(bench).work("s_one", LocalClaims())
    proposals = (await bench.store.read("s_one")).two_sided_check.proposals
    assert (editor.asked, proposals.running) == ([], False)
    assert "The task was changed" in proposals.error


def test_a_repeated_key_and_a_running_request_ask_for_nothing():
    clock = HandClock()
    running = with_request(a_session(), MODEL, clock, "key")
    assert with_request(running, MODEL, clock, "other") is running
    ended = running.two_sided_check.proposals.model_copy(update={"running": False})
    ended = running.model_copy(
        update={"two_sided_check": running.two_sided_check.model_copy(update={"proposals": ended})}
    )
    assert with_request(ended, MODEL, clock, "key") is ended
    assert job_key(with_request(ended, MODEL, clock, "other")) != job_key(ended)
