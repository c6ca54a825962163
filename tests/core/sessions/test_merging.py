"""Merging two versions of a session loses no acknowledged change."""

from datetime import timedelta

from core.domain.run import RunStatus
from core.domain.session import Audit, Selection
from core.domain.sharing import Comment, Transfer
from core.domain.verdict import Verdict
from core.sessions.merging import merge_sessions
from tests.builders import NOW, a_review, a_run, a_session, a_task
from tests.core.domain.test_second_review import a_second_review, settled


def test_equal_versions_need_no_write():
    session = a_session()
    assert merge_sessions(session, session, session) is session


def test_fields_that_only_we_changed_are_ours():
    base = a_session()
    ours = base.model_copy(update={"name": "ours", "version": 2})
    assert merge_sessions(base, ours, base) == ours


def test_fields_that_only_they_changed_are_theirs():
    base = a_session()
    theirs = base.model_copy(update={"name": "theirs", "version": 5})
    assert merge_sessions(base, base, theirs) is theirs


def test_changes_of_different_fields_are_combined():
    base = a_session()
    ours = base.model_copy(update={"task": a_task(prompt="Ours."), "version": 2})
    theirs = base.model_copy(update={"selection": Selection(hunt_ids=("r_one.1",)), "version": 4})
    both = merge_sessions(base, ours, theirs)
    assert (both.task, both.selection, both.version) == (ours.task, theirs.selection, 5)


def test_for_the_same_field_the_newer_version_wins_and_ours_if_equal():
    base = a_session()
    ours = base.model_copy(update={"name": "ours", "version": 3})
    assert merge_sessions(base, ours, base.model_copy(update={"name": "theirs", "version": 4})).name == "theirs"
    assert merge_sessions(base, ours, base.model_copy(update={"name": "theirs", "version": 3})).name == "ours"
    assert merge_sessions(base, ours, base.model_copy(update={"name": "theirs", "version": 2})).name == "ours"


def test_runs_of_both_are_kept_in_their_latest_state():
    queued, other = a_run(run_id="r_a"), a_run(run_id="r_b", first_number=5)
    base = a_session(runs=(queued,), hunts_issued=4)
    ended = queued.model_copy(update={"status": RunStatus.COMPLETED, "finished_at": NOW})
    ours = base.model_copy(update={"runs": (ended,), "version": 2})
    running = queued.model_copy(update={"status": RunStatus.RUNNING})
    theirs = base.model_copy(update={"runs": (running, other), "hunts_issued": 8, "version": 3})
    both = merge_sessions(base, ours, theirs)
    assert (both.runs, both.hunts_issued, both.version) == ((ended, other), 8, 4)


def test_a_cancelled_run_stays_cancelled():
    cancelled = a_run(status=RunStatus.CANCELLED)
    completed = a_run(status=RunStatus.COMPLETED, finished_at=NOW)
    for ours, theirs in ((cancelled, completed), (completed, cancelled)):
        both = merge_sessions(None, a_session(runs=(ours,), version=2), a_session(runs=(theirs,), version=2))
        assert both.runs[0].status is RunStatus.CANCELLED


def test_without_a_base_the_newer_version_wins():
    ours, theirs = a_session(name="ours", version=7), a_session(name="theirs", version=3)
    assert merge_sessions(None, ours, theirs).name == "ours"
    assert merge_sessions(None, theirs, ours).name == "ours"


def test_the_most_recent_review_of_each_hunt_is_kept():
    early, late = a_review("r_one.1"), a_review("r_one.1", "PPP", saved_at=NOW + timedelta(seconds=1))
    mine, theirs = a_review("r_one.2"), a_review("r_one.3")
    base = a_session(reviews=(early,))
    both = merge_sessions(
        base,
        base.model_copy(update={"reviews": (late, mine), "version": 2}),
        base.model_copy(update={"reviews": (early, theirs), "version": 9}),
    )
    assert {review.hunt_id: review for review in both.reviews} == {
        "r_one.1": late, "r_one.2": mine, "r_one.3": theirs,
    }  # fmt: skip


