"""Data stored by another release is readable (decision record 0058)."""

import json
from enum import StrEnum

import pytest
from structlog.testing import capture_logs

from core.domain.checks import CheckStatus, ReferenceCheck
from core.domain.events import EventDraft
from core.domain.slot import Slot
from core.redis.keys import session_keys
from core.sessions.codec import StoredUnreadable, head_text, read_head, read_hunt, reply_text, state_text
from core.throttle.adaptive import Limit
from tests.backends import opened
from tests.builders import NOW, a_finished_hunt, a_review, a_run, a_session, a_verdict


class News(StrEnum):
    NEWS = "of.a.newer.release"


WHAT_A_PROVIDER_SAID = {"raw_request", "raw_reply"}


def with_news(value):
    """The same JSON as a release would write it that knows one more field of everything."""
    if isinstance(value, list):
        return [with_news(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    known = {name: inner if name in WHAT_A_PROVIDER_SAID else with_news(inner) for name, inner in value.items()}
    return known | {"of_a_newer_release": {"x": [1]}}


def of_a_newer_release(text):
    return json.dumps(with_news(json.loads(text))).encode()


def a_full_session():
    check = ReferenceCheck(
        status=CheckStatus.PASSED, verdicts=(a_verdict(),), answers=(("C1", "PASS"),), started_at=NOW
    )
    return a_session(
        runs=(a_run(),), check=check, slots=(Slot(number=1, model="gpt"),), reviews=(a_review(),), hunts_issued=4
    )


def test_unknown_fields_of_sessions_and_hunts_are_ignored():
    session, hunt = a_full_session(), a_finished_hunt()
    assert read_head(of_a_newer_release(head_text(session))) == session
    assert hunt.verdicts
    assert read_hunt(of_a_newer_release(state_text(hunt)), of_a_newer_release(reply_text(hunt))) == hunt


@pytest.mark.parametrize(
    "stored", [b"", b"{", b"{}", b"null", b"[" * 100_000, head_text(a_session(name="secret")).replace(b'"open"', b'"ajar"')]
)  # fmt: skip
def test_what_no_release_before_could_write_is_a_failure_of_the_store_and_no_invalid_request(stored):
    with capture_logs() as logs, pytest.raises(StoredUnreadable) as failed:
        read_head(stored)
    with pytest.raises(StoredUnreadable):
        read_hunt(stored, b"")
    assert failed.value.code == "stored_unreadable"
    assert [line["event"] for line in logs] == ["stored.unreadable"]
    assert "secret" not in repr(logs)


def test_unknown_fields_of_a_limit_are_ignored():
    limit = Limit(now=3, version=2, reason="slow down")
    assert Limit.model_validate_json(of_a_newer_release(limit.model_dump_json()), extra="ignore") == limit


async def test_a_stored_session_can_be_read_changed_and_watched(request):
    request.param = "redis"
    async with opened(request) as kept:
        await kept.store.create(a_full_session(), b"")
        await kept.store.save_hunt("s_one", a_finished_hunt())
        keys = session_keys("s_one")
        head, states = await kept.redis.hgetall(keys.head), await kept.redis.hgetall(keys.hunts)
        await kept.redis.hset(keys.head, b"j", of_a_newer_release(head[b"j"]))
        for hunt_id, state in states.items():
            mark, brace, rest = state.partition(b"{")
            await kept.redis.hset(keys.hunts, hunt_id, mark + of_a_newer_release(brace + rest))
        await kept.log.append("s_one", [EventDraft(News.NEWS, '{"x":1}')])
        assert (await kept.store.read("s_one")).reviews
        changed = await kept.second.change("s_one", lambda s: s.model_copy(update={"name": "b.ipynb"}))
        assert changed.name == "b.ipynb"
        assert (await kept.store.hunt("s_one", "r_one.1")).reply
        assert [event.type for event in await kept.log.read("s_one", "0-0", 9)] == [News.NEWS]
