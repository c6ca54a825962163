"""Adds the name that was probably meant to the error of a provider that does not know a model."""

from __future__ import annotations

from collections.abc import Callable

from core.domain.chat import Reply
from core.errors import ProviderError
from core.providers.base import CallContext, ChatRequest, Provider, ProviderLayer
from core.providers.causes import UNKNOWN_MODEL


class Hinting(ProviderLayer):
    """The outermost layer: Hinting(Retrying(Budgeted(Throttled(provider))))."""

    def __init__(self, inner: Provider, near: Callable[[str], list[str]]) -> None:
        """`near`: known names that resemble `provider/model ID`."""
        super().__init__(inner)
        self._near = near

    async def complete(self, request: ChatRequest, context: CallContext) -> Reply:
        try:
            return await self._inner.complete(request, context)
        except ProviderError as error:
            if error.code == UNKNOWN_MODEL.code and (near := self._near(f"{self.name}/{request.model}")):
                error.hint = f"Did you mean {' or '.join(near)}? {error.hint}"
            raise
