"""How far reviews and judge agree, and what neither can say."""

from hypothesis import given
from hypothesis import strategies as st

from core.domain.verdict import Verdict
from core.review.agreement import Reviewed, Tally, agreement
from tests.builders import a_finished_hunt, a_review, a_task, a_verdict

WORDS = {"P": Verdict.PASS, "F": Verdict.FAIL, "U": Verdict.UNDETERMINED, "M": Verdict.MISSING}


def reviewed(human, judge, number=1):
    verdicts = tuple(a_verdict(f"C{n}", WORDS[letter]) for n, letter in enumerate(judge, 1))
    hunt = a_finished_hunt(number, verdicts=verdicts)
    return Reviewed(hunt, a_review(hunt.hunt_id, human), a_task(len(human)))


def test_nothing_reviewed_agrees_on_nothing():
    found = agreement([])
    assert (found.criteria, found.total, found.hunts) == ((), Tally(), ())


def test_disagreements_come_first():
    found = agreement([reviewed("PPP", "PPP", 1), reviewed("PPP", "PFF", 2), reviewed("PPP", "PPU", 3)])
    assert [(i, t.agree, t.disagree, t.unclear) for i, t in found.criteria] == [
        ("C2", 2, 1, 0), ("C3", 1, 1, 1), ("C1", 3, 0, 0),
    ]  # fmt: skip
    assert (found.total.agree, found.total.disagree, found.total.unclear) == (6, 2, 1)
    assert [(h.hunt.number, h.disagreements) for h in found.hunts] == [(2, ("C2", "C3")), (1, ()), (3, ())]


def test_both_scores_stand_side_by_side():
    one = reviewed("PPF", "FFF")
    assert (one.human_score, one.judge_score) == (1, 0)


def test_a_criterion_that_the_judge_never_answered_is_unclear():
    assert agreement([reviewed("PPP", "P")]).total == Tally(agree=1, disagree=0, unclear=2)


@given(st.lists(st.tuples(st.sampled_from("PF"), st.sampled_from("PFUM")), min_size=1, max_size=12))
def test_every_verdict_is_counted_once(pairs):
    human, judge = ("".join(letters) for letters in zip(*pairs, strict=True))
    total = agreement([reviewed(human, judge)]).total
    assert total.agree + total.disagree + total.unclear == len(pairs)
    assert total.agree == sum(h == j for h, j in pairs)
