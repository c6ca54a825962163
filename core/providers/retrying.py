"""Retries as the error advises, within limits on attempts and time and the run's budget."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence

from core.domain.chat import Reply
from core.errors import Advice, ProviderError
from core.providers.base import CallContext, ChatRequest, Provider, ProviderLayer
from core.settings import CallSettings

Sleep = Callable[[float], Awaitable[None]]
MAX_EARLIER_CHARS = 200
"""Maximum length of an earlier error's message in the final error's message."""


class Retrying(ProviderLayer):
    """The order is Retrying(Budgeted(Throttled(provider))): a call that pauses holds no slot."""

    def __init__(
        self, inner: Provider, settings: CallSettings, chance: random.Random, sleep: Sleep = asyncio.sleep
    ) -> None:
        super().__init__(inner)
        self.retries = 0
        """Since the process started."""
        self._settings = settings
        self._chance = chance
        self._sleep = sleep

    async def complete(self, request: ChatRequest, context: CallContext) -> Reply:
        attempt = 1
        earlier: list[ProviderError] = []
        while True:
            try:
                reply = await self._inner.complete(request, context)
            except ProviderError as error:
                pause_s = self._pause_s(error, attempt, context, earlier)
                earlier.append(error)
                await context.on_retry(error, attempt, pause_s)
            else:
                return reply if attempt == 1 else reply.model_copy(update={"calls": reply.calls + attempt - 1})
            self.retries += 1
            await self._sleep(pause_s)
            attempt += 1

    def _pause_s(
        self, error: ProviderError, attempt: int, context: CallContext, earlier: Sequence[ProviderError]
    ) -> float:
        """The pause before the next attempt; raises the error, with the earlier failures, if there is none."""
        if error.advice is Advice.NEVER or attempt >= self._settings.max_attempts:
            raise _final_error(error, earlier)
        pause_s = pause_after_s(self._settings, attempt, error, self._chance)
        if pause_s > self._settings.max_retry_after_s:
            why = f"it asks to wait {pause_s:.0f} s, the maximum is {self._settings.max_retry_after_s:.0f} s"
            raise _final_error(error, earlier, why)
        if not context.budget.spend():
            raise _final_error(error, earlier, "the run's retry budget is used up")
        return pause_s


def _final_error(error: ProviderError, earlier: Sequence[ProviderError], why: str = "") -> ProviderError:
    """The same error with the reason why it is final, and the other causes of earlier attempts."""
    others = {failure.code: failure for failure in reversed(earlier) if failure.code != error.code}
    notes = [f"Not retried: {why}."] if why else []
    if others:
        listed = "; ".join(failure.message[:MAX_EARLIER_CHARS].rstrip(".") for failure in reversed(others.values()))
        notes.append(f"Earlier attempts: {listed}.")
    if not notes:
        return error
    return ProviderError(
        " ".join([error.message if error.message.endswith(".") or not others else f"{error.message}.", *notes]),
        code=error.code,
        advice=Advice.NEVER if why else error.advice,
        retry_after_s=error.retry_after_s,
        status=error.status,
        provider=error.provider,
        hint=error.hint,
        raw=error.raw,
    )


def pause_after_s(settings: CallSettings, attempt: int, error: ProviderError, chance: random.Random) -> float:
    """The pause after attempt number `attempt`: the provider's Retry-After, or our exponential backoff.

    The backoff is randomised between half and all of it, so that calls that failed together don't retry together.
    """
    doubled_s = settings.retry_min_wait_s * 2 ** (attempt - 1)
    own_s = min(settings.retry_max_wait_s, doubled_s) * chance.uniform(0.5, 1.0)
    return own_s if error.retry_after_s is None else max(error.retry_after_s, own_s if own_s < 1 else 0.0)
