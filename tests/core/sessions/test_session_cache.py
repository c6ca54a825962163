"""The copy in memory is bounded; it evicts the least recently used session, but never a held one."""

from core.domain.chat import Reply
from core.domain.confirmation import SecondOpinion
from core.sessions.session_cache import SessionCache
from tests.builders import NOW, HandClock, a_finished_hunt, a_hunt, a_session


def known_sessions(held=(), max_bytes=200_000):
    clock = HandClock()
    known = SessionCache(
        clock,
        ttl_s=7200,
        max_bytes=max_bytes,
        append=lambda *_: None,
        forget=lambda _sid: None,
        held=set(held).__contains__,
    )
    return known, clock


def fill(known, session_id):
    known.put(a_session(session_id=session_id), b"")
    known.put_hunt(session_id, a_finished_hunt(reply=Reply(text="x" * 50_000)))


def test_the_least_recently_used_session_is_evicted():
    known, _ = known_sessions()
    for name in ("s_1", "s_2"):
        fill(known, name)
    known.put(a_session(session_id="s_1"))
    fill(known, "s_3")
    assert list(known.ids()) == ["s_1", "s_3"]
    assert known.size_bytes < 200_000


def test_a_held_session_is_not_evicted():
    known, _ = known_sessions(held={"s_1"})
    for name in ("s_1", "s_2", "s_3"):
        fill(known, name)
    assert list(known.ids()) == ["s_1", "s_3"]


def test_an_expired_session_is_evicted_and_its_size_freed():
    known, clock = known_sessions()
    fill(known, "s_1")
    clock.seconds = 7201
    known.sweep()
    assert (list(known.ids()), known.size_bytes) == ([], 0)


async def test_a_growing_hunt_counts_once():
    known, _ = known_sessions()
    known.put(a_session(), b"")
    await known.save_hunt("s_one", a_hunt(1))
    before = known.size_bytes
    await known.save_hunt("s_one", a_hunt(1, attempts=2))
    assert known.size_bytes == before


async def test_the_votes_of_other_judges_take_space():
    known, _ = known_sessions()
    known.put(a_session(), b"")
    done = a_finished_hunt()
    await known.save_hunt("s_one", done)
    before = known.size_bytes
    opinion = SecondOpinion(judge_model="lab/other", asked_at=NOW, asked=("C1",), verdicts=done.verdicts[:1])
    await known.save_hunt("s_one", done.model_copy(update={"opinions": (opinion,)}))
    assert known.size_bytes > before + 1000


def test_a_removed_session_has_no_last_event():
    known, _ = known_sessions()
    known.record_event("s_one", "7-0")
    assert known.last_event_id("s_one") == "0-0"
    known.put(a_session(), b"")
    known.record_event("s_one", "7-0")
    assert known.last_event_id("s_one") == "7-0"
    known.discard("s_one")
    assert known.last_event_id("s_one") == "0-0"
