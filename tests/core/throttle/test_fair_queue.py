"""Sessions rotate, calls within a session are first come, first served, and cancelled waiters are skipped."""

from hypothesis import given
from hypothesis import strategies as st

from core.throttle.fair_queue import FairQueue


def nobody(_session):
    return False


def served(queue, first=nobody):
    """Everybody, in the order in which they are let in."""
    order = []
    while (found := queue.pop(first)) is not None:
        session, turn = found
        turn.set_result(None)
        order.append((session, turn))
    return order


def joined(queue, *sessions):
    return [(session, queue.join(session)) for session in sessions]


async def test_an_empty_queue_has_no_waiters():
    queue = FairQueue()
    assert (queue.pop(nobody), queue.queued, queue.waiting()) == (None, 0, {})


async def test_sessions_rotate_and_each_is_first_come_first_served():
    queue = FairQueue()
    a1, a2, a3, b1, c1, b2 = joined(queue, "a", "a", "a", "b", "c", "b")
    assert (queue.queued, queue.waiting()) == (6, {"a": 3, "b": 2, "c": 1})
    assert served(queue) == [a1, b1, c1, a2, b2, a3]
    assert (queue.queued, queue.waiting()) == (0, {})


async def test_a_session_with_priority_is_served_first_and_the_rest_keep_their_order():
    queue = FairQueue()
    a1, b1, c1, c2 = joined(queue, "a", "b", "c", "c")
    assert queue.pop(lambda session: session == "c") == c1
    assert served(queue) == [a1, b1, c2]


async def test_sessions_with_priority_rotate():
    queue = FairQueue()
    a1, b1, c1 = joined(queue, "a", "b", "c")
    assert queue.pop(lambda session: session != "a") == b1
    assert served(queue) == [c1, a1]


async def test_without_priority_the_order_is_unchanged():
    queue = FairQueue()
    a1, b1, c1 = joined(queue, "a", "b", "c")
    assert queue.pop(lambda session: session == "d") == a1
    assert served(queue) == [b1, c1]


async def test_cancelled_waiters_are_skipped_and_not_counted():
    queue = FairQueue()
    (_, a1), a2, (_, b1), c1 = joined(queue, "a", "a", "b", "c")
    for session, turn in (("a", a1), ("b", b1)):
        turn.cancel()
        queue.discard(session)
    assert (queue.queued, queue.waiting()) == (2, {"a": 1, "c": 1})
    assert served(queue) == [a2, c1]
    assert (queue.queued, queue.waiting()) == (0, {})


async def test_a_queue_without_waiters_holds_no_sessions():
    queue = FairQueue()
    for session, turn in joined(queue, "a", "b"):
        turn.cancel()
        queue.discard(session)
    assert (queue.queued, queue.waiting(), queue.pop(nobody)) == (0, {}, None)
    b1, a1 = joined(queue, "b", "a")
    assert served(queue) == [b1, a1]


async def test_a_fully_served_session_can_wait_again():
    queue = FairQueue()
    (a1,) = joined(queue, "a")
    assert served(queue) == [a1]
    b1, a2 = joined(queue, "b", "a")
    assert served(queue) == [b1, a2]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=20))
async def test_every_remaining_waiter_is_served_once(arrivals):
    queue, staying = FairQueue(), []
    for session, stays in arrivals:
        turn = queue.join(session)
        if stays:
            staying.append((session, turn))
        else:
            turn.cancel()
            queue.discard(session)
    assert queue.queued == len(staying)
    order = served(queue)
    for session in "abc":
        assert [one for one in order if one[0] == session] == [one for one in staying if one[0] == session]
