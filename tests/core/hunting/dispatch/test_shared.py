"""Jobs shared by processes: they reach every process that takes jobs, and continue when a process or Redis is gone."""

import asyncio
import secrets
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from core.errors import RedisAway, Unavailable
from core.hunting.dispatch.base import Job, JobKind
from core.hunting.dispatch.claims import LeaseConfig, RedisClaims
from core.hunting.dispatch.open_jobs import OpenJobs
from core.hunting.dispatch.shared import open_shared
from core.redis.client import open_redis as open_clients
from core.redis.keys import OPEN_JOBS
from core.settings import RedisSettings
from tests.house.real_redis import open_redis

pytestmark = pytest.mark.timeout(120)
JOB, CHECK = Job(JobKind.RUN, "s_one", "r_one"), Job(JobKind.CHECK, "s_one", "check:ab:1.5")
LEASE = LeaseConfig(lease_s=1.0, answer_s=1.0, record_ttl_s=60)
PARTS = 3


class Worked:
    """Which process worked on which part. While `going` is not set, nobody finishes a part after the first."""

    def __init__(self) -> None:
        self.parts: list[tuple[str, int]] = []
        self.going = asyncio.Event()
        self.going.set()

    def by(self, name: str):
        async def work(_job: Job, claims) -> None:
            try:
                while (part := await claims.next(PARTS)) is not None:
                    self.parts.append((name, part))
                    if part > 0:
                        await self.going.wait()
                    await claims.finish(part)
            finally:
                if claims.handing_back:
                    await claims.release()

        return work


@asynccontextmanager
async def a_dispatcher(url: str, name: str, work, *, works: bool = True, lease: LeaseConfig = LEASE):
    bugs: list[BaseException] = []
    async with open_clients(RedisSettings(url=url, timeout_s=lease.answer_s), name) as clients:
        process = f"{name}-{secrets.token_hex(3)}"
        async with open_shared(work, bugs.append, clients, process, lease, works=works) as dispatcher:
            yield dispatcher
    assert bugs == []


async def until(holds) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.02)


async def listed(url: str) -> set[bytes]:
    async with open_clients(RedisSettings(url=url), "reader") as clients:
        return set(await clients.commands.hkeys(OPEN_JOBS))


async def test_a_job_of_a_process_that_takes_none_reaches_one_that_does_and_is_listed_until_it_has_ended(redis_server):
    worked = Worked()
    worked.going.clear()
    async with (
        a_dispatcher(redis_server.url, "worker", worked.by("worker")) as worker,
        a_dispatcher(redis_server.url, "api", worked.by("api"), works=False) as api,
    ):
        await api.submit(JOB)
        await until(lambda: len(worked.parts) == 2)
        assert await listed(redis_server.url) == {b"r_one"}
        worked.going.set()
        await until(lambda: len(worked.parts) == 4 and not worker.active(JobKind.RUN))
        assert await listed(redis_server.url) == set()
    assert worked.parts == [("worker", part) for part in range(4)]


async def test_every_process_that_takes_jobs_works_on_a_run(redis_server):
    worked = Worked()
    worked.going.clear()
    async with (
        a_dispatcher(redis_server.url, "one", worked.by("one")) as one,
        a_dispatcher(redis_server.url, "two", worked.by("two")),
    ):
        await one.submit(JOB)
        await until(lambda: len(worked.parts) == 3)
        worked.going.set()
        await until(lambda: len(worked.parts) == 4)
    assert sorted(part for _, part in worked.parts) == [0, 1, 2, 3]
    assert {name for name, _ in worked.parts} == {"one", "two"}


@pytest.mark.parametrize("works", [True, False])
async def test_a_new_run_begins_at_once_at_any_process(redis_server, works):
    """A process that finds a run without a record asks for reports first, for `settle_s`: more than 17 s here."""
    worked, lease = Worked(), LeaseConfig(lease_s=60.0, answer_s=2.0, record_ttl_s=60)

    async def busy(_job: Job, _claims) -> None:
        await until(lambda: worked.parts)

    async with (
        a_dispatcher(redis_server.url, "submits", busy, works=works, lease=lease) as submits,
        a_dispatcher(redis_server.url, "other", worked.by("other"), lease=lease),
    ):
        async with asyncio.timeout(15):
            await submits.submit(JOB)
            await until(lambda: len(worked.parts) == 4)


async def test_work_that_is_handed_back_continues_at_another_process_before_a_lease_has_ended(redis_server):
    worked, loop = Worked(), asyncio.get_running_loop()
    worked.going.clear()
    lease = LeaseConfig(lease_s=20.0, answer_s=1.0, record_ttl_s=60)
    async with AsyncExitStack() as stack:
        two = await stack.enter_async_context(a_dispatcher(redis_server.url, "two", worked.by("two"), works=False))
        async with a_dispatcher(redis_server.url, "one", worked.by("one"), lease=lease) as one:
            await two.submit(JOB)
            await until(lambda: len(worked.parts) == 2)
            worked.going.set()
            began = loop.time()
            await one.drain(0)
            with pytest.raises(Unavailable):
                await one.submit(JOB)
        assert await listed(redis_server.url) == {b"r_one"}
        await stack.enter_async_context(a_dispatcher(redis_server.url, "three", worked.by("three"), lease=lease))
        await until(lambda: len(worked.parts) == 5)
        assert loop.time() - began < 5
    assert worked.parts == [("one", 0), ("one", 1), ("three", 1), ("three", 2), ("three", 3)]


