"""Markdown of models is rendered in a process of its own, which is killed when a text takes too long.

Markdown can be written so that rendering 190 kB takes 16 s. A thread cannot be ended, and shares the interpreter with
every request; a process can, and does not. Short texts are rendered at once: the worst of them takes milliseconds.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from cachetools import LRUCache

from api.markdown import RENDERED_MOST_CHARS, as_text, render
from api.render_child import LENGTH

log = structlog.get_logger(__name__)
SHORT_CHARS = 2000
"""Rendered without a process. The dearest text of that length takes about 15 ms."""
DEADLINE_S = 1.0
"""Of one text, once the process has it."""
START_S = 20.0
"""For a process to start on a busy machine."""
MAX_WAITING = 16
"""Texts that wait for the process; further ones are shown as text."""
OURS = Path(__file__).resolve().parents[1]
"""Where `-m` looks first: a folder `api` of the working directory is somebody else's."""
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
    _child: Process | None = None
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)
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
            html = await self._in_turn(raw)
        except OSError as error:  # TimeoutError, after a long wait, is one
            log.warning("markdown cannot be rendered", error=str(error) or "too many texts wait")
            return as_text(text, NOT_NOW)
        finally:
            self._waiting -= 1
        with suppress(ValueError):  # it is larger than the whole cache
            self._cache[key] = html
        return html or as_text(text, TOO_DEAR)

    async def close(self) -> None:
        """End the process."""
        if self._child is not None:
            await self._kill(self._child)

    async def _in_turn(self, raw: bytes) -> str:
        """What `_rendered` gives. Raises TimeoutError when others have the process for too long."""
        async with asyncio.timeout(LONGEST_WAIT_S):
            await self._one_at_a_time.acquire()
        try:
            return await self._rendered(raw)
        finally:
            self._one_at_a_time.release()

    async def _rendered(self, raw: bytes) -> str:
        """The HTML, "" when the process did not make it in time. Raises OSError when no process can be had."""
        child = await self._started()
        try:
            async with asyncio.timeout(self.deadline_s):
                return (await _asked(child, raw)).decode()
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError) as error:
            log.warning("a text was not rendered", bytes=len(raw), why=type(error).__name__)
            await self._kill(child)
            return ""
        except asyncio.CancelledError:  # its answer would be taken for the next text's
            await self._kill(child)
            raise

    async def _started(self) -> Process:
        if self._child is not None and self._child.returncode is None:
            return self._child
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "api.render_child", cwd=OURS, stdin=PIPE, stdout=PIPE, start_new_session=True
        )
        self._child = child
        try:
            async with asyncio.timeout(START_S):
                await _read(child, LENGTH.size)
        except (TimeoutError, asyncio.IncompleteReadError) as error:
            await self._kill(child)
            raise OSError("the process that renders did not start") from error
        except asyncio.CancelledError:
            await self._kill(child)
            raise
        return child

    async def _kill(self, child: Process) -> None:
        self._child = None
        with suppress(ProcessLookupError):
            child.kill()
        await asyncio.shield(child.wait())


def _cached_bytes(html: str) -> int:
    return len(html) + hashlib.sha256().digest_size


async def _asked(child: Process, raw: bytes) -> bytes:
    if child.stdin is None:
        raise ConnectionError("no pipe")
    child.stdin.write(LENGTH.pack(len(raw)) + raw)
    await child.stdin.drain()
    return await _read(child, LENGTH.unpack(await _read(child, LENGTH.size))[0])


async def _read(child: Process, number: int) -> bytes:
    if child.stdout is None:
        raise ConnectionError("no pipe")
    return await child.stdout.readexactly(number)
