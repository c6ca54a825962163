from core.domain.review_differences import differences
from core.hunting.views.second_reviews import second_review_state, second_review_view
from core.review.review_cards import card_id
from tests.builders import a_review, a_session
from tests.core.domain.test_second_review import a_second_review, reviewed_session, settled

SECOND = a_second_review(a_review("r_one.1", "PFF", "Other words."), a_review("r_one.2", "FFP"), settled=(settled(),))


def test_the_snapshot_has_numbers_and_no_reviews():
    assert second_review_state(a_session()) is None
    state = second_review_state(reviewed_session(SECOND))
    assert (state["cards"], state["done"], state["both_done"], state["differences"], state["unsettled"]) == (
        2, True, True, 2, 1,
    )  # fmt: skip


def test_before_both_are_done_the_view_does_not_depend_on_the_reviews():
    views = [
        second_review_view(reviewed_session(one, revealed=False), one)
        for one in (SECOND, a_second_review(a_review("r_one.1", "FFF")))
    ]
    assert views[0] == views[1]
    assert (views[0]["agreement"], views[0]["differences"], views[0]["unsettled"]) == ((), [], 0)


def test_differences_are_named_by_card_and_have_both_explanations():
    session = reviewed_session(SECOND)
    view = second_review_view(session, SECOND)
    assert [one["card_id"] for one in view["differences"]] == sorted(
        card_id(session, pair.hunt_id) for pair in differences(session)
    )
    one = next(row for row in view["differences"] if row["criterion_id"] == "C1")
    assert (one["first"], one["second"], one["second_explanation"]) == ("FAIL", "PASS", "Other words.")
    assert (one["settled"]["verdict"], one["settled"]["by"]) == ("PASS", "bob")
    assert "r_one" not in str(view)
