"""What a killed process had marked is found in Redis."""

import pytest

from core.domain.hunt import HuntStatus
from core.library.records import StoredProgress
from core.redis.keys import session_keys
from core.sessions.reconcile import is_behind, reconcile
from tests.backends import opened
from tests.builders import a_finished_hunt, a_hunt, a_run, a_session
from tests.core.sessions.libraries import a_process


@pytest.fixture(params=["redis"])
async def kept(request):
    async with opened(request) as backend:
        yield backend


@pytest.mark.parametrize(
    ("stored", "version", "hunts", "behind"),
    [
        (None, 1, {}, True),
        (StoredProgress(2, {}), 2, {}, False),
        (StoredProgress(1, {}), 2, {}, True),
        (StoredProgress(3, {}), 2, {}, False),
        (StoredProgress(2, {}), 2, {"h": 0}, False),
        (StoredProgress(2, {}), 2, {"h": 1000}, True),
        (StoredProgress(2, {"h": 1003}), 2, {"h": 1003}, False),
        (StoredProgress(2, {"h": 1003}), 2, {"h": 1_000_000}, True),
    ],
)
def test_the_library_is_behind_if_it_lacks_a_version_or_a_result(stored, version, hunts, behind):
    assert is_behind(stored, version, hunts) is behind


async def test_all_sessions_that_the_library_lacks_are_recorded_without_renewing_them(kept, tmp_path):
    for name in ("s_lost", "s_behind", "s_same"):
        await kept.store.create(a_session(session_id=name, runs=(a_run(),)), b"notebook")
        await kept.store.save_hunt(name, a_hunt(2, status=HuntStatus.CALLING))
    async with a_process(tmp_path, live=kept) as process:
        for name in ("s_behind", "s_same"):
            process.outbox.record_copy(await kept.store.copy(name))
        await process.outbox.flush()
        await kept.store.save_hunt("s_behind", a_finished_hunt())
        await kept.pass_time(7000)
        assert await reconcile(kept.store, process.library, process.outbox) == 2
        await process.outbox.flush()
        assert await reconcile(kept.store, process.library, process.outbox) == 0
        await kept.pass_time(201)
        assert (await process.store.read("s_lost")) == a_session(session_id="s_lost", runs=(a_run(),))
        assert (await process.store.hunt("s_behind", "r_one.1")) == a_finished_hunt()


async def test_a_session_that_cannot_be_read_keeps_no_other_from_being_recorded(kept, tmp_path):
    for name in ("s_bad", "s_good"):
        await kept.store.create(a_session(session_id=name), b"notebook")
    await kept.store._redis.hset(session_keys("s_bad").head, "j", b'{"version": 1}')
    async with a_process(tmp_path, live=kept) as process:
        assert await reconcile(kept.store, process.library, process.outbox) == 1
        await process.outbox.flush()
        assert list(await process.library.progress(["s_bad", "s_good"])) == ["s_good"]
