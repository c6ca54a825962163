"""Renders models' Markdown in a separate process, which is killed when a text takes too long.

Hostile Markdown of 190 kB can take 16 s to render. A thread cannot be killed and shares the interpreter with every
request; a process can be killed. Short texts are rendered in this process: the worst of them takes milliseconds.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass, field

import structlog
from cachetools import LRUCache

from api.markdown import MAX_RENDERED_CHARS, as_text, render, render_bytes
from core.child_process import CallLimits, ChildFailed, ChildLost, ChildProcess

log = structlog.get_logger(__name__)
SHORT_CHARS = 2000
"""Texts up to this length are rendered in this process; the slowest takes about 15 ms."""
DEADLINE_S = 1.0
"""Per text, from the moment the process receives it."""
MAX_WAITING = 16
"""Maximum texts waiting for the process; further ones are shown as text."""
MAX_WAIT_S = 5.0
"""Maximum wait for a busy process; then the reply is shown as text."""
CACHE_MAX_BYTES = 8 * 1024 * 1024
TOO_LONG = "This reply is too long to render; showing plain text."
TOO_SLOW = "Rendering this reply timed out; showing plain text."
UNAVAILABLE = "Rendering is unavailable; showing plain text."


@dataclass
class Renderer:
    """Renders one text at a time, in order of arrival. The process starts with the first text that needs it."""

    deadline_s: float = DEADLINE_S
    _process: ChildProcess = field(default_factory=lambda: ChildProcess(("api.markdown", "api.reply_markdown", "nh3")))
    _waiting: int = 0
    _cache: LRUCache[bytes, str] = field(default_factory=lambda: LRUCache(CACHE_MAX_BYTES, getsizeof=_cached_bytes))
    """HTML by the text's hash; "" for a text that timed out."""

    async def render(self, text: str) -> str:
        """Sanitised HTML of a reply; the plain text with a note if it cannot be rendered in time."""
        if len(text) <= SHORT_CHARS:
            return render(text.encode("utf-8", "replace").decode())
        if len(text) > MAX_RENDERED_CHARS:
            return as_text(text, TOO_LONG)
        raw = text.encode("utf-8", "replace")
        key = hashlib.sha256(raw).digest()
        if (known := self._cache.get(key)) is not None:
            return known or as_text(text, TOO_SLOW)
        if self._waiting >= MAX_WAITING:
            return as_text(text, UNAVAILABLE)
        self._waiting += 1
        try:
            html = await self._render_in_child(raw)
        except (TimeoutError, ChildLost) as error:
            log.warning("markdown.unavailable", error=str(error) or "too many waiting texts")
            return as_text(text, UNAVAILABLE)
        finally:
            self._waiting -= 1
        with suppress(ValueError):  # larger than the whole cache
            self._cache[key] = html
        return html or as_text(text, TOO_SLOW)

    async def close(self) -> None:
        """End the process."""
        await self._process.close()

    async def _render_in_child(self, raw: bytes) -> str:
        """The HTML, "" when the process did not make it in time. Raises TimeoutError when others have the process for
        too long, ChildLost when there is none."""
        limits = CallLimits(self.deadline_s, self.deadline_s)
        try:
            html: bytes = await self._process.call(limits, render_bytes, raw, wait_s=MAX_WAIT_S)
        except ChildLost:
            raise
        except ChildFailed as error:
            log.warning("a text was not rendered", bytes=len(raw), why=str(error))
            return ""
        return html.decode()


def _cached_bytes(html: str) -> int:
    return len(html) + hashlib.sha256().digest_size
