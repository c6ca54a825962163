"""What is written down of a hunt and a run: enough for the dashboard, and nothing that opens a session."""

import json

import pytest

from core.domain.chat import Reply
from core.domain.parameters import Parameters
from core.domain.run import Counts
from core.domain.session import Visibility
from core.domain.task import Task
from core.domain.verdict import Verdict
from core.hunting.records import (
    CRITERION_CHARS,
    MAX_TASK_CHARS,
    hunt_record,
    review_record,
    run_record,
    task_record,
)
from core.judge.prompt import prompt_hash
from tests.builders import a_finished_hunt, a_review, a_run, a_session, a_task, a_verdict


def test_verdicts_can_be_compared_within_one_text_of_a_task_only():
    session, run = a_session(), a_run()
    edited = a_run(task=a_task(prompt="Another prompt."))
    first = hunt_record(session, run, a_finished_hunt(1))
    again = hunt_record(session, run, a_finished_hunt(2))
    assert first.task
    assert first.task == again.task == run_record(session, run, Counts()).task
    assert hunt_record(session, edited, a_finished_hunt(1)).task != first.task


def test_the_same_reply_has_the_same_mark_and_the_mark_is_not_the_reply():
    def marked(text: str) -> str:
        return hunt_record(a_session(), a_run(), a_finished_hunt(reply=Reply(text=text))).reply_mark

    assert marked("Krypton.") == marked("Krypton.") != marked("Krypton")
    assert len(marked("x" * 100_000)) == 12
    assert marked("half a \ud800 pair")


def test_a_hunt_without_a_reply_has_no_mark():
    assert hunt_record(a_session(), a_run(), a_finished_hunt(reply=None)).reply_mark == ""


def test_a_blind_session_says_so_in_each_of_its_hunts():
    hunts = [
        hunt_record(a_session(visibility=visibility), a_run(), a_finished_hunt())
        for visibility in (Visibility.BLIND, Visibility.OPEN)
    ]
    assert [hunt.blind for hunt in hunts] == [True, False]


def test_a_run_record_has_the_beginning_of_each_criterion_and_the_notebook():
    task = a_task(criteria=3)
    long = task.criteria[0].model_copy(update={"text": "x" * 5000})
    run = a_run(task=task.model_copy(update={"criteria": (long, *task.criteria[1:])}))
    record = run_record(a_session(name="task.ipynb"), run, Counts())
    assert record.notebook == "task.ipynb"
    assert record.criterion_texts == {"C1": "x" * CRITERION_CHARS, "C2": "Says thing 2.", "C3": "Says thing 3."}


def test_a_hunt_has_the_mean_confidence_of_the_verdicts_that_have_one():
    sure = tuple(a_verdict(f"C{n}", confidence=value) for n, value in ((1, 0.5), (2, 0.75), (3, None)))
    with_it, without = (
        hunt_record(a_session(), a_run(), a_finished_hunt(**changes)) for changes in ({"verdicts": sure}, {})
    )
    assert (with_it.confidence, with_it.confident_verdicts) == (0.625, 2)
    assert (without.confidence, without.confident_verdicts) == (None, None)


def test_a_hunt_says_how_its_judge_was_asked_and_what_a_verdict_took():
    run = a_run(judge_parameters=Parameters(seed=7))
    verdicts = (
        a_verdict("C1", cost_usd=0.002, latency_ms=300),
        a_verdict("C2", cost_usd=None, latency_ms=100),
        a_verdict("C3", Verdict.UNDETERMINED, calls=0, error="model_not_usable"),
    )
    record = hunt_record(a_session(), run, a_finished_hunt(verdicts=verdicts))
    assert (record.judge_prompt, record.judge_parameters) == (prompt_hash(run.task), '{"seed":7}')
    assert (record.verdict_usd, record.verdict_ms) == (0.002, 200)
    without = hunt_record(a_session(), a_run(), a_finished_hunt(verdicts=()))
    assert (without.judge_parameters, without.verdict_usd, without.verdict_ms) == ("", None, None)


def test_a_review_names_the_judge_of_the_verdicts_and_the_criteria_that_another_judged():
    verdicts = tuple(a_verdict(f"C{n}", judge_model=f"told/{n}") for n in (1, 2, 3))
    hunt = a_finished_hunt(judge_model="told/2", judge_parameters=Parameters(seed=1), verdicts=verdicts)
    review = a_review(hunt.hunt_id)
    record = review_record(a_session(), a_run(), hunt, review)
    assert (record.judge_model, record.judge_parameters) == ("told/2", '{"seed":1}')
    assert record.other_judges == {"C1": "told/1", "C3": "told/3"}
    first = review_record(a_session(), a_run(), a_finished_hunt(), review)
    assert (first.judge_model, first.other_judges) == ("simulated/judge", {})


def test_a_reviewed_task_is_recorded_with_what_a_judge_needs_unless_it_is_too_long():
    run = a_run(task=a_task(response="Krypton, \u2028 naturellement."))
    record = task_record(a_session(), run)
    content = json.loads(record.content)
    assert Task.model_validate(content["task"]) == run.task
    assert content["history"] == []
    assert record.task == hunt_record(a_session(), run, a_finished_hunt()).task
    assert task_record(a_session(), a_run(task=a_task(prompt="x" * MAX_TASK_CHARS))) is None


def test_no_record_holds_the_sessions_own_id():
    session = a_session(session_id="s_secret_door")
    for record in (hunt_record(session, a_run(), a_finished_hunt()), run_record(session, a_run(), Counts())):
        assert "s_secret_door" not in record.model_dump_json()


@pytest.mark.parametrize("maximum", [0, 4, 7, 100])
def test_a_reply_is_recorded_up_to_its_limit_with_its_full_length(maximum):
    hunt = a_finished_hunt(reply=Reply(text="Krypton"))
    record = hunt_record(a_session(), a_run(), hunt, max_reply_chars=maximum)
    assert record.reply == "Krypton"[:maximum]
    assert record.reply_chars == 7
