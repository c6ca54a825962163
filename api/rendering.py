"""Markdown of models is rendered in a process of its own, which is killed when a text takes too long.

Markdown can be written so that rendering 190 kB takes 16 s. A thread cannot be ended, and shares the interpreter with
every request; a process can, and does not. Short texts are rendered at once: the worst of them takes milliseconds.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass, field

import structlog
from cachetools import LRUCache

from api.markdown import RENDERED_MOST_CHARS, as_text, render, render_bytes
from core.child_process import CallLimits, ChildFailed, ChildLost, ChildProcess

log = structlog.get_logger(__name__)
SHORT_CHARS = 2000
"""Rendered without a process. The dearest text of that length takes about 15 ms."""
DEADLINE_S = 1.0
"""Of one text, once the process has it."""
MAX_WAITING = 16
"""Texts that wait for the process; further ones are shown as text."""
LONGEST_WAIT_S = 5.0
"""For the process, which others may keep busy; then a text is shown as text."""
CACHE_MAX_BYTES = 8 * 1024 * 1024
TOO_LONG = "This reply is too long to be rendered; it is shown as text."
TOO_DEAR = "Rendering this reply took too long; it is shown as text."
NOT_NOW = "Replies cannot be rendered at the moment; this one is shown as text."


@dataclass
class Renderer:
    """Renders one text at a time, in the order of arrival. The process starts with the first text that needs it."""

    deadline_s: float = DEADLINE_S
    _process: ChildProcess = field(default_factory=lambda: ChildProcess(("api.markdown",)))
    _waiting: int = 0
    _cache: LRUCache[bytes, str] = field(default_factory=lambda: LRUCache(CACHE_MAX_BYTES, getsizeof=_cached_bytes))
    """HTML by the text's hash; "" for a text that took too long."""

    async def render(self, text: str) -> str:
        """Sanitised HTML of a reply; the text itself with a note where rendering is refused or takes too long."""
        if len(text) <= SHORT_CHARS:
            return render(text.encode("utf-8", "replace").decode())
        if len(text) > RENDERED_MOST_CHARS:
            return as_text(text, TOO_LONG)
        raw = text.encode("utf-8", "replace")
        key = hashlib.sha256(raw).digest()
        if (known := self._cache.get(key)) is not None:
            return known or as_text(text, TOO_DEAR)
        if self._waiting >= MAX_WAITING:
            return as_text(text, NOT_NOW)
        self._waiting += 1
        try:
            html = await self._rendered(raw)
        except (TimeoutError, ChildLost) as error:
            log.warning("markdown cannot be rendered", error=str(error) or "too many texts wait")
            return as_text(text, NOT_NOW)
        finally:
            self._waiting -= 1
        with suppress(ValueError):  # it is larger than the whole cache
            self._cache[key] = html
        return html or as_text(text, TOO_DEAR)

    async def close(self) -> None:
        """End the process."""
        await self._process.close()

    async def _rendered(self, raw: bytes) -> str:
        """The HTML, "" when the process did not make it in time. Raises TimeoutError when others have the process for
        too long, ChildLost when there is none."""
        limits = CallLimits(self.deadline_s, self.deadline_s)
        try:
            html: bytes = await self._process.call(limits, render_bytes, raw, wait_s=LONGEST_WAIT_S)
        except ChildLost:
            raise
        except ChildFailed as error:
            log.warning("a text was not rendered", bytes=len(raw), why=str(error))
            return ""
        return html.decode()


def _cached_bytes(html: str) -> int:
    return len(html) + hashlib.sha256().digest_size
