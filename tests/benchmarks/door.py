"""What the look at the door costs a request: of nobody, of a token, of a cookie; and how much of it is who may."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace

from werkzeug.datastructures import Authorization

from api.app import create_app
from api.identity import Door
from core.access.callers import Caller, caller_of
from core.access.passes import new_pass
from core.access.tokens import Register, Scope, entry_of, new_token, read_holders
from core.domain.task import Task
from core.hunting.orders import OpenOrder
from core.runtime import open_runtime
from tests.settings import make_settings

PEOPLE = 150
TIMES = 20_000
HEADER = f"| the door, {PEOPLE} tokens | one look |"


async def measure_door() -> list[str]:
    """A table's rows: microseconds for each step, in this process, without HTTP."""
    tokens = [new_token(n.to_bytes(32, "big")) for n in range(PEOPLE)]
    holders = read_holders(",".join(entry_of(f"p{n}", Scope.TRAINER, token) for n, token in enumerate(tokens)))
    with tempfile.TemporaryDirectory() as folder:
        async with open_runtime(make_settings(telemetry__directory=folder, access__tokens=holders)) as runtime:
            door = Door(runtime, Register(holders))
            who = caller_of(holders[-1])
            session = await runtime.workbench.open_task(Task(prompt="x"), OpenOrder(owner=who.name))
            bearer, given = Authorization("bearer", token=tokens[-1]), door.pass_for(holders[-1])
            forged = new_pass(replace(holders[-1], digest=b"x" * 32), time.time(), 60)
            rows = [
                ("whose token it is", _each_us(lambda: door.caller(bearer, ""))),
                ("whose cookie it is", _each_us(lambda: door.caller(None, given))),
                ("that a cookie is forged", _each_us(lambda: door.caller(None, forged))),
                ("whether a session is theirs", await _shown_us(door, who, session.session_id)),
                ("a whole request in process, health, without a cookie", await _request_us(runtime, "")),
                ("the same with a cookie", await _request_us(runtime, given)),
            ]
    return [f"| {what} | {us:.1f} µs |" for what, us in rows]


def _each_us(look: Callable[[], object]) -> float:
    begin = time.perf_counter()
    for _ in range(TIMES):
        look()
    return (time.perf_counter() - begin) / TIMES * 1e6


async def _shown_us(door: Door, who: Caller, session_id: str) -> float:
    begin = time.perf_counter()
    for _ in range(TIMES):
        assert await door.shows(who, session_id)
    return (time.perf_counter() - begin) / TIMES * 1e6


async def _request_us(runtime: object, given: str) -> float:
    client = create_app(runtime).test_client()  # type: ignore[arg-type]
    headers = {"Cookie": f"model_hunter={given}"} if given else {}
    begin = time.perf_counter()
    for _ in range(TIMES // 20):
        await client.get("/api/health/live", headers=headers)
    return (time.perf_counter() - begin) / (TIMES // 20) * 1e6


if __name__ == "__main__":
    print("\n".join([HEADER, "|---|---|", *asyncio.run(measure_door())]))
