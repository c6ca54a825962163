"""A provider that does what a test tells it, and the parts around it that a run needs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

from core.domain.chat import Reply
from core.domain.session import Session
from core.errors import Advice, NotFound, ProviderError
from core.eventlog.memory import MemoryEventLog
from core.hunting.activity import Activity
from core.hunting.hunts.hunter import Hunter
from core.hunting.hunts.second_opinions import SecondOpinions
from core.hunting.runs.part_worker import PartWorker
from core.hunting.runs.runner import Runner
from core.hunting.runs.second_opinions_of_run import RunOpinions
from core.judge.judge import Judge
from core.livetext.local import LocalLiveText
from core.providers.base import CallContext, ChatRequest, PartialReply, Provider
from core.sessions.memory import MemorySessionStore
from tests.builders import HandClock, a_run, a_session
from tests.settings import make_settings

Answer = Callable[[ChatRequest], Reply]


def passes(request: ChatRequest) -> Reply:
    if request.purpose == "judge":
        return Reply(text=json.dumps({"reason": "It does.", "evidence": "", "verdict": "PASS"}), cost_usd=0.001)
    return Reply(text="A reply.", cost_usd=0.01)


def fails(code: str = "server_error") -> ProviderError:
    return ProviderError(f"It failed: {code}.", code=code, advice=Advice.LATER)


class ScriptedProvider(Provider):
    name = account = "told"

    def __init__(self, answer: Answer = passes) -> None:
        self.answer = answer
        self.targets = self.judgements = self.in_flight = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.growing: PartialReply | None = None
        """What has arrived of every target call."""

    async def complete(self, request: ChatRequest, context: CallContext) -> Reply:
        await context.on_slot()
        self.in_flight += 1
        try:
            if request.purpose == "target":
                self.targets += 1
                if self.growing is not None and context.on_call is not None:
                    context.on_call(self.growing)
                await self.gate.wait()
            else:
                self.judgements += 1
            await asyncio.sleep(0)
            return self.answer(request)
        finally:
            self.in_flight -= 1


class OneCatalog:
    """A catalog in which every model is the told provider's."""

    default_judge = "told/judge"

    def __init__(self, provider: ScriptedProvider) -> None:
        self.provider = provider

    def resolve(self, model: str) -> tuple[Provider, str]:
        if not model.startswith("told/"):
            raise NotFound(f"no {model}")
        return self.provider, model.removeprefix("told/")

    def limit(self, _account: str) -> int:
        return 4


class Bench:
    """A session in memory and a runner that works on it."""

    def __init__(self, answer: Answer = passes, **settings: object) -> None:
        self.provider = ScriptedProvider(answer)
        self.clock = HandClock()
        self.settings = make_settings(**settings)
        self.log = MemoryEventLog(self.clock, 20000)
        self.store = MemorySessionStore(
            self.clock, ttl_s=7200, max_sessions=9, append=self.log.append_now, forget=self.log.forget_now
        )
        self.records: list[object] = []
        catalog = OneCatalog(self.provider)
        judge = Judge(catalog, self.settings.calls)
        self.hunter = Hunter(catalog, judge, self.clock, 0)
        self.opinions = SecondOpinions(judge, self.clock)
        self.activity = Activity()
        self.live_text = LocalLiveText(self.clock, self.activity.record_unexpected_error)
        self.parts = PartWorker(
            self.store,
            self.hunter,
            self.clock,
            self.activity,
            self.records.append,
            opinions=RunOpinions(
                self.store, self.opinions, self.clock, blind_outcome_step_s=self.settings.hunting.blind_outcome_step_s
            ),
            live_text=self.live_text,
            blind_outcome_step_s=self.settings.hunting.blind_outcome_step_s,
            max_reply_chars=self.settings.telemetry.max_reply_chars,
        )
        self.runner = Runner(
            self.store,
            self.clock,
            self.activity,
            self.records.append,
            self.parts,
            calls=self.settings.calls,
            hunting=self.settings.hunting,
            max_queued_calls=self.settings.throttle.max_queued_calls,
        )

    async def open(self, session: Session) -> None:
        await self.store.create(session, b"")

    async def hunts(self) -> list:
        return list((await self.store.hunts("s_one", limit=2000)).hunts)

    async def run(self):
        return (await self.store.read("s_one")).runs[0]


def a_started_session(hunts: int = 6, **changes):
    return a_session(runs=(a_run(hunts, models=("told/a", "told/b"), judge_model="told/judge", **changes),))
