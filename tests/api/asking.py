"""What tests of routes share: the body of an answer, and the wait for the end of all runs."""


async def body(answer, status=200):
    assert answer.status_code == status, await answer.get_data(as_text=True)
    return await answer.get_json()


async def ended(client, runtime, here):
    """The snapshot once every run has ended."""
    async for _ in runtime.events.watch(here.rpartition("/")[2], "0-0"):
        snapshot = await body(await client.get(here))
        if all(run["finished_at"] for run in snapshot["runs"]):
            return snapshot
    raise AssertionError("the events ended before the run")
