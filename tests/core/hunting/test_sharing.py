import pytest

from core.access.tokens import Holder, Scope
from core.domain.sharing import MAX_COMMENTS, MAX_TRANSFERS, Comment, Transfer
from core.errors import BadInput, Conflict, NotAllowed, NotFound, TooLarge
from core.hunting.orders import CommentOrder, TransferOrder
from core.hunting.sharing import SharingService, refuse_unknown_person, transfer_to
from tests.backends import memory_backend
from tests.builders import NOW, HandClock, a_run, a_session
from tests.core.domain.test_second_review import a_second_review

PEOPLE = tuple(Holder(name, Scope.TRAINER, name.encode()) for name in ("alice", "bob", "carol"))


def transfer(**changes) -> Transfer:
    return Transfer(**({"by": "alice", "before": "alice", "to": "bob", "at": NOW} | changes))


async def a_service(people=PEOPLE, max_bytes=10**6, **session):
    store = memory_backend(5, 100).store
    await store.create(a_session(**({"owner": "alice", "runs": (a_run(),)} | session)), b"{}")
    return SharingService(store, HandClock(), people, max_bytes)


def test_without_a_sign_in_there_is_nobody_to_give_to():
    with pytest.raises(BadInput) as error:
        refuse_unknown_person((), "bob")
    assert error.value.code == "no_names"
    with pytest.raises(BadInput) as error:
        refuse_unknown_person(PEOPLE, "eve")
    assert error.value.code == "unknown_person"


@pytest.mark.parametrize(("keeps", "readers"), [(False, ("bob",)), (True, ("bob", "alice"))])
def test_a_giver_who_keeps_access_is_a_reader_and_the_new_owner_is_none(keeps, readers):
    before = a_session(owner="alice", readers=("bob", "carol"))
    order = TransferOrder(to="carol", keep_access=keeps, note=" Slots are open. ")
    after = transfer_to(before, order, "root", HandClock())
    assert (after.owner, after.readers) == ("carol", readers)
    assert after.transfers == (Transfer(by="root", before="alice", to="carol", at=NOW, note="Slots are open."),)
    assert after.former_owners >= {"alice", "bob"}


async def test_giving_twice_is_giving_once_and_not_during_a_second_review_or_for_ever():
    service = await a_service()
    assert (await service.give("s_one", TransferOrder(to="bob"), "alice")).owner == "bob"
    assert len((await service.give("s_one", TransferOrder(to="bob"), "alice")).transfers) == 1
    with pytest.raises(NotFound):  # of two requests at once, the second one finds another owner
        await service.give("s_one", TransferOrder(to="carol"), "alice")
    for session in ({"second_review": a_second_review()}, {"transfers": (transfer(),) * MAX_TRANSFERS}):
        with pytest.raises(Conflict):
            await (await a_service(**session)).give("s_one", TransferOrder(to="bob"), "alice")
    with pytest.raises(TooLarge):
        await (await a_service(max_bytes=10)).give("s_one", TransferOrder(to="bob", note="long"), "alice")


async def test_only_the_new_owner_accepts():
    service = await a_service(owner="bob", transfers=(transfer(),))
    before = await service.store.read("s_one")
    await service.accept("s_one", "alice")
    assert await service.store.read("s_one") == before
    await service.accept("s_one", "bob")
    assert (await service.store.read("s_one")).transfers[0].accepted_at == NOW


async def test_read_access_ends():
    service = await a_service(readers=("bob", "carol"))
    await service.end_access("s_one", "bob")
    await service.end_access("s_one", "eve")
    assert (await service.store.read("s_one")).readers == ("carol",)


async def test_comments_are_on_a_hunt_or_a_criterion_that_exists():
    service = await a_service()
    first = await service.comment("s_one", CommentOrder(criterion_id="c2", text=" Unclear. "), "alice", "m_1")
    assert first == Comment(comment_id="m_1", by="alice", at=NOW, criterion_id="C2", text="Unclear.")
    second = await service.comment("s_one", CommentOrder(hunt_id="r_one.1", text="Near."), "bob", "m_2")
    assert await service.comments("s_one") == (first, second)
    for order in ({"text": "x"}, {"hunt_id": "r_one.1", "criterion_id": "C1", "text": "x"}, {"criterion_id": "C9", "text": "x"},
                  {"criterion_id": "C1", "text": " "}):  # fmt: skip
        with pytest.raises(BadInput):
            await service.comment("s_one", CommentOrder(**order), "alice", "m_3")
    with pytest.raises(NotFound):
        await service.comment("s_one", CommentOrder(hunt_id="r_one.99", text="x"), "alice", "m_3")


async def test_a_session_has_a_maximum_of_comments():
    made = Comment(comment_id="m_1", by="", at=NOW, criterion_id="C1", text="x")
    service = await a_service(comments=(made,) * MAX_COMMENTS)
    with pytest.raises(BadInput):
        await service.comment("s_one", CommentOrder(criterion_id="C1", text="x"), "alice", "m_2")


async def test_a_comment_is_deleted_by_its_author_or_an_admin():
    service = await a_service()
    for comment_id in ("m_1", "m_2"):
        await service.comment("s_one", CommentOrder(criterion_id="C1", text="x"), "alice", comment_id)
    with pytest.raises(NotAllowed):
        await service.delete_comment("s_one", "m_1", "bob", admin=False)
    await service.delete_comment("s_one", "m_1", "alice", admin=False)
    await service.delete_comment("s_one", "m_2", "root", admin=True)
    assert await service.comments("s_one") == ()
    with pytest.raises(NotFound):
        await service.delete_comment("s_one", "m_1", "alice", admin=True)
