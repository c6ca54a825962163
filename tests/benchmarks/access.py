"""The cost of access control for a request: by token, by cookie, and for a whole request."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace

from werkzeug.datastructures import Authorization

from api.app import create_app
from api.identity import AccessGuard
from core.access.cookies import new_cookie
from core.access.roles import Caller, SessionRole, caller_of
from core.access.tokens import Register, Scope, entry_of, new_token, read_holders
from core.domain.task import Task
from core.hunting.orders import OpenOrder
from core.runtime import open_runtime
from tests.settings import make_settings

PEOPLE = 150
TIMES = 20_000
ADDRESS = "127.0.0.1"
HEADER = f"| access control, {PEOPLE} tokens | each |"


async def measure_access() -> list[str]:
    """A table's rows: microseconds for each step, in this process, without HTTP."""
    tokens = [new_token(n.to_bytes(32, "big")) for n in range(PEOPLE)]
    holders = read_holders(",".join(entry_of(f"p{n}", Scope.TRAINER, token) for n, token in enumerate(tokens)))
    with tempfile.TemporaryDirectory() as folder:
        async with open_runtime(make_settings(telemetry__directory=folder, access__tokens=holders)) as runtime:
            guard = AccessGuard(runtime, Register(holders))
            who = caller_of(holders[-1])
            session = await runtime.service.open_task(Task(prompt="x"), OpenOrder(owner=who.name))
            bearer, given = Authorization("bearer", token=tokens[-1]), guard.cookie_for(holders[-1])
            forged = new_cookie(replace(holders[-1], digest=b"x" * 32), time.time(), 60)
            rows = [
                ("find the caller of a token", _each_us(lambda: guard.caller(bearer, "", ADDRESS))),
                ("find the caller of a cookie", _each_us(lambda: guard.caller(None, given, ADDRESS))),
                ("reject a forged cookie", _each_us(lambda: guard.caller(None, forged, ADDRESS))),
                ("check that a session is theirs", await _check_us(guard, who, session.session_id)),
                ("a whole request in process (health), without a cookie", await _request_us(runtime, "")),
                ("the same with a cookie", await _request_us(runtime, given)),
            ]
    return [f"| {what} | {us:.1f} µs |" for what, us in rows]


def _each_us(action: Callable[[], object]) -> float:
    begin = time.perf_counter()
    for _ in range(TIMES):
        action()
    return (time.perf_counter() - begin) / TIMES * 1e6


async def _check_us(guard: AccessGuard, who: Caller, session_id: str) -> float:
    begin = time.perf_counter()
    for _ in range(TIMES):
        assert await guard.role(who, session_id) is SessionRole.OWNER
    return (time.perf_counter() - begin) / TIMES * 1e6


async def _request_us(runtime: object, given: str) -> float:
    client = create_app(runtime).test_client()
    headers = {"Cookie": f"model_hunter={given}"} if given else {}
    begin = time.perf_counter()
    for _ in range(TIMES // 20):
        await client.get("/api/health/live", headers=headers)
    return (time.perf_counter() - begin) / (TIMES // 20) * 1e6


if __name__ == "__main__":
    print("\n".join([HEADER, "|---|---|", *asyncio.run(measure_access())]))