async def test_a_job_that_an_emptied_redis_lost_is_listed_again_by_its_worker(redis_server):
    worked = Worked()
    worked.going.clear()
    async with a_dispatcher(redis_server.url, "one", worked.by("one")) as one:
        await one.submit(JOB)
        await until(lambda: len(worked.parts) == 2)
        redis_server.empty()
        async with a_dispatcher(redis_server.url, "two", worked.by("two")) as two:
            await until(lambda: two.active(JobKind.RUN))
            worked.going.set()
            await until(lambda: not one.active(JobKind.RUN) and not two.active(JobKind.RUN))
    assert sorted(part for _, part in worked.parts) == [0, 1, 2, 3]


async def test_a_job_begun_without_redis_is_not_doubled_when_redis_is_back():
    worked = Worked()
    with open_redis() as redis:
        redis.stop()
        async with (
            a_dispatcher(redis.url, "one", worked.by("one")) as one,
            a_dispatcher(redis.url, "two", worked.by("two")) as two,
        ):
            worked.going.clear()
            await one.submit(JOB)
            await until(lambda: len(worked.parts) == 2)
            redis.start()
            await until(lambda: two.active(JobKind.RUN))
            worked.going.set()
            await until(lambda: not one.active(JobKind.RUN) and not two.active(JobKind.RUN))
    assert sorted(part for _, part in worked.parts) == [0, 1, 2, 3]
    assert worked.parts[:2] == [("one", 0), ("one", 1)]


async def test_an_ended_job_that_is_listed_once_more_is_removed_without_work(redis_server):
    worked = Worked()
    async with a_dispatcher(redis_server.url, "one", worked.by("one")) as one:
        await one.submit(JOB)
        await until(lambda: not one.active(JobKind.RUN))
        async with a_dispatcher(redis_server.url, "api", worked.by("api"), works=False) as api:
            await api.submit(JOB)
        async with asyncio.timeout(20):
            while await listed(redis_server.url):
                await asyncio.sleep(0.02)
    assert worked.parts == [("one", part) for part in range(4)]


def a_check(name: str, checked: list[str], going: asyncio.Event):
    async def work(_job: Job, claims) -> None:
        if (whole := await claims.next(0)) is not None:
            checked.append(name)
            await going.wait()
            await claims.finish(whole)

    return work


async def test_a_job_of_one_part_is_with_one_process_and_the_others_do_not_wait_for_it(redis_server):
    checked, going = [], asyncio.Event()
    async with AsyncExitStack() as stack:
        workers = [
            await stack.enter_async_context(a_dispatcher(redis_server.url, name, a_check(name, checked, going)))
            for name in ("one", "two", "three")
        ]
        api = await stack.enter_async_context(
            a_dispatcher(redis_server.url, "api", a_check("api", checked, going), works=False)
        )
        await api.submit(CHECK)
        for _ in range(2):  # also one lease later: its process renews it
            await until(lambda: checked and sum(worker.active(JobKind.CHECK) for worker in workers) == 1)
            await asyncio.sleep(LEASE.lease_s * 1.2)
        going.set()
        await until(lambda: not any(worker.active(JobKind.CHECK) for worker in workers))
        assert await listed(redis_server.url) == set()
    assert len(checked) == 1


async def test_a_job_of_one_part_whose_process_is_gone_is_taken_after_a_lease(redis_server):
    checked, going, loop = [], asyncio.Event(), asyncio.get_running_loop()
    going.set()
    async with (
        open_clients(RedisSettings(url=redis_server.url), "gone") as clients,
        a_dispatcher(redis_server.url, "one", a_check("one", checked, going)),
    ):
        began = loop.time()
        await RedisClaims(clients, "gone", CHECK.key, LEASE, lambda: None).next(0)
        await OpenJobs(clients, LEASE).add([CHECK], heartbeat="gone 1", wake=True)
        await until(lambda: checked)
        assert loop.time() - began > LEASE.lease_s
        async with asyncio.timeout(20):
            while await listed(redis_server.url):
                await asyncio.sleep(0.02)
    assert checked == ["one"]


async def test_stopping_waits_no_longer_than_an_answer_may_take_while_redis_is_away(redis_server):
    async def work(_job: Job, claims) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await claims.next(3)  # winding up: the parts of others, who cannot be heard

    lease = LeaseConfig(lease_s=1.0, answer_s=0.3, record_ttl_s=60)
    async with (
        open_clients(RedisSettings(url=redis_server.url, timeout_s=0.3), "lead") as clients,
        a_dispatcher(redis_server.url, "helper", work, lease=lease) as dispatcher,
    ):
        lead = RedisClaims(clients, "lead", JOB.key, lease, lambda: None)
        for _ in range(3):
            await lead.next(3)
        await dispatcher.submit(JOB)
        helping = dispatcher._open[JOB.key].claims
        helping._parts = 3
        await helping.renew()  # hears who leads, and what is taken
        with redis_server.paused():
            began = asyncio.get_running_loop().time()
            await dispatcher.stop(JOB.key)
            assert asyncio.get_running_loop().time() - began < 2


async def test_a_job_whose_session_is_out_of_reach_is_no_fault_and_comes_again(redis_server):
    worked = Worked()
    works, tries = worked.by("worker"), []

    async def work(job: Job, claims) -> None:
        tries.append(job)
        if len(tries) == 1:
            raise RedisAway("Redis does not answer in time.", reason="session_out_of_reach")
        await works(job, claims)

    async with (
        a_dispatcher(redis_server.url, "worker", work),
        a_dispatcher(redis_server.url, "api", worked.by("api"), works=False) as api,
    ):
        await api.submit(JOB)
        await until(lambda: len(worked.parts) == 4)
    assert {name for name, _ in worked.parts} == {"worker"}
