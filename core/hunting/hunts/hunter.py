"""Conducts one hunt: calls the target model, judges the reply and decides the outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from core.clock import Clock, not_before
from core.domain.chat import Message
from core.domain.hunt import Hunt, HuntError, HuntStatus
from core.domain.run import Run
from core.domain.verdict import CriterionVerdict, Outcome, decide
from core.errors import BadInput, Busy, HunterError, ProviderError
from core.hunting.hunts.blind_judging import AT_ONCE, JudgingRules, hold_outcome
from core.hunting.hunts.verdict_batch import PAUSE_S, GatheredSaves, verdict_bytes
from core.judge.judge import Judge
from core.providers.base import CallContext, ChatRequest, PartialReply, Provider, RetryBudget
from core.providers.model_catalog import Catalog

Save = Callable[[Hunt], Awaitable[None]]
BeforeCall = Callable[[], Awaitable[None]]
OUTPUT_LIMIT = "output_limit"
"""Error code of a hunt whose reply was cut off: the reply is paid for and kept, but not judged and not retried."""


async def at_once() -> None:
    """Allow the call: no other process can work on the hunt."""


@dataclass(frozen=True)
class Hunter:
    """Conducts hunts and saves every state. A hunt that already has a reply is only judged, and only on criteria
    without a verdict."""

    catalog: Catalog
    judge: Judge
    clock: Clock
    target_max_output_tokens: int

    async def conduct(
        self,
        hunt: Hunt,
        run: Run,
        *,
        session: str,
        user: str = "",
        budget: RetryBudget,
        save: Save,
        on_reply: Callable[[], None],
        on_call: Callable[[PartialReply], None] | None = None,
        before_call: BeforeCall = at_once,
        history: tuple[Message, ...] = (),
        rules: JudgingRules = AT_ONCE,
    ) -> Hunt:
        """Conduct the hunt and return it, finished and saved. `on_reply` is called when the target call has ended,
        with or without a reply; `on_call` when one of its HTTP calls starts. `before_call` is awaited before each
        target or judge call, after the call has acquired a throttle slot.

        `history`: earlier turns, sent to the target and to the judge.

        Raises BudgetSpent if a daily budget pays for no further call of the target; the hunt is not finished then. A
        judge call that it does not pay for gives an UNDETERMINED verdict. `user`: whose budget it is.

        Provider failures are not raised: they give the outcome `error`. So do a reply that was cut off at its output
        limit, unless the run judges cut replies, and a reply that `rules` reject. Cancelling leaves the last state
        saved; while the hunt only waits to publish its outcome, cancelling ends the wait.
        """
        state = HuntState(hunt, save)
        calling = state.on_slot(self.clock, before_call)
        context = CallContext(
            session=session, user=user, budget=budget, on_slot=calling, on_retry=state.on_retry, on_call=on_call
        )
        try:
            if hunt.reply is None:
                await self._call_target(state, run, context, history)
            on_reply()
            if state.hunt.stopped:  # judging it was requested from a process of the release before
                await state.become(outcome=Outcome.CANCELLED, **self._ended(state.hunt))
            elif state.hunt.cut_off and not run.judge_cut_replies:
                error = self._output_limit_error(state.hunt, run)
                await state.become(outcome=Outcome.ERROR, error=error, **self._ended(state.hunt))
            else:
                judging = CallContext(session=session, user=user, budget=budget, on_slot=before_call)
                await self._judge_reply(state, run, judging, history, rules)
        except (ProviderError, BadInput, Busy) as error:
            on_reply()
            await state.become(outcome=Outcome.ERROR, error=hunt_error(error), **self._ended(state.hunt))
        return state.hunt

    async def _call_target(
        self, state: HuntState, run: Run, context: CallContext, history: tuple[Message, ...]
    ) -> None:
        provider, request = self._request(state.hunt, run, history)
        reply = await provider.complete(request, context)
        await state.become(status=HuntStatus.JUDGING, reply=reply, attempts=max(reply.calls, state.hunt.attempts))

    def _request(self, hunt: Hunt, run: Run, history: tuple[Message, ...] = ()) -> tuple[Provider, ChatRequest]:
        provider, model = self.catalog.resolve(hunt.model)
        messages = (*history, Message(role="user", content=run.task.prompt))
        most = self.target_max_output_tokens or None
        return provider, ChatRequest(model=model, messages=messages, max_output_tokens=most, parameters=hunt.parameters)

    async def _judge_reply(
        self, state: HuntState, run: Run, context: CallContext, history: tuple[Message, ...], rules: JudgingRules
    ) -> None:
        began_s, reply = self.clock.monotonic(), state.hunt.reply
        if reply is None:
            raise RuntimeError("a hunt is judged only when it has a reply")
        await rules.check_reply(reply.text)
        verdicts = await self._grade(state, run, reply.text, context, history)
        if rules.outcome_step_s:
            await state.become(verdicts=verdicts)
            with suppress(asyncio.CancelledError):  # the verdicts are kept even if the wait is cancelled
                await hold_outcome(self.clock, began_s, rules.outcome_step_s)
        outcome = decide((v.verdict for v in verdicts), run.task.pass_rule)
        await state.become(verdicts=verdicts, outcome=outcome, **self._ended(state.hunt))

    async def _grade(
        self, state: HuntState, run: Run, reply: str, context: CallContext, history: tuple[Message, ...]
    ) -> tuple[CriterionVerdict, ...]:
        """Return the verdicts on all criteria, in order. Criteria with a verdict are not judged again."""
        known = {v.criterion_id: v for v in state.hunt.verdicts}
        order = [c.id for c in run.task.criteria]

        async def save() -> None:
            await state.become(verdicts=tuple(known[i] for i in order if i in known))

        async def keep(verdict: CriterionVerdict) -> None:
            known[verdict.criterion_id] = verdict
            if len(known) < len(order):  # the last one is saved together with the outcome
                await saves.add(verdict_bytes(verdict))

        judge = run.judge_of(state.hunt)
        async with GatheredSaves(save, hunt_bytes(state.hunt), pause_s=PAUSE_S) as saves:
            await self.judge.grade_all(
                run.task,
                reply,
                judge.model,
                lambda: context,
                on_verdict=keep,
                skip=dict(known),
                parameters=judge.parameters,
                history=history,
            )
        return tuple(known[i] for i in order)

    def _output_limit_error(self, hunt: Hunt, run: Run) -> HuntError:
        """The error of a cut-off reply. It is kept and shown but not judged, since the missing text may decide."""
        provider, request = self._request(hunt, run)
        return HuntError(
            code=OUTPUT_LIMIT,
            message="The reply was cut off at its output limit, so it was not judged.",
            hint=f"Raise {provider.output_limit(request)}, or judge cut replies (judge_cut_replies).",
        )

    def _ended(self, hunt: Hunt) -> dict[str, object]:
        return {"status": HuntStatus.DONE, "finished_at": not_before(self.clock.now(), hunt.started_at)}


def hunt_bytes(hunt: Hunt) -> int:
    """Approximate bytes per save. The reply is written once, with its first state."""
    chosen = hunt.parameters.rough_bytes + hunt.judge_parameters.rough_bytes
    return chosen + sum(verdict_bytes(verdict) for verdict in hunt.every_verdict)


class HuntState:
    """The current state of a hunt, saved with every change."""

    def __init__(self, hunt: Hunt, save: Save) -> None:
        self.hunt = hunt
        self._save = save

    async def become(self, **changes: object) -> None:
        self.hunt = self.hunt.model_copy(update=changes)
        await self._save(self.hunt)

    def on_slot(self, clock: Clock, before_call: BeforeCall) -> BeforeCall:
        async def calling() -> None:
            if self.hunt.status is HuntStatus.QUEUED:
                await self.become(status=HuntStatus.CALLING, started_at=clock.now(), attempts=1)
            await before_call()

        return calling

    async def on_retry(self, _error: ProviderError, attempts: int, _wait_s: float) -> None:
        await self.become(attempts=attempts + 1)


def hunt_error(error: HunterError) -> HuntError:
    """Convert an error to the value stored in the hunt."""
    if isinstance(error, ProviderError):
        return HuntError(code=error.code, message=error.message, hint=error.hint, status=error.status, raw=error.raw)
    return HuntError(code=error.code, message=error.message, hint=error.hint)
