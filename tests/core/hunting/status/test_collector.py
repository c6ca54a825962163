"""What the status says of the processes together."""

import asyncio
from contextlib import AsyncExitStack

from core.hunting.status.cluster import limit_conflicts
from core.runtime import open_runtime
from core.status import InstanceStatus
from tests.builders import NOW
from tests.core.hunting.status.test_cluster import sees, settings, until

ONE = {
    "instance": "a", "version": "0.1.0", "role": "both", "status": "healthy", "runs": 0, "hunts": 0, "hunts_done": 0,
    "event_streams": 0, "in_flight": 0, "queued": 0, "uptime_s": 1.0, "last_seen": NOW,
}  # fmt: skip


async def test_processes_with_different_limits_are_warned_of_and_shown(redis_server, tmp_path, capsys, caplog):
    async with AsyncExitStack() as stack:
        small = settings(redis_server.url, tmp_path, "one", openrouter__concurrency=6)
        one = await stack.enter_async_context(open_runtime(small))
        async with open_runtime(settings(redis_server.url, tmp_path, "two", openrouter__concurrency=10)) as two:
            for runtime in (one, two):
                await until(sees(runtime, "one", "two"))
                found = (await runtime.status.status(draining=False)).limit_conflicts
                assert [(c.account, c.limits) for c in found] == [("openrouter", {"one": 6, "two": 10})]
            await asyncio.sleep(0.3)
        await until(sees(one, "one"))
        assert (await one.status.status(draining=False)).limit_conflicts == ()
    # Printed, or handed to logging where a test before this one has configured the logs of this process.
    lines = [*capsys.readouterr().out.splitlines(), *(record.getMessage() for record in caplog.records)]
    warned = [line for line in lines if "cluster.limit_conflict" in line]
    assert len(warned) == 2  # each process once


def test_limits_that_are_the_same_or_of_another_release_are_no_conflict():
    here = InstanceStatus(**ONE, limits={"openai": 8, "lab": 2})
    same, older = InstanceStatus(**ONE | {"instance": "b"}, limits={"openai": 8}), InstanceStatus(**ONE)
    other = InstanceStatus(**ONE | {"instance": "c"}, limits={"lab": 3})
    assert limit_conflicts((here, same, older)) == ()
    assert [(c.account, c.limits) for c in limit_conflicts((here, same, other))] == [("lab", {"a": 2, "c": 3})]
