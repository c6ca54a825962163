"""The shared throttle as a state machine: 2 to 4 processes with the real code and the real script, time handed in."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable
from dataclasses import dataclass, field
from types import SimpleNamespace

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from redis.asyncio import Redis

from core.redis.client import RedisClients
from core.settings import ThrottleSettings
from core.throttle.adaptive import Adaptive
from core.throttle.redis import RedisThrottle
from tests.builders import HandClock
from tests.chaos.late_redis import Wire, World

LIMIT = 6
SETTINGS = ThrottleSettings(lease_s=10.0, renew_s=1.0, poll_s=0.25, leave_s=2.0)
PLACES = st.integers(0, 3)


@dataclass(eq=False)
class Caller:
    throttle: RedisThrottle
    wire: Wire
    frozen_at: float | None = None
    waiting: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def limiter(self):
        return self.throttle._limiters["lab"]

    def calls(self, now: float) -> int:
        """In flight, of which the provider still knows: calls do not outlast the lease of a stopped process."""
        gone = self.frozen_at is not None and now - self.frozen_at > SETTINGS.lease_s - SETTINGS.renew_s
        return 0 if gone else self.limiter.in_flight


class SlotsMachine(RuleBasedStateMachine):
    """Give it `url`, a `loop`, `time` (with the seconds of the world) and `happened` before it runs."""

    url = ""
    loop: asyncio.AbstractEventLoop
    time: SimpleNamespace
    happened: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.world = World(Redis.from_url(self.url))
        self.time.monotonic = lambda: self.world.now
        self.callers: list[Caller] = []
        self.born = 0
        self.run(self._open())

    def run(self, doing: Awaitable[object]) -> object:
        return self.loop.run_until_complete(doing)

    async def _open(self) -> None:
        await self.world.redis.flushall()
        await self.world.show_time()

    def teardown(self) -> None:
        for caller in self.callers:
            for task in caller.waiting:
                task.cancel()
        self.run(asyncio.sleep(0))
        self.run(self.world.redis.aclose())

    @initialize(n=st.integers(2, 4))
    def begin(self, n: int) -> None:
        for _ in range(n):
            self.start()
        self.pass_time(3)

    @precondition(lambda self: len(self.callers) < 4 and not self.world.hung)
    @rule()
    def start(self) -> None:
        self.born += 1
        wire = Wire(self.world)
        throttle = RedisThrottle(
            RedisClients(wire, wire), f"p{self.born}", [("lab", LIMIT)],
            settings=SETTINGS, timeout_s=0.8, clock=HandClock(), adaptive=Adaptive(on=False),
        )  # fmt: skip
        self.callers.append(Caller(throttle, wire))
        self.run(throttle._sync())

    def _awake(self, place: int) -> Caller | None:
        awake = [c for c in self.callers if c.frozen_at is None]
        return awake[place % len(awake)] if awake else None

    @rule(place=PLACES, calls=st.integers(1, 8), session=st.sampled_from("ab"))
    def call(self, place: int, calls: int, session: str) -> None:
        if caller := self._awake(place):
            for _ in range(calls):
                caller.waiting.append(self.loop.create_task(caller.limiter.acquire(session, self.world.now)))
            self.run(self._sync(caller))

    @rule(place=PLACES, calls=st.integers(1, 6))
    def end_calls(self, place: int, calls: int) -> None:
        caller = self._awake(place)
        for _ in range(min(calls, caller.limiter.in_flight) if caller else 0):
            caller.limiter.release(next(iter(caller.limiter.by_session)))
            self.happened["called"] += 1
        self.run(asyncio.sleep(0))

    @rule(place=PLACES, lose_answer=st.sampled_from([False, False, True]))
    def report(self, place: int, lose_answer: bool) -> None:
        if caller := self._awake(place):
            caller.wire.lose_answer = lose_answer and not self.world.hung
            self.run(self._sync(caller))
            caller.wire.lose_answer = False

    async def _sync(self, caller: Caller) -> None:
        await asyncio.sleep(0)
        await caller.throttle._sync()
        await asyncio.sleep(0)

    @rule(seconds=st.integers(1, 14))
    def pass_time(self, seconds: int) -> None:
        for _ in range(seconds):
            self.world.now += SETTINGS.renew_s
            self.run(self.world.show_time())
            for caller in self.callers:
                if caller.frozen_at is None:
                    self.run(self._sync(caller))

    @rule(kind=st.sampled_from(["freeze", "die", "hang", "flush", "restart"]), place=PLACES)
    def break_something(self, kind: str, place: int) -> None:
        caller = self._awake(place)
        self.happened[kind] += 1
        if kind == "freeze" and caller:
            caller.frozen_at = self.world.now
        elif kind == "die" and caller and len(self.callers) > 1:
            for task in caller.waiting:
                task.cancel()
            self.callers.remove(caller)
        elif kind == "hang":
            self.world.hung = True
        elif kind == "flush" and not self.world.hung:
            self.run(self._open())
        elif kind == "restart" and not self.world.hung:
            self.run(self.world.redis.script_flush())

    @rule(place=PLACES)
    def unfreeze(self, place: int) -> None:
        caller = self.callers[place % len(self.callers)]
        if caller.frozen_at is not None:
            gone = caller.calls(self.world.now) == 0
            caller.frozen_at = None
            while gone and caller.limiter.in_flight:
                caller.limiter.release(next(iter(caller.limiter.by_session)))
            self.run(asyncio.sleep(0))

    @precondition(lambda self: self.world.hung)
    @rule()
    def answer_again(self) -> None:
        self.world.hung = False

    @precondition(lambda self: self.world.late and not self.world.hung)
    @rule(place=st.integers(0, 20))
    def carry_out_late(self, place: int) -> None:
        self.happened["late"] += 1
        self.run(self.world.late.pop(place % len(self.world.late))())

    @invariant()
    def the_limit_holds(self) -> None:
        calls = {c.throttle._process: c.calls(self.world.now) for c in self.callers}
        assert sum(calls.values()) <= LIMIT, f"{calls} exceed the limit"
