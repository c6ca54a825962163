"""The text so far of a growing reply: written step by step on one side, read from any position on the other."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from core.livetext.base import INTERVAL_S, MAX_DELTA_CHARS, MAX_TEXT_CHARS, GrowingReply, TextDelta

READING_FACTOR = 50
"""The pause after a reading is at least this multiple of its duration: reading takes at most 2 % of a core."""


@dataclass(frozen=True, slots=True)
class TextStep:
    """A change of the text, from the process that makes the call."""

    call: int
    """When the call started, in milliseconds since 1970. A later call replaces an earlier one."""
    number: int
    """Consecutive within a call, so that a lost step is noticed."""
    restart: bool
    """`response` and `reasoning` are the whole text, not what is appended."""
    response: str
    reasoning: str
    truncated: bool


class TextReader:
    """Reads the calls of one hunt, one after the other, and returns what has changed since the last reading."""

    def __init__(self) -> None:
        self.pause_s = INTERVAL_S
        """Until the next reading."""
        self._reply: GrowingReply | None = None
        self._progress = -1
        self._call = self._number = 0
        self._response = self._reasoning = ""
        self._truncated = self._full = False

    def read(self, reply: GrowingReply | None, now_ms: int) -> TextStep | None:
        """Return the next step; None if nothing has changed. `reply`: None once the call has ended."""
        begins = reply is not None and reply is not self._reply
        if begins:
            self._reply, self._progress = reply, -1
            self._call, self._number = max(now_ms, self._call + 1), 0
            self._response, self._reasoning, self._truncated, self._full = "", "", False, False
        if self._reply is None or self._full or self._reply.progress == self._progress:
            return None
        return self._read(self._reply, begins=begins)

    def whole(self) -> TextStep:
        """Return all of the text as one step, for a process that begins to watch."""
        return TextStep(self._call, self._number, True, self._response, self._reasoning, self._truncated)

    def _read(self, reply: GrowingReply, *, begins: bool) -> TextStep | None:
        began_s, self._progress = time.perf_counter(), reply.progress
        part = reply.read()
        self.pause_s = max(INTERVAL_S, READING_FACTOR * (time.perf_counter() - began_s))
        self._full = len(part.text) > MAX_TEXT_CHARS
        truncated = self._full or len(part.reasoning) > MAX_TEXT_CHARS
        response, reasoning = part.text[:MAX_TEXT_CHARS], part.reasoning[:MAX_TEXT_CHARS]
        if not begins and (response, reasoning, truncated) == (self._response, self._reasoning, self._truncated):
            return None
        self._number += 1
        restart = begins or not (response.startswith(self._response) and reasoning.startswith(self._reasoning))
        if not restart:
            response, reasoning = response[len(self._response) :], reasoning[len(self._reasoning) :]
        else:
            self._response = self._reasoning = ""
        self._response += response
        self._reasoning += reasoning
        self._truncated = truncated
        return TextStep(self._call, self._number, restart, response, reasoning, truncated)


@dataclass(frozen=True, slots=True)
class TextPosition:
    """How far a watcher has read."""

    text: int = 0
    response: int = 0
    reasoning: int = 0
    truncated: bool = False


class Transcript:
    """The text of one hunt, shared by its watchers in this process. A watcher costs a position, however slow it is."""

    def __init__(self) -> None:
        self.watchers = 0
        self._call = self._number = 0
        self._text = 0
        """Counts the texts: grows with each restart. 0: there has been none."""
        self._response = self._reasoning = ""
        self._truncated = False
        self._waiter: asyncio.Future[None] | None = None

    def apply(self, step: TextStep) -> bool:
        """Apply the step. Returns False if an earlier step is missing: the whole text is needed."""
        if (step.call, step.number) <= (self._call, self._number):
            return True  # already known, or of a call that was replaced
        if step.restart:
            self._replace(step)
        elif step.call != self._call or step.number != self._number + 1:
            return False
        else:
            self._response += step.response
            self._reasoning += step.reasoning
        self._call, self._number, self._truncated = step.call, step.number, step.truncated
        self._wake()
        return True

    def after(self, position: TextPosition) -> tuple[TextDelta, TextPosition] | None:
        """Return the next delta and the position after it; None if there is nothing new."""
        restart = position.text != self._text
        if restart:
            position = TextPosition(self._text)
        reasoning = self._reasoning[position.reasoning : position.reasoning + MAX_DELTA_CHARS]
        response = self._response[position.response : position.response + MAX_DELTA_CHARS - len(reasoning)]
        read_to = (position.response + len(response), position.reasoning + len(reasoning))
        truncated = self._truncated and read_to == (len(self._response), len(self._reasoning))
        if not (restart or response or reasoning or truncated != position.truncated):
            return None
        return TextDelta(restart, response, reasoning, truncated), TextPosition(self._text, *read_to, truncated)

    async def wait(self) -> None:
        """Wait for the next step."""
        if self._waiter is None:
            self._waiter = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._waiter)

    def _replace(self, step: TextStep) -> None:
        appends = step.response.startswith(self._response) and step.reasoning.startswith(self._reasoning)
        if step.call != self._call or not appends:
            self._text += 1
        self._response, self._reasoning = step.response, step.reasoning

    def _wake(self) -> None:
        if self._waiter is not None:
            self._waiter.set_result(None)
            self._waiter = None
