"""How far reviews and judge agree, and what neither can say."""

from hypothesis import given
from hypothesis import strategies as st

from core.domain.verdict import Verdict
from core.review.agreement import Agreement, Reviewed, agreement
from tests.builders import a_finished_hunt, a_review, a_task, a_verdict

WORDS = {"P": Verdict.PASS, "F": Verdict.FAIL, "U": Verdict.UNDETERMINED, "M": Verdict.MISSING}


def reviewed(human, judge, number=1):
    verdicts = tuple(a_verdict(f"C{n}", WORDS[letter]) for n, letter in enumerate(judge, 1))
    hunt = a_finished_hunt(number, verdicts=verdicts)
    return Reviewed(hunt, a_review(hunt.hunt_id, human), a_task(len(human)))


def test_nothing_reviewed_agrees_on_nothing():
    assert agreement([]) == Agreement(criteria=(), agree=0, disagree=0, unclear=0, hunts=())


def test_disagreements_come_first():
    found = agreement([reviewed("PPP", "PPP", 1), reviewed("PPP", "PFF", 2), reviewed("PPP", "PPU", 3)])
    assert [(t.criterion_id, t.agree, t.disagree, t.unclear) for t in found.criteria] == [
        ("C2", 2, 1, 0), ("C3", 1, 1, 1), ("C1", 3, 0, 0),
    ]  # fmt: skip
    assert (found.agree, found.disagree, found.unclear) == (6, 2, 1)
    assert [(h.hunt_id, h.disagreements) for h in found.hunts] == [
        ("r_one.2", ("C2", "C3")), ("r_one.1", ()), ("r_one.3", ()),
    ]  # fmt: skip


def test_both_scores_stand_side_by_side():
    (one,) = agreement([reviewed("PPF", "FFF")]).hunts
    assert (one.human_score, one.judge_score) == (1, 0)


def test_a_criterion_that_the_judge_never_answered_is_unclear():
    found = agreement([reviewed("PPP", "P")])
    assert (found.agree, found.disagree, found.unclear) == (1, 0, 2)


@given(st.lists(st.tuples(st.sampled_from("PF"), st.sampled_from("PFUM")), min_size=1, max_size=12))
def test_every_verdict_is_counted_once(pairs):
    human, judge = ("".join(letters) for letters in zip(*pairs, strict=True))
    total = agreement([reviewed(human, judge)])
    assert total.agree + total.disagree + total.unclear == len(pairs)
    assert total.agree == sum(h == j for h, j in pairs)
