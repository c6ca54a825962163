"""Corrected rates of a session: what counts for PPV and NPV, apart by task, judge and model, and each number in words."""

import numpy
import pytest
from scipy.stats import beta

from core.domain.run import RunStatus
from core.domain.session import Audit, Selection, Visibility
from core.domain.verdict import Outcome
from core.review.corrected_rates import SEALED, RateRange, corrected_rates, rate_row, reason_against
from core.statistics.corrected_rate import Evidence
from core.statistics.intervals import Method
from tests.builders import NOW, a_finished_hunt, a_review, a_run, a_session, a_task

BROKE, HELD = Outcome.BROKE, Outcome.HELD
ENDED = {"status": RunStatus.COMPLETED, "finished_at": NOW}
SAID = {BROKE: "PFF", HELD: "PPP"}


def reviewed(
    judged="bbbbhhhhhh", said=None, drawn=(5, 6), selected=(1, 2, 3, 4), model=lambda n: "simulated/hasty", **changes
):
    """`judged`: b or h for each hunt, from 1; `said`: by number, the outcome of its review. The session and its hunts."""
    words = {"b": BROKE, "h": HELD}
    said = {**dict.fromkeys(selected, BROKE), **dict.fromkeys(drawn, HELD)} if said is None else said
    hunts = [a_finished_hunt(n, words[letter], model=model(n)) for n, letter in enumerate(judged, 1)]
    made = {
        "runs": (a_run(len(hunts), **ENDED),),
        "selection": Selection(hunt_ids=tuple(f"r_one.{n}" for n in selected), slots=len(selected)),
        "audit": Audit(held=len(drawn), seed="s", drawn=tuple(f"r_one.{n}" for n in drawn)),
        "reviews": tuple(a_review(f"r_one.{n}", SAID[outcome]) for n, outcome in said.items()),
        "revealed_at": NOW,
    }
    return a_session(**(made | changes)), hunts


def counts(row):
    return (row.broke, row.held, row.reviewed_breaks, row.true_breaks, row.audited_held, row.true_held)


def only_row(session, hunts):
    (group,) = corrected_rates(session, hunts).groups
    (row,) = group.rows
    return row


def test_ppv_is_of_reviewed_breaks_and_npv_of_drawn_held_hunts():
    row = only_row(*reviewed(said={1: BROKE, 2: BROKE, 3: HELD, 4: BROKE, 5: BROKE, 6: HELD}))
    assert counts(row) == (4, 6, 4, 3, 2, 1)
    assert (row.judged.rate, row.ppv.rate, row.npv.rate, row.missing) == (0.4, 0.75, 0.5, ())


def test_the_corrected_rate_is_that_of_scipys_posteriors():
    row = only_row(*reviewed())
    chance = numpy.random.default_rng(1)
    draw = lambda yes, no: beta.rvs(yes + 0.5, no + 0.5, size=400_000, random_state=chance)  # noqa: E731
    rate, ppv, npv = draw(4, 6), draw(4, 0), draw(2, 0)
    expected = numpy.quantile(rate * ppv + (1 - rate) * (1 - npv), [0.025, 0.5, 0.975])
    assert (row.corrected.low, row.corrected.rate, row.corrected.high) == pytest.approx(tuple(expected), abs=0.005)
    assert (row.ppv.low, row.ppv.high) == pytest.approx((beta.ppf(0.05 / 2, 4.5, 0.5), 1), abs=1e-4)


def test_the_review_of_a_deselected_break_counts_and_that_of_a_held_hunt_chosen_by_hand_does_not():
    said = {1: BROKE, 2: BROKE, 4: HELD, 9: BROKE, 5: HELD, 6: HELD}
    row = only_row(*reviewed(said=said, selected=(1, 2, 9)))
    assert counts(row) == (4, 6, 3, 2, 2, 2)


def test_a_drawn_hunt_that_was_selected_later_still_counts_as_drawn():
    row = only_row(*reviewed(said={1: BROKE, 5: BROKE, 6: HELD}, selected=(1, 5)))
    assert (row.audited_held, row.true_held) == (2, 1)


def test_drafts_count_for_nothing():
    session, hunts = reviewed()
    draft = a_review("r_one.1", "P--")
    session = session.model_copy(update={"reviews": (draft, *session.reviews[1:])})
    assert counts(only_row(session, hunts)) == (4, 6, 3, 3, 2, 2)


def test_models_are_shown_apart_below_all_of_them():
    session, hunts = reviewed(model=lambda n: f"simulated/{'odd' if n % 2 else 'even'}")
    (group,) = corrected_rates(session, hunts).groups
    assert [(row.label, counts(row)) for row in group.rows] == [
        ("", (4, 6, 4, 4, 2, 2)), ("simulated/even", (2, 3, 2, 2, 1, 1)), ("simulated/odd", (2, 3, 2, 2, 1, 1)),
    ]  # fmt: skip


