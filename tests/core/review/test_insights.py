"""What verdicts say about criteria, and when they say nothing."""

from core.domain.checks import ReferenceCheck
from core.domain.hunt import Judging
from core.domain.session import Visibility
from core.domain.verdict import Verdict
from core.review.insights import Insights, insights
from tests.builders import NOW, a_finished_hunt, a_run, a_session, a_task, a_verdict

WORDS = {"P": Verdict.PASS, "F": Verdict.FAIL, "U": Verdict.UNDETERMINED}


def hunts(*rows):
    return [
        a_finished_hunt(number, verdicts=tuple(a_verdict(f"C{n}", WORDS[x]) for n, x in enumerate(row, 1)))
        for number, row in enumerate(rows, 1)
    ]


def a_hunted_session(**changes):
    return a_session(runs=(a_run(9),), **changes)


def notes(found):
    return {c.criterion_id: (c.decided, c.passed, c.note) for c in found.criteria}


def test_without_hunts_nothing_is_said():
    assert notes(insights(a_session(), [])) == {f"C{n}": (0, 0, "") for n in (1, 2, 3)}


def test_criteria_that_never_distinguish_replies_are_reported_once_there_is_enough_data():
    found = insights(a_hunted_session(), hunts("PFP", "PFF", "PFP", "PFU"))
    assert notes(found) == {"C1": (4, 4, "always passes"), "C2": (4, 0, "always fails"), "C3": (3, 2, "")}
    assert set(notes(insights(a_hunted_session(), hunts("PFP"))).values()) == {(1, 1, ""), (1, 0, "")}


def test_criteria_that_fall_together_are_pairs():
    found = insights(a_hunted_session(), hunts("PFP", "FPF", "PPP", "FFF"))
    assert found.together == (("C1", "C3"),)


def test_a_criterion_that_was_edited_starts_again():
    first, *others = a_task().criteria
    edited = a_task().model_copy(update={"criteria": (first.model_copy(update={"text": "new"}), *others)})
    found = insights(a_hunted_session(task=edited), hunts("PPP", "PPP", "PPP", "PPP"))
    assert notes(found)["C1"] == (0, 0, "")
    assert notes(found)["C2"] == (4, 4, "always passes")


def test_flips_are_those_of_the_check_and_of_replies_judged_again():
    (hunt,) = hunts("PPP")
    before = (a_verdict("C2", Verdict.FAIL), a_verdict("C3", Verdict.UNDETERMINED))
    again = hunt.model_copy(update={"judged": (Judging(at=NOW, judge_model="x", verdicts=before),)})
    session = a_hunted_session(check=ReferenceCheck(flips=(("C1", 2),)))
    assert insights(session, [again]).flipped == ("C1", "C2")


def test_while_sealed_only_duplicates_are_returned():
    sealed = a_hunted_session(visibility=Visibility.BLIND)
    same = [
        h.model_copy(update={"reply": h.reply.model_copy(update={"text": "just the same"})})
        for h in hunts("PPP", "FFF")
    ]
    assert insights(sealed, same) == Insights(duplicates=(("r_one.1", "r_one.2"),))
