"""What waits to be written of a session: the newest of everything, once."""

from core.domain.hunt import HuntStatus
from core.library.records import SessionChanges
from core.sessions.pending_changes import BATCH_BYTES, BATCH_SESSIONS, Encoder, PendingChanges, next_batch
from tests.builders import a_finished_hunt, a_session

DONE = a_finished_hunt(1)
JUDGING = DONE.model_copy(update={"status": HuntStatus.JUDGING, "outcome": None, "finished_at": None})
OLDER, NEWER = a_session(version=1), a_session(version=2)


def test_the_newest_head_and_the_state_with_most_progress_remain():
    pending = PendingChanges(0.0)
    for session in (NEWER, OLDER):
        pending.update_head(session)
    for hunt in (DONE, JUDGING):
        pending.update_hunt(hunt)
    assert (pending.head, pending.hunts) == (NEWER, {DONE.hunt_id: DONE})


def test_what_could_not_be_written_does_not_replace_newer_states():
    pending, earlier = PendingChanges(5.0, head=NEWER), PendingChanges(1.0, head=OLDER, notebook=b"{}", reread=True)
    earlier.update_hunt(JUDGING)
    pending.add_earlier(earlier)
    assert pending == PendingChanges(1.0, head=NEWER, notebook=b"{}", hunts={DONE.hunt_id: JUDGING}, reread=True)


async def test_a_reply_that_the_library_has_is_not_encoded_again():
    pending = PendingChanges(0.0, head=NEWER, hunts={DONE.hunt_id: DONE})
    first = await Encoder(set()).encode("s_one", pending, 7)
    again = await Encoder({("s_one", DONE.hunt_id)}).encode("s_one", pending, 7)
    assert (first.hunts[0].reply != b"", again.hunts[0].reply) == (True, b"")
    assert (first.head, first.changed_ms) == (again.head, 7)


def test_a_transaction_has_a_bounded_number_of_sessions_and_bytes():
    small = iter([SessionChanges(f"s_{place}", 0) for place in range(BATCH_SESSIONS + 1)])
    assert [len(next_batch(small)) for _ in range(3)] == [BATCH_SESSIONS, 1, 0]
    large = iter([SessionChanges("s_one", 0, notebook=b" " * BATCH_BYTES), SessionChanges("s_two", 0)])
    assert [one.session_id for one in next_batch(large)] == ["s_one"]