def test_a_reveal_on_either_side_is_kept():
    base = a_session()
    shown = base.model_copy(update={"revealed_at": NOW, "version": 2})
    assert merge_sessions(base, shown, base.model_copy(update={"name": "x", "version": 7})).revealed_at == NOW


def test_what_either_side_drew_stays_drawn_and_the_number_is_that_of_the_side_that_changed_it():
    base = a_session(audit=Audit(held=2))
    ours = base.model_copy(update={"audit": Audit(held=2, seed="s", drawn=("r_one.3", "r_one.1")), "version": 3})
    theirs = base.model_copy(update={"audit": Audit(held=4, seed="s", drawn=("r_one.1", "r_one.2")), "version": 2})
    both = Audit(held=4, seed="s", drawn=("r_one.3", "r_one.1", "r_one.2"))
    assert merge_sessions(base, ours, theirs).audit == both
    assert merge_sessions(base, ours, base).audit == ours.audit
    assert merge_sessions(base, base, base.model_copy(update={"version": 2})).audit == base.audit


def later(seconds):
    return NOW + timedelta(seconds=seconds)


def test_what_either_person_wrote_in_a_second_review_stays():
    base = a_session(second_review=a_second_review(a_review("r_one.1"), done=False))
    newest = a_review("r_one.1", "PPP", saved_at=later(1))
    ours = a_second_review(newest, settled=(settled("C1"), settled("C2")))
    again = settled("C1", Verdict.FAIL).model_copy(update={"at": later(5)})
    theirs = a_second_review(a_review("r_one.1"), a_review("r_one.2"), done=False, settled=(again,))
    both = merge_sessions(
        base,
        base.model_copy(update={"second_review": ours, "version": 5}),
        base.model_copy(update={"second_review": theirs, "version": 4}),
    ).second_review
    assert {review.hunt_id: review for review in both.reviews} == {"r_one.1": newest, "r_one.2": a_review("r_one.2")}
    assert {one.criterion_id: one for one in both.settled} == {"C1": again, "C2": settled("C2")}
    assert both.done_at == NOW


def test_of_two_requests_for_a_second_review_the_newer_sessions_stays_and_a_withdrawn_one_is_gone():
    base = a_session(second_review=a_second_review(done=False))
    other = a_second_review(done=False, reviewer="carol", asked_at=later(1))
    ours = base.model_copy(update={"second_review": other, "version": 5})
    assert merge_sessions(base, ours, base.model_copy(update={"name": "x", "version": 9})).second_review == other
    withdrawn = base.model_copy(update={"second_review": None, "version": 6})
    assert merge_sessions(base, withdrawn, base.model_copy(update={"name": "x", "version": 3})).second_review is None
    assert merge_sessions(base, ours, withdrawn).second_review is None


def test_comments_of_both_stay_without_those_that_either_deleted():
    first, second, third, fourth = (
        Comment(comment_id=f"m_{n}", by="alice", at=later(n), criterion_id="C1", text="x") for n in range(4)
    )
    base = a_session(comments=(first, second))
    ours = base.model_copy(update={"comments": (first, second, fourth), "version": 3})
    theirs = base.model_copy(update={"comments": (second, third), "version": 2})
    assert merge_sessions(base, ours, theirs).comments == (second, third, fourth)


def test_every_handover_stays_and_is_accepted_if_either_side_accepted_it():
    given = Transfer(by="alice", before="alice", to="bob", at=NOW)
    accepted = given.model_copy(update={"accepted_at": later(2)})
    next_one = Transfer(by="bob", before="bob", to="carol", at=later(1))
    base = a_session(owner="bob", transfers=(given,))
    ours = base.model_copy(update={"transfers": (accepted,), "version": 2})
    theirs = base.model_copy(update={"transfers": (given, next_one), "owner": "carol", "version": 3})
    both = merge_sessions(base, ours, theirs)
    assert (both.owner, both.transfers) == ("carol", (accepted, next_one))
