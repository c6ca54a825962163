"""What is written down of a hunt and a run: enough for the dashboard, and nothing that opens a session."""

import pytest

from core.domain.chat import Reply
from core.domain.run import Counts
from core.domain.session import Visibility
from core.hunting.records import CRITERION_CHARS, hunt_record, run_record
from tests.builders import a_finished_hunt, a_run, a_session, a_task


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


def test_a_run_tells_the_beginning_of_each_criterion_and_its_notebook():
    task = a_task(criteria=3)
    long = task.criteria[0].model_copy(update={"text": "x" * 5000})
    run = a_run(task=task.model_copy(update={"criteria": (long, *task.criteria[1:])}))
    record = run_record(a_session(name="task.ipynb"), run, Counts())
    assert record.notebook == "task.ipynb"
    assert record.criterion_texts == {"C1": "x" * CRITERION_CHARS, "C2": "Says thing 2.", "C3": "Says thing 3."}


def test_no_record_holds_the_sessions_own_id():
    session = a_session(session_id="s_secret_door")
    for record in (hunt_record(session, a_run(), a_finished_hunt()), run_record(session, a_run(), Counts())):
        assert "s_secret_door" not in record.model_dump_json()


@pytest.mark.parametrize("most", [0, 4, 7, 100])
def test_a_reply_is_written_down_as_far_as_is_allowed_and_its_whole_length_is_told(most):
    hunt = a_finished_hunt(reply=Reply(text="Krypton"))
    record = hunt_record(a_session(), a_run(), hunt, max_reply_chars=most)
    assert record.reply == "Krypton"[:most]
    assert record.reply_chars == 7
