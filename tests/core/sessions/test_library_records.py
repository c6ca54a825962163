"""What the library stores, and who did what."""

from core.domain.checks import CheckStatus, ReferenceCheck
from core.domain.hunt import HuntStatus
from core.domain.prompt_similarity import prompt_bands
from core.domain.run import RunStatus
from core.domain.session import Selection, Visibility
from core.library.records import LibraryEvent
from core.sessions.codec import read_head, read_hunt
from core.sessions.library_records import (
    MAX_TEXT_CHARS,
    change_events,
    library_head,
    library_hunt,
    milliseconds,
    prompt_hash,
    worth_storing,
)
from tests.builders import NOW, a_finished_hunt, a_hunt, a_review, a_run, a_session, a_task


def test_a_head_has_the_session_and_the_columns_of_lists():
    session = a_session(owner="ada", runs=(a_run(),))
    head = library_head(session)
    assert read_head(head.head) == session
    assert (head.owner, head.name, head.state, head.active) == ("ada", "task.ipynb", "hunting", True)
    assert (head.sealed, head.planned_hunts, head.revealed_ms) == (False, a_run().hunts, None)
    assert head.bands == prompt_bands(session.task.prompt)
    assert head.excerpt == "Name the element with atomic number 36."
    assert head.text.splitlines() == [
        "task.ipynb", "Name the element with atomic number 36.", "C1 Says thing 1.", "C2 Says thing 2.",
        "C3 Says thing 3.", "Krypton.", "simulated/hasty",
    ]  # fmt: skip


def test_a_head_says_whether_lists_may_show_what_its_judge_costs():
    blind = a_session(visibility=Visibility.BLIND)
    assert library_head(blind).sealed
    revealed = library_head(blind.model_copy(update={"revealed_at": NOW}))
    assert (revealed.sealed, revealed.revealed_ms) == (False, milliseconds(NOW))


def test_texts_hold_nothing_that_a_database_refuses_and_the_json_everything():
    session = a_session(task=a_task(prompt="a\0b\ud800" + "x" * MAX_TEXT_CHARS))
    head = library_head(session)
    assert "\0" not in head.text + head.excerpt
    assert len(head.text) <= MAX_TEXT_CHARS + 10
    assert head.text.encode()
    assert read_head(head.head) == session


def test_prompts_that_differ_in_white_space_and_case_have_the_same_hash():
    assert prompt_hash(a_task(prompt=" Name  it\n")) == prompt_hash(a_task(prompt="name it"))
    assert prompt_hash(a_task(prompt="name it")) != prompt_hash(a_task(prompt="name them"))
    assert prompt_hash(a_task(prompt=" ")) == ""


def test_a_hunt_is_stored_with_its_reply_or_without():
    hunt = a_finished_hunt()
    stored, again = library_hunt(hunt, with_reply=True), library_hunt(hunt, with_reply=False)
    assert read_hunt(stored.state, stored.reply) == hunt
    assert (stored.text, stored.outcome, stored.progress) == ("Reply 1.", "broke", hunt.progress)
    assert (again.reply, again.text, again.state) == (b"", "", stored.state)


def test_a_hunt_without_a_result_is_not_worth_storing():
    assert worth_storing(a_finished_hunt())
    assert not worth_storing(a_hunt(status=HuntStatus.CALLING))


def test_each_change_says_who_did_what():
    before = a_session(owner="ada", runs=(a_run(),))
    ended = a_run(status=RunStatus.COMPLETED)
    changes = {
        "version": 5,
        "task": a_task(prompt="Another."),
        "check": ReferenceCheck(status=CheckStatus.RUNNING, judge_model="j", started_at=NOW),
        "runs": (ended, a_run(run_id="r_two")),
        "selection": Selection(hunt_ids=("r_one.1",)),
        "reviews": (a_review(),),
        "revealed_at": NOW,
    }
    at = milliseconds(NOW)
    said = change_events(before, before.model_copy(update=changes), NOW)
    assert said == (
        LibraryEvent("5.0", at, "ada", "edited"),
        LibraryEvent("5.1", at, "ada", "check_started", "j"),
        LibraryEvent("5.2", at, "ada", "run_started", "r_two"),
        LibraryEvent("5.3", at, "ada", "selected", "1 hunts"),
        LibraryEvent("5.4", at, "ada", "reviewed", "r_one.1"),
        LibraryEvent("5.5", at, "ada", "revealed"),
        LibraryEvent("5.6", at, "", "run_ended", "r_one completed"),
    )


def test_a_draft_of_a_known_review_says_nothing_again():
    before = a_session(reviews=(a_review(explanation=""),))
    assert change_events(before, before.model_copy(update={"reviews": (a_review(),)}), NOW) == ()
