"""Rules that need no hunts; the whole way is in tests/api/routes/test_second_reviews.py."""

import pytest

from core.access.tokens import Holder, Scope
from core.domain.session import Selection
from core.errors import BadInput, Conflict, NotAllowed, NotFound, TooLarge
from core.hunting.orders import ReviewOrder, SettleOrder
from core.hunting.reviews.review_service import ReviewService
from core.hunting.reviews.second_reviews import SecondReviewService
from core.review.review_cards import card_id
from core.settings import ReviewSettings
from tests.backends import memory_backend
from tests.builders import HandClock, a_finished_hunt, a_review
from tests.core.domain.test_second_review import a_second_review, reviewed_session, settled

PEOPLE = (Holder("bob", Scope.TRAINER, b"b"), Holder("root", Scope.ADMIN, b"r"))


MAX_SESSION_BYTES = 1_000_000


async def a_service(session, max_session_bytes=MAX_SESSION_BYTES):
    store = memory_backend(5, 100).store
    await store.create(session, b"{}")
    reviews = ReviewService(store, HandClock(), ReviewSettings(), lambda record: None, max_session_bytes)
    return SecondReviewService(store, HandClock(), reviews, PEOPLE)


DONE = a_second_review(a_review("r_one.1", "PFF"), a_review("r_one.2", "FFF"))


async def test_without_a_second_review_there_is_nothing_to_do():
    service = await a_service(reviewed_session(DONE).model_copy(update={"second_review": None}))
    for work in (service.show("s_one"), service.cards("s_one"), service.finish("s_one", "bob")):
        with pytest.raises(NotFound):
            await work
    await service.withdraw("s_one")


async def test_only_the_reviewer_finishes_and_only_when_complete():
    half = a_second_review(a_review("r_one.1", "PFF"), done=False)
    service = await a_service(reviewed_session(half, revealed=False))
    with pytest.raises(NotAllowed):
        await service.finish("s_one", "alice")
    with pytest.raises(BadInput, match=r"1 of 2 reviews is unfinished\."):
        await service.finish("s_one", "bob")


async def test_nothing_is_settled_before_both_are_done():
    session = reviewed_session(DONE, revealed=False)
    service = await a_service(session)
    with pytest.raises(Conflict) as error:
        await service.settle("s_one", card_id(session, "r_one.1"), "C1", SettleOrder(verdict="PASS"), "bob")
    assert error.value.code == "not_both_done"


async def test_a_difference_is_settled_again_with_the_last_word():
    """Only where the two differ."""
    session = reviewed_session(DONE.model_copy(update={"settled": (settled(),)}), first=("FPF", "FFF"))
    service = await a_service(session)
    card = card_id(session, "r_one.1")
    for where in ((card, "C3"), ("c_none", "C1")):
        with pytest.raises(NotFound) as error:
            await service.settle("s_one", *where, SettleOrder(verdict="PASS"), "alice")
        assert error.value.code == "no_difference"
    view = await service.settle("s_one", card, "C1", SettleOrder(verdict="FAIL", note=" Read again. "), "alice")
    again = {row["criterion_id"]: row["settled"] for row in view["differences"]}
    assert (again["C1"]["verdict"], again["C1"]["by"], again["C1"]["note"]) == ("FAIL", "alice", "Read again.")
    assert (again["C2"], view["unsettled"]) == (None, 1)


async def test_a_finished_review_is_locked():
    session = reviewed_session(DONE, revealed=False)
    service = await a_service(session)
    with pytest.raises(Conflict):
        await service.save_review("s_one", card_id(session, "r_one.1"), ReviewOrder(), "bob")
    with pytest.raises(NotAllowed):  # somebody else was asked meanwhile
        await service.save_review("s_one", card_id(session, "r_one.1"), ReviewOrder(), "eve")
    with pytest.raises(Conflict):
        await service.withdraw("s_one")
    with pytest.raises(NotFound):
        await service.save_review("s_one", "r_one.1", ReviewOrder(), "bob")


async def test_what_two_reviewers_write_counts_for_the_size_of_the_session():
    session = reviewed_session(DONE, first=("FPF", "FFF"))
    service = await a_service(session, session.rough_bytes + 100)
    card = card_id(session, "r_one.1")
    with pytest.raises(TooLarge):
        await service.settle("s_one", card, "C1", SettleOrder(verdict="FAIL", note="x" * 101), "alice")
    await service.settle("s_one", card, "C1", SettleOrder(verdict="FAIL", note="x" * 100), "alice")
    await service.settle("s_one", card, "C1", SettleOrder(verdict="FAIL", note="x" * 90), "alice")


async def test_what_a_reviewer_writes_counts_for_the_size_of_the_session():
    session = reviewed_session(a_second_review(done=False), first=("FPF", "FFF"), revealed=False)
    session = session.model_copy(update={"selection": Selection(hunt_ids=("r_one.1",))})
    service = await a_service(session, session.rough_bytes + 100)
    await service.store.save_hunt("s_one", a_finished_hunt())
    card = card_id(session, "r_one.1")
    long, short = ReviewOrder(explanation="x" * 10_000), ReviewOrder(explanation="x" * 50)
    for save in (lambda order: service.save_review("s_one", card, order, "bob"),
                 lambda order: service.reviews.save_review("s_one", card, order)):  # fmt: skip
        with pytest.raises(TooLarge):
            await save(long)
        await save(short)