def test_tasks_and_judges_are_never_pooled():
    session, hunts = reviewed()
    other = a_run(4, run_id="r_two", first_number=11, task=a_task(prompt="Another."), **ENDED)
    session = session.model_copy(
        update={"runs": (*session.runs, other), "reviews": (*session.reviews, a_review("r_two.1"))}
    )
    hunts = [*hunts, a_finished_hunt(11, hunt_id="r_two.1", run_id="r_two")]
    hunts[0] = hunts[0].model_copy(update={"judge_model": "simulated/strict"})
    groups = corrected_rates(session, hunts).groups
    assert [(g.judge_model, g.task_hash == a_task().content_hash(), counts(g.rows[0])) for g in groups] == [
        ("simulated/judge", True, (3, 6, 3, 3, 2, 2)),
        ("simulated/strict", True, (1, 0, 1, 1, 0, 0)),
        ("simulated/judge", False, (1, 0, 1, 1, 0, 0)),
    ]


def test_there_are_none_while_sealed_or_before_the_reviews_are_complete():
    sealed, hunts = reviewed(visibility=Visibility.BLIND, revealed_at=None)
    assert corrected_rates(sealed, hunts).why_not == reason_against(sealed) == SEALED
    unfinished, _ = reviewed(said={1: BROKE, 2: BROKE, 3: BROKE, 4: BROKE, 5: HELD}, revealed_at=None)
    assert corrected_rates(unfinished, hunts).why_not == "Rates follow the reviews: 1 of 6 is unfinished."
    partial = unfinished.model_copy(update={"selection": Selection(hunt_ids=("r_one.1",), slots=4)})
    assert reason_against(partial) == "Rates follow the reviews: the selection is not complete."
    complete, _ = reviewed(revealed_at=None)
    assert corrected_rates(complete, hunts).groups, "in an open session without a reveal"
    assert reason_against(a_session(revealed_at=NOW)) == "No hunt of this turn was reviewed."


def test_each_number_has_its_own_sentence():
    assert only_row(*reviewed()).sentences == (
        "The judge says that 4 of 10 decided hunts broke: 40% (in the long run probably 17% to 69%).",
        "People say that 4 of 4 reviewed breaks did break (in the long run probably 56% to 100%).",
        "People say that 2 of 2 held hunts drawn at random did hold (in the long run probably 33% to 100%).",
        "Corrected for the judge’s mistakes, 46% of the hunts break (in the long run probably 18% to 80%). It rests "
        "on only 2 held hunts drawn at random.",
    )


@pytest.mark.parametrize(
    ("evidence", "caution"),
    [
        ((10, 20, 4, 3, 4, 4), "."),
        ((10, 20, 1, 1, 4, 4), ". It rests on only 1 reviewed break."),
        ((10, 20, 3, 3, 1, 1), ". It rests on only 3 reviewed breaks and 1 held hunt drawn at random."),
        ((10, 0, 4, 4, 0, 0), "."),
    ],
)
def test_a_rate_that_rests_on_few_reviews_says_so(evidence, caution):
    assert rate_row("", Evidence(*evidence)).sentences[-1].partition(")")[2] == caution


@pytest.mark.parametrize(
    ("evidence", "locked", "says"),
    [
        ((4, 6, 4, 4, 0, 0), False, "the review of a held hunt that was drawn at random."),
        (
            (4, 6, 0, 0, 0, 0),
            True,
            "the review of a break and the review of a held hunt that was drawn at random; the reviews are locked, so "
            "choose a number of held replies before the next reveal.",
        ),
        ((0, 0, 0, 0, 0, 0), False, "a decided hunt."),
    ],
)
def test_what_is_missing_is_named(evidence, locked, says):
    row = rate_row("", Evidence(*evidence), locked=locked)
    assert row.corrected is None
    assert row.sentences[-1] == f"There is no corrected rate: it needs {says}"
    assert len(row.sentences) == 4 - len(row.missing), "what is missing is said once"


def test_without_held_hunts_no_audit_is_needed():
    row = rate_row("", Evidence(8, 0, 4, 4, 0, 0))
    assert (row.missing, row.npv) == ((), None)
    assert row.corrected.rate > 0.7


def test_a_run_that_a_rule_could_stop_has_the_interval_that_may_be_watched():
    session, hunts = reviewed()
    assert only_row(session, hunts).judged == RateRange(0.4, 0.1682, 0.6873, Method.WILSON)
    stopped = session.runs[0].model_copy(update={"status": RunStatus.CANCELLED})
    row = only_row(session.model_copy(update={"runs": (stopped,)}), hunts)
    assert row.judged.method is Method.CONFIDENCE_SEQUENCE
    assert row.judged.low < 0.1682
