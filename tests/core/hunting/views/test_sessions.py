"""The snapshot of a session: everything but its hunts."""

import pytest

from core.domain.run import Counts
from core.domain.session import Visibility
from core.domain.slot import Grading, Slot
from core.domain.verdict import Verdict
from core.hunting.views.sessions import session_view
from tests.builders import NOW, a_run, a_session

COUNTS = Counts(total=4, broke=1, held=3, replies=4, judge_cost_usd=0.2, cost_usd=0.5, target_cost_usd=0.3)


def view(**changes):
    session = a_session(**changes)
    counts = {run.run_id: COUNTS for run in session.runs}
    return session_view(
        session, counts, (), now=NOW, ttl_s=60.0, default_judge="simulated/judge", last_event_id="7-0"
    )  # fmt: skip


def test_trials_are_counted_apart_and_are_no_runs_of_the_list():
    shown = view(runs=(a_run(4), a_run(1, run_id="r_trial", trial=True)), attempts_before=10)
    assert [run["run_id"] for run in shown["runs"]] == ["r_one"]
    assert (shown["counts"]["total"], shown["total_counts"]["total"], shown["trials"]["total"]) == (4, 4, 4)
    assert (shown["attempts_before"], shown["attempts_made"]) == (10, 14)
    assert (shown["expires_in_s"], shown["default_judge"], shown["last_event_id"]) == (60.0, "simulated/judge", "7-0")


@pytest.mark.parametrize("visibility", Visibility)
def test_a_blind_session_is_sealed_until_it_is_revealed(visibility):
    blind = visibility is Visibility.BLIND
    before, after = (view(visibility=visibility, revealed_at=at, runs=(a_run(4),)) for at in (None, NOW))
    assert (before["sealed"], before["revealed"], after["sealed"], after["revealed"]) == (blind, False, False, True)
    assert before["counts"]["judge_cost_usd"] == (None if blind else 0.2)
    assert after["counts"]["judge_cost_usd"] == 0.2


def test_slots_of_the_notebook_have_both_gradings_or_none():
    graded = Slot(
        number=1, model="m", response="Hi.", llm_judge=Grading(verdicts=(("C1", Verdict.PASS),), score=1, text="t")
    )
    empty = Slot(number=2, model="")
    one, two = view(slots=(graded, empty))["slots"]
    assert (one["number"], one["filled"], one["human_judge"]) == (1, True, None)
    assert one["llm_judge"]["verdicts"] == [{"criterion_id": "C1", "verdict": "PASS"}]
    assert (two["filled"], two["llm_judge"]) == (False, None)


def test_settings_are_fixed_once_the_session_has_hunted():
    assert view()["settings"]["fixed"] is False
    assert view(runs=(a_run(4),), hunts_issued=4)["settings"]["fixed"] is True
