"""Cards tell nothing about their hunts, and lie as they lay."""

from core.domain.session import Selection
from core.review.review_cards import card_id, desk_order, hunt_of
from tests.builders import a_session

IDS = tuple(f"r_one.{n}" for n in range(1, 9))


def a_desk(secret="a", ids=IDS):
    return a_session(card_secret=secret, selection=Selection(hunt_ids=ids, slots=8))


def test_a_card_is_found_by_its_own_name_and_by_its_hunts():
    desk = a_desk()
    for hunt_id in IDS:
        assert hunt_of(desk, card_id(desk, hunt_id), IDS) == hunt_of(desk, hunt_id, IDS) == hunt_id
    assert hunt_of(desk, "c_0", IDS) is None
    assert hunt_of(desk, card_id(a_desk("b"), IDS[0]), IDS) is None


def test_cards_and_their_order_follow_from_the_secret_and_not_from_numbers_or_slots():
    orders = {desk_order(a_desk(str(n))) for n in range(20)}
    assert len(orders) == 20
    assert desk_order(a_desk()) == desk_order(a_desk(ids=IDS[::-1]))
    assert sorted(desk_order(a_desk())) == sorted(IDS)


def test_two_sessions_name_the_same_hunt_differently():
    assert card_id(a_desk("a"), "r_one.1") != card_id(a_desk("b"), "r_one.1")
