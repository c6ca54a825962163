"""Keeps the lists: loads them from disk, asks the providers now and then, and answers from memory at any time."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import structlog

from core.clock import Clock
from core.errors import ProviderError
from core.providers.model_list.disk import ListFile
from core.providers.model_list.entries import BadList, ListedModel, ModelList, merge_list, parse_list
from core.supervise import running

log = structlog.get_logger(__name__)
REFRESH_S = 6 * 3600.0
"""Between two requests of one account's list, by all processes that share the disk."""
RETRY_S = 600.0
"""After a request that failed."""
FIRST_REFRESH_S = 3.0
"""After the start, which is never delayed."""
LOOK_S = 30.0
"""Between two looks at the disk, where another process may have written a newer list."""
JITTER = 0.2
FOLDER = "models"
FetchList = Callable[[], Awaitable[bytes]]
"""Returns the body of GET /models. Raises ProviderError, whose message holds no key."""


@dataclass(frozen=True)
class ListSource:
    """An account whose list is read."""

    account: str
    address: str = field(repr=False)
    """Base URL, possibly with a password: only its hash is stored."""
    fetch: FetchList

    @property
    def mark(self) -> str:
        return hashlib.sha256(self.address.encode()).hexdigest()[:16]


@dataclass
class _Kept:
    source: ListSource
    file: ListFile
    models: ModelList | None = None
    by_id: Mapping[str, ListedModel] = field(default_factory=dict)
    version: int = 0
    error: str = ""
    tried_at: float = 0.0

    def take(self, models: ModelList | None) -> None:
        if models is not None and models.source == self.source.mark:
            self.models, self.by_id = models, {model.id: model for model in models.models}


class ModelLists:
    """The newest known list of each account. Reading one never waits for a provider or a disk."""

    def __init__(
        self,
        sources: Sequence[ListSource],
        folder: Path,
        clock: Clock,
        *,
        chance: random.Random,
        refresh_s: float = REFRESH_S,
        retry_s: float = RETRY_S,
    ) -> None:
        self._kept = {source.account: _Kept(source, ListFile(folder, source.account)) for source in sources}
        self._clock = clock
        self._chance = chance
        self._refresh_s = refresh_s * chance.uniform(1 - JITTER, 1)
        self._retry_s = retry_s * chance.uniform(1 - JITTER, 1)

    def models(self, account: str) -> Mapping[str, ListedModel]:
        """The models of an account by ID, those that are gone included; empty without a list."""
        kept = self._kept.get(account)
        return kept.by_id if kept else {}

    def fetched_at(self, account: str) -> datetime | None:
        """When the account's list was read from its provider."""
        kept = self._kept.get(account)
        return kept.models.fetched_at if kept and kept.models else None

    def error(self, account: str) -> str:
        """Why the last request failed; "" if it did not."""
        kept = self._kept.get(account)
        return (kept.error or kept.file.problem) if kept else ""

    async def load(self) -> None:
        """Read the lists that any process has written since the last look."""
        for kept in self._kept.values():
            if (version := kept.file.version()) != kept.version:
                kept.take(await asyncio.to_thread(kept.file.read))
                kept.version = version

    async def refresh(self, *, due_only: bool = True) -> None:
        """Ask every provider whose list is due, all at once, and store what they answer."""
        await asyncio.gather(*(self._refresh(kept) for kept in self._kept.values() if not due_only or self._due(kept)))

    async def keep(self, first_s: float = FIRST_REFRESH_S, look_s: float = LOOK_S) -> None:
        """Load, then refresh whenever a list is due, until cancelled by the owner."""
        await self.load()
        await asyncio.sleep(first_s * self._chance.uniform(1, 2))
        while True:
            await self.load()
            await self.refresh()
            await asyncio.sleep(look_s * self._chance.uniform(1 - JITTER, 1))

    def _due(self, kept: _Kept) -> bool:
        now = self._clock.now()
        tried_s = now.timestamp() - max(kept.tried_at, kept.file.tried_at())
        if 0 <= tried_s < self._retry_s:
            return False
        age_s = (now - kept.models.fetched_at).total_seconds() if kept.models else self._refresh_s
        return age_s >= self._refresh_s or age_s < 0

    async def _refresh(self, kept: _Kept) -> None:
        with kept.file.locked() as ours:
            if not ours:
                return  # another process is asking; its list is loaded at the next look
            if kept.file.version() != kept.version:
                await self.load()
                return  # another process has just asked
            kept.tried_at = self._clock.now().timestamp()
            kept.file.mark_tried(kept.tried_at)
            try:
                kept.take(await self._ask(kept))
            except (ProviderError, BadList) as error:
                kept.error = error.message if isinstance(error, ProviderError) else f"Not a list of models: {error}."
                log.warning("model_list.not_refreshed", account=kept.source.account, error=kept.error)
            else:
                kept.error = ""
                kept.version = kept.file.version()

    async def _ask(self, kept: _Kept) -> ModelList:
        body = await kept.source.fetch()
        merged, found = await asyncio.to_thread(self._store, kept, body)
        log.info("model_list.refreshed", account=kept.source.account, models=found)
        return merged

    def _store(self, kept: _Kept, body: bytes) -> tuple[ModelList, int]:
        """Write the answer, merged with the list before it. Returns the list, and how many models the answer has. Takes
        0.1 s for 20,000 models: runs in a thread."""
        found = parse_list(body)
        merged = merge_list(kept.models, found, kept.source.mark, self._clock.now())
        kept.file.write(merged)
        return merged, len(found)


@asynccontextmanager
async def open_model_lists(lists: ModelLists, on_bug: Callable[[BaseException], None]) -> AsyncIterator[ModelLists]:
    """Keep the lists fresh until the block ends."""
    async with running(on_bug, model_lists_refresh=lists.keep):
        yield lists
