"""The protocol of claims as a state machine: 2 to 4 processes with the real code and the real scripts on a real Redis.

Time is handed in: the scripts read it from a key instead of TIME, the processes from the world. Redis "hangs" by
keeping commands back: who sent them gives up, and they are carried out at any later moment.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable
from dataclasses import dataclass, field

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from redis.asyncio import Redis

from core.clock import RedisTime
from core.domain.hunt import Hunt, HuntStatus
from core.domain.verdict import Outcome
from core.errors import NotFound
from core.hunting.dispatch import claims as claims_module
from core.hunting.dispatch.claims import NONE_FREE, LeaseConfig, RedisClaims
from core.redis.client import RedisClients
from core.sessions.base import Claim, Saved
from core.sessions.redis import RedisSessionStore
from tests.builders import HandClock, a_hunt, a_run, a_session
from tests.chaos.late_redis import Wire, World, script_with_time_handed_in

PARTS, HUNTS_OF_A_PART = 8, 3
TERMS = LeaseConfig(lease_s=6.0, answer_s=0.8, record_ttl_s=7200)
PLACES = st.integers(0, 3)


@dataclass(eq=False)
class Process:
    name: str
    claims: RedisClaims
    wire: Wire
    frozen: bool = False
    memory: dict[str, Hunt] = field(default_factory=dict)
    unsaid: set[str] = field(default_factory=set)
    """Hunts that were saved here while Redis hung."""
    about_to_call: Hunt | None = None
    calling: Hunt | None = None


class ClaimsMachine(RuleBasedStateMachine):
    """Give it `url` and a `loop` before it runs."""

    url = ""
    loop: asyncio.AbstractEventLoop
    happened: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.world = World(Redis.from_url(self.url))
        self.processes: list[Process] = []
        self.born = 0
        self.paid: dict[str, int] = {}
        self.fences: dict[int, int] = {}
        self.taken: dict[int, int] = {}
        """The newest claim on each part that the store has been told of, since Redis last lost its data."""
        self.run(self._open())

    def run(self, doing: Awaitable[object]) -> object:
        return self.loop.run_until_complete(doing)

    async def _open(self) -> None:
        await self.world.redis.flushall()
        await self.world.show_time()
        self.store = RedisSessionStore(
            self.world.redis, HandClock(), ttl_s=7200, max_events=50, events_age_s=100, timeout_s=5,
            forget=lambda _sid: None,
        )  # fmt: skip
        self.session = a_session(runs=(a_run(hunts=PARTS * HUNTS_OF_A_PART, part_hunts=HUNTS_OF_A_PART),))
        await self.store.create(self.session, b"")

    def teardown(self) -> None:
        self.run(self.world.redis.aclose())

    # -- who is there

    @initialize(n=st.integers(2, 4))
    def begin(self, n: int) -> None:
        for place in range(n):
            self._start(fresh=place == 0)
        self.claim(0, False)  # who submits a job is the first to claim a part of it

    def _start(self, *, fresh: bool = False) -> None:
        self.born += 1
        name, wire, now = f"p{self.born}", Wire(self.world), lambda: self.world.now
        claims = RedisClaims(
            RedisClients(wire, wire), name, "r_one", TERMS, lambda: None,
            fresh=fresh, redis_time=RedisTime(now), monotonic=now,
        )  # fmt: skip
        process = Process(name, claims, wire)
        claims.on_lost = lambda part: self._give_up(process, part)
        self.processes.append(process)

    def _give_up(self, process: Process, part: int) -> None:
        """What cancelling the part's tasks does."""
        for doing in ("about_to_call", "calling"):
            hunt = getattr(process, doing)
            if hunt is not None and part_of(hunt) == part:
                setattr(process, doing, None)

    def _awake(self, place: int) -> Process | None:
        awake = [p for p in self.processes if not p.frozen]
        return awake[place % len(awake)] if awake else None

    @rule(kind=st.sampled_from(["freeze", "die", "hang", "flush", "restart", "jump"]), place=PLACES)
    def break_something(self, kind: str, place: int) -> None:
        if kind == "freeze":
            self.freeze(place)
        elif kind == "die" and len(self.processes) > 1:
            del self.processes[place % len(self.processes)]
        elif kind == "jump":
            self.pass_time_with_nobody_awake([0.5, 3, 7, 20][place])
        elif not self.world.hung:
            {"hang": self.hang, "flush": self.flush, "restart": self.restart_with_data}.get(kind, lambda: None)()

    def freeze(self, place: int) -> None:
        if process := self._awake(place):
            process.frozen = True

    @rule(place=PLACES)
    def unfreeze(self, place: int) -> None:
        process = self.processes[place % len(self.processes)]
        process.frozen = False
        if not self.world.hung:
            self.run(self._put_back([process]))

    @precondition(lambda self: len(self.processes) < 4 and not self.world.hung)
    @rule()
    def start(self) -> None:
        self._start()
        self.run(self._learn())

    # -- time

    @rule(renewals=st.integers(1, 12))
    def pass_time(self, renewals: int) -> None:
        """Every process that is awake renews and learns."""
        self.run(self._pass_time(renewals))

    async def _pass_time(self, renewals: int) -> None:
        for _ in range(renewals):
            self.world.now += TERMS.renew_s
            await self.world.show_time()
            for process in self.processes:
                if not process.frozen:
                    await process.claims.renew()
        await self._learn()

    def pass_time_with_nobody_awake(self, seconds: float) -> None:
        self.world.now += seconds
        self.run(self.world.show_time())

    # -- what Redis does

    def hang(self) -> None:
        self.world.hung = True

    @precondition(lambda self: self.world.hung)
    @rule(lost=st.booleans())
    def answer_again(self, lost: bool) -> None:
        """`lost`: it was restarted empty."""
        self.world.hung = False
        if lost:
            self.world.late.clear()
            self.run(self._lose())
        self.run(self._put_back([p for p in self.processes if not p.frozen]))

    @precondition(lambda self: self.world.late and not self.world.hung)
    @rule(place=st.integers(0, 20))
    def carry_out_late(self, place: int) -> None:
        self.run(self.world.late.pop(place % len(self.world.late))())

    def flush(self) -> None:
        self.run(self._lose())
        self.run(self._put_back([p for p in self.processes if not p.frozen]))

    def restart_with_data(self) -> None:
        self.run(self.world.redis.script_flush())

    async def _lose(self) -> None:
        await self.world.redis.flushall()
        self.world.now += 0.001  # nothing is made anew in the same microsecond
        await self.world.show_time()
        self.store.clear_caches()
        self.taken.clear()
        for process in self.processes:
            process.unsaid |= process.memory.keys()

    async def _put_back(self, processes: list[Process]) -> None:
        """As sessions that were away go back: states without a claim, none over one that is further."""
        for process in processes:
            try:
                await self.store.read("s_one")
            except NotFound:
                await self.store.create(self.session, b"")
            for hunt_id in sorted(process.unsaid):
                await self.store.save_hunt("s_one", process.memory[hunt_id])
            process.unsaid.clear()

    async def _learn(self) -> None:
        if self.world.hung:
            return
        for hunt in (await self.store.hunts("s_one")).hunts if await self._session_there() else ():
            for process in self.processes:
                if not process.frozen and hunt.status is HuntStatus.DONE:
                    process.memory[hunt.hunt_id] = hunt

    async def _session_there(self) -> bool:
        return await self.store.peek("s_one") is not None

    # -- work, as the runner does it

    @rule(place=PLACES, lose_answer=st.sampled_from([False, False, False, True]))
    def claim(self, place: int, lose_answer: bool) -> None:
        process = self._awake(place)
        if process is None or (self.world.hung and process.claims._data_name is None):
            return
        process.wire.lose_answer = lose_answer and not self.world.hung
        given = self.run(process.claims.claim(PARTS))
        process.wire.lose_answer = False
        if not isinstance(given, int) or not 0 <= given < PARTS:
            return
        finished = all(i in self._known_done() for i in ids_of(given)) and self._said_done(given)
        assert not finished, f"part {given} is finished and given out again"
        fence = process.claims.fence(given)
        if fence is not None:
            assert fence > self.fences.get(given, 0), "numbers of claims only grow"
            self.fences[given] = fence
            if not self.run(self._take(process, given)):
                process.claims.lose(given)

    async def _take(self, process: Process, part: int) -> bool:
        fence = process.claims.fence(part) or 0
        taken = await self.store.accept_claim("s_one", Claim(f"r_one.{part}", fence))
        assert taken == (fence >= self.taken.get(part, 0)), "a claim holds unless there is a later one"
        self.taken[part] = max(fence, self.taken.get(part, 0))
        return taken

    def _said_done(self, part: int) -> bool:
        return any(part in p.claims._done_here for p in self.processes if not p.frozen and not p.claims._unsaid)

    @rule(place=PLACES, nth=st.integers(0, 5))
    def prepare_call(self, place: int, nth: int) -> None:
        """Save the hunt as calling: the last step before the claim is checked and the call is made."""
        process = self._awake(place)
        if process is None or process.about_to_call or process.calling:
            return
        self.run(self._prepare(process, nth))

    async def _prepare(self, process: Process, nth: int) -> None:
        if not self.world.hung:
            await self._learn()
        ours = [i for part in sorted(process.claims.held) if part < PARTS for i in ids_of(part)]
        left = [i for i in ours if i not in process.memory or process.memory[i].status is not HuntStatus.DONE]
        if not left:
            return
        hunt = hunt_of(left[nth % len(left)]).model_copy(update={"status": HuntStatus.CALLING})
        if await self._save(process, hunt) is Saved.KEPT:
            process.about_to_call = hunt

    @rule(place=PLACES)
    def call(self, place: int) -> None:
        process = self._awake(place)
        if process is None or process.about_to_call is None:
            return
        holds = self.run(process.claims.holds(part_of(process.about_to_call)))
        hunt, process.about_to_call = process.about_to_call, None
        if hunt is None or not holds:
            self.happened["refused"] += 1  # it learned that the part is lost, or cannot be sure of it
        if hunt is None:
            return
        if not holds:
            process.claims.lose(part_of(hunt))
            return
        assert hunt.hunt_id not in self._known_done(), f"{hunt.hunt_id} is finished and paid for again"
        others = [p.name for p in self.processes if p is not process and self._calls(p, hunt)]
        assert not others, f"{hunt.hunt_id} is called by {others} too"
        self.happened["called"] += 1
        self.paid[hunt.hunt_id] = self.paid.get(hunt.hunt_id, 0) + 1
        process.calling = hunt

    def _calls(self, process: Process, hunt: Hunt) -> bool:
        calling = process.calling is not None and process.calling.hunt_id == hunt.hunt_id
        return calling and not process.frozen and process.claims._certain()

    @rule(place=PLACES)
    def reply(self, place: int) -> None:
        """The call ends, and the hunt with it."""
        process = self._awake(place)
        if process is None or process.calling is None:
            return
        hunt, process.calling = process.calling, None
        known = hunt.hunt_id in self._known_done()
        ended = hunt.model_copy(update={"status": HuntStatus.DONE, "outcome": Outcome.HELD})
        if self.run(self._save(process, ended)) is Saved.KEPT:
            assert not known or self.world.hung, f"{hunt.hunt_id} ends twice"

    @rule(place=PLACES)
    def finish(self, place: int) -> None:
        """Parts of which every hunt is done are said to be."""
        process = self._awake(place)
        if process is None:
            return
        for part in sorted(process.claims.held):
            done = [process.memory.get(i) for i in ids_of(part)]
            if part < PARTS and all(h is not None and h.status is HuntStatus.DONE for h in done):
                self.run(process.claims.finish(part))

    async def _save(self, process: Process, hunt: Hunt) -> Saved:
        part = part_of(hunt)
        fence = process.claims.fence(part)
        claim = Claim(f"r_one.{part}", fence) if fence else None
        if self.world.hung:
            self.world.late.append(lambda: self._save_late(hunt, claim))
            before = process.memory.get(hunt.hunt_id)
            if before is not None and not before.may_become(hunt):
                return Saved.PASSED_OVER
            process.memory[hunt.hunt_id] = hunt
            process.unsaid.add(hunt.hunt_id)
            return Saved.KEPT
        before = await self._stored(hunt.hunt_id)
        saved = await self.store.save_hunt("s_one", hunt, claim=claim)
        if claim is not None and claim.fence < self.taken.get(part, 0):
            assert saved is Saved.REFUSED, "a save with an old number was kept"
            assert await self._stored(hunt.hunt_id) == before, "a save with an old number changed something"
        elif claim is not None:
            self.taken[part] = max(claim.fence, self.taken.get(part, 0))
        self.happened[saved] += 1
        if saved is Saved.REFUSED:
            process.claims.lose(part)
        elif saved is Saved.KEPT:
            process.memory[hunt.hunt_id] = hunt
        return saved

    async def _save_late(self, hunt: Hunt, claim: Claim | None) -> None:
        before = await self._stored(hunt.hunt_id) if await self._session_there() else None
        if not await self._session_there():
            return
        saved = await self.store.save_hunt("s_one", hunt, claim=claim)
        if claim is not None and claim.fence < self.taken.get(part_of(hunt), 0):
            self.happened["refused late"] += 1
            assert saved is Saved.REFUSED, "a late save with an old number was kept"
            assert await self._stored(hunt.hunt_id) == before, "a late save with an old number changed something"
        elif claim is not None:
            self.taken[part_of(hunt)] = max(claim.fence, self.taken.get(part_of(hunt), 0))

    async def _stored(self, hunt_id: str) -> Hunt | None:
        try:
            return await self.store.hunt("s_one", hunt_id)
        except NotFound:
            return None

    def _known_done(self) -> set[str]:
        """Hunts whose result somebody who can be asked has: Redis, or a process that is awake."""
        known = {i for p in self.processes if not p.frozen for i, h in p.memory.items() if h.status is HuntStatus.DONE}
        if self.world.hung:
            return known
        return known | {h.hunt_id for h in self.run(self._done_in_redis())}

    async def _done_in_redis(self) -> list[Hunt]:
        if not await self._session_there():
            return []
        return [h for h in (await self.store.hunts("s_one")).hunts if h.status is HuntStatus.DONE]

    @rule(place=PLACES, nth=st.integers(0, 5), calls=st.integers(1, 4))
    def work(self, place: int, nth: int, calls: int) -> None:
        """Some of a run's ordinary course, undisturbed."""
        process = self._awake(place)
        if process is None:
            return
        at = [p for p in self.processes if not p.frozen].index(process)
        if len(process.claims.held) < 2:
            self.claim(at, False)
        for _ in range(calls):
            self.prepare_call(at, nth)
            self.call(at)
            self.reply(at)
        self.finish(at)

    @rule(place=PLACES, nth=st.integers(0, 5), seconds=st.sampled_from([1, 8, 20]), calls=st.integers(0, 4))
    def stall_before_a_call(self, place: int, nth: int, seconds: int, calls: int) -> None:
        """A process is stopped just before a call and resumes after others have continued without it."""
        process = self._awake(place)
        if process is None:
            return
        if not process.claims.held:
            self.claim([p for p in self.processes if not p.frozen].index(process), False)
        self.prepare_call([p for p in self.processes if not p.frozen].index(process), nth)
        process.frozen = True
        self.pass_time(int(seconds / TERMS.renew_s))
        self.work(place + 1, nth, calls + 1)
        process.frozen = False
        if not self.world.hung:
            self.run(self._put_back([process]))
        self.call([p for p in self.processes if not p.frozen].index(process))

    # -- what must hold

    @invariant()
    def nobody_shares_a_part(self) -> None:
        for part in range(PARTS):
            sure = [p.name for p in self.processes if not p.frozen and part in p.claims.held and p.claims._certain()]
            assert len(sure) <= 1, f"{sure} are sure of part {part}"


def ids_of(part: int) -> list[str]:
    return [f"r_one.{n + 1}" for n in range(part * HUNTS_OF_A_PART, (part + 1) * HUNTS_OF_A_PART)]


def part_of(hunt: Hunt) -> int:
    return (hunt.number - 1) // HUNTS_OF_A_PART


def hunt_of(hunt_id: str) -> Hunt:
    return a_hunt(int(hunt_id.rpartition(".")[2]))


__all__ = ["NONE_FREE", "ClaimsMachine", "claims_module", "script_with_time_handed_in"]
