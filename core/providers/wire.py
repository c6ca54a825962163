"""Merges the chunks of a chat completion as they arrive, or one JSON response.

Merging only: `reply.py` builds the reply, `causes.py` interprets errors.
"""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any

import orjson

from core.domain.finish_reason import MAX_WORD_CHARS, FinishKind, finish_kind
from core.providers.sse import DONE, without_bom

UNFINISHED = frozenset({FinishKind.NONE, FinishKind.FAILED})
REASONING_FIELDS = (
    "reasoning_details", "reasoning", "reasoning_content", "thinking_blocks", "thinking", "reasoning_text", "content",
)  # fmt: skip
"""Fields with reasoning, best source first; for `content`, its typed reasoning parts."""
_TOOL_CALLS = frozenset({"tool_calls", "function_call"})
_EXTRA_FIELDS = frozenset(REASONING_FIELDS) - {"content"} | _TOOL_CALLS | {"refusal"}
_REASONING_KIND = re.compile(r"think|thought|reason|analysis", re.IGNORECASE)
_HOLDS_TEXT = ("text", "thinking", "reasoning", "summary", "content", "parts", "value")
"""Fields of a typed part that contain its text; the first match counts."""
_ONLY_JSON_READS = (b"\\u", b"NaN", b"Infinity")
"""Lone surrogates, which some providers send when a chunk ends inside an emoji, and NaN or Infinity."""
_KEEP_ALIVE = re.compile(rb"\W{0,3}(ping|pong|keep[-_ ]?alive|heartbeat)\W{0,3}", re.IGNORECASE)
"""Keep-alives that some proxies send as data. Any other event that is not JSON may be part of the reply."""
MAX_CHUNKS_OF_EVENT = 50_000
"""Merging this many blocks the event loop for 0.1 s. Streams deliver events one by one."""
MIN_REPEATED = 24
"""Minimum shared characters before chunks count as repetitions of one growing text."""


class Merge:
    """The merged parts of a reply. Fields typed Any are unvalidated."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.reasoning: dict[str, list[str]] = {}
        """By source: a field of `REASONING_FIELDS`."""
        self.whole: str | None = None
        """The text of a complete `message`; chunks have a `delta`."""
        self.refusal: list[str] = []
        self.finish_reason = ""
        self.usage: dict[str, Any] = {}
        self.error: Any = None
        self.rest: dict[str, Any] = {}
        """All other top-level fields; the last value wins."""
        self.ending: dict[str, Any] = {}
        """All other fields of the choice; the last value wins."""
        self.logprobs: list[Any] = []
        """As received, one value per choice that has them."""
        self.calls_tools = False
        self.done = False
        """[DONE] was received."""
        self.choices = 0

    @property
    def finished(self) -> bool:
        """Whether the reply is finished: complete or refused, whatever follows."""
        return bool(self.finish_reason) and finish_kind(self.finish_reason) not in UNFINISHED

    @property
    def begun(self) -> bool:
        """Whether text or reasoning was received."""
        return bool(self.pieces or self.reasoning or self.whole)

    @property
    def text(self) -> str:
        streamed = replace_lone_surrogates(drop_repeats(self.pieces))
        whole = replace_lone_surrogates(self.whole or "")
        return whole if whole.startswith(streamed) else streamed

    @property
    def thoughts(self) -> str:
        """The reasoning trace of the first non-empty source; providers repeat it in several fields."""
        if not self.reasoning:
            return ""
        sources = (self.reasoning.get(field, []) for field in REASONING_FIELDS)
        return replace_lone_surrogates(next((text for source in sources if (text := drop_repeats(source)).strip()), ""))

    def add_plain_events(self, events: list[bytes]) -> list[bytes]:
        """Merge events of one JSON object each, and an end mark behind them. Returns those that are not merged: none,
        or all, for `add_event`."""
        ended = bool(events) and events[-1] == DONE
        objects = events[:-1] if ended else events
        try:
            values = orjson.loads(b"[%b]" % b",null,".join(objects))
        except orjson.JSONDecodeError:
            return events
        chunks, between = values[::2], values[1::2]  # two broken events may be valid together, but not with a null
        if (
            len(chunks) != len(objects)
            or between.count(None) < len(between)
            or not all(isinstance(chunk, dict) for chunk in chunks)
        ):
            return events
        for chunk in chunks:
            self.add(chunk)
        self.done = self.done or ended
        return []

    def add_event(self, data: bytes) -> None:
        """Merge one event: a JSON object, a list of objects, one object per line, or nothing.

        Raises ValueError for anything else; the part before it is merged.
        """
        data = without_bom(data.strip()).removeprefix(b"data:").strip()  # some proxies add the prefix twice
        if data == DONE:
            self.done = True
        elif data:
            self._add_json(data)

    def _add_json(self, data: bytes) -> None:
        try:
            chunks = parse_json(data)
        except ValueError:
            if _KEEP_ALIVE.fullmatch(data):
                return
            if not 0 < data.count(b"\n") < MAX_CHUNKS_OF_EVENT:
                raise
            for line in data.split(b"\n"):  # one chunk per line
                self.add_event(line)
            return
        chunks = chunks if isinstance(chunks, list) else [chunks]
        if len(chunks) > MAX_CHUNKS_OF_EVENT or not all(isinstance(chunk, dict) for chunk in chunks):
            raise ValueError("not a JSON object")
        for chunk in chunks:
            self.add(chunk)

    def add(self, chunk: dict[str, Any]) -> None:
        """Merge one chunk or one complete response. Ignores errors after the finish."""
        failed = chunk.get("error") or chunk.get("object") == "error" or chunk.get("type") == "error"
        if failed and not self.finished:
            self.error = chunk
        usage = chunk.get("usage")
        if isinstance(usage, dict):
            self.usage = usage
        choices = chunk.get("choices")
        if isinstance(choices, list) and choices and isinstance(choices[0], dict):
            self._add_choice(choices[0])
        self.rest.update(chunk)

    def _add_choice(self, choice: dict[str, Any]) -> None:
        self.choices += 1
        delta, message = choice.get("delta"), choice.get("message")
        if isinstance(delta, dict):
            content = delta.get("content")
            if isinstance(content, str) and content and len(delta) == 1:  # nearly every chunk
                self.pieces.append(content)
            else:
                self._add_content(content, self.pieces)
                self._add_extras(delta)
        if isinstance(message, dict):
            self._add_message(message)
        if choice.get("error") and not self.finished:
            self.error = {"error": choice["error"]}
        if reason := choice.get("finish_reason"):
            self._finish(reason)
        if logprobs := choice.get("logprobs"):
            self.logprobs.append(logprobs)
            choice = {name: value for name, value in choice.items() if name != "logprobs"}
        self.ending.update(choice)

    def _add_message(self, message: dict[str, Any]) -> None:
        """Merge a complete message; its reasoning only if none was streamed before."""
        complete = Merge()
        complete._add_content(message.get("content"), complete.pieces)
        complete._add_extras(message)
        self.whole = "".join(complete.pieces)
        self.refusal += complete.refusal
        self.calls_tools |= complete.calls_tools
        self.reasoning = self.reasoning or complete.reasoning

    def _finish(self, reason: Any) -> None:
        if isinstance(reason, dict):
            reason = reason.get("type") or reason.get("reason")
        word = replace_lone_surrogates(str(reason or "")[:MAX_WORD_CHARS])
        if word and not (self.finished and finish_kind(word) in UNFINISHED):
            self.finish_reason = word

    def _add_content(self, content: Any, pieces: list[str]) -> None:
        """Content is text or typed parts: reply or reasoning."""
        if isinstance(content, str):
            if content:
                pieces.append(content)
            return
        for part in content if isinstance(content, list) else [content]:
            typed = part if isinstance(part, dict) else {}
            if typed.get("thought") is True or _REASONING_KIND.search(str(typed.get("type", ""))):
                self._add_reasoning("content", part)
            elif not typed or "text" in typed:
                pieces += _strings(part)

    def _add_extras(self, delta: dict[str, Any]) -> None:
        for field, value in delta.items():
            if value and field in _EXTRA_FIELDS:
                if field == "refusal":
                    self.refusal += _strings(value)
                elif field in _TOOL_CALLS:
                    self.calls_tools = True
                else:
                    self._add_reasoning(field, value)

    def _add_reasoning(self, field: str, value: Any) -> None:
        if texts := _strings(value):
            self.reasoning.setdefault(field, []).extend(texts)


def _strings(value: Any, depth: int = 6) -> list[str]:
    """The texts in a value: a string, a part like `{"type": "text", "text": "…"}`, or lists of them."""
    if isinstance(value, str):
        return [value] if value else []
    if depth <= 0:
        return []
    if isinstance(value, dict):
        held = next((value[name] for name in _HOLDS_TEXT if value.get(name)), None)
        return _strings(held, depth - 1)
    if isinstance(value, list):
        return [text for part in value for text in _strings(part, depth - 1)]
    return []


def parse_json(data: bytes) -> Any:
    """Parses JSON. Raises ValueError if it is invalid or nested too deeply."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        if not any(odd in data for odd in _ONLY_JSON_READS):
            raise
        try:
            return json.loads(data)
        except RecursionError:
            raise ValueError("nested too deeply") from None


def encode_json(value: Any) -> bytes:
    """Serialises a value from `parse_json`, with `json` if orjson cannot; empty if it is nested too deeply."""
    try:
        return orjson.dumps(value)
    except TypeError:
        try:
            return json.dumps(value).encode()
        except RecursionError:
            return b""


def drop_repeats(pieces: list[str]) -> str:
    """Joins chunks that continue each other, or that each repeat all earlier text.

    Requires `MIN_REPEATED` repeated characters: a reply may legitimately contain "1", "10", "100".
    """
    if len(pieces) > 1:
        if sum(map(len, pieces[:-1])) >= MIN_REPEATED and _cumulative(pieces):
            return pieces[-1]
        last = pieces[-1]
        if len(pieces) > 2 and len(last) >= MIN_REPEATED and "".join(pieces[:-1]) == last:
            return last
    return "".join(pieces)


def _cumulative(pieces: list[str]) -> bool:
    """Each chunk extends the previous one; only the last may repeat it unchanged."""
    *_, before, last = pieces
    grew = all(len(late) > len(early) and late.startswith(early) for early, late in pairwise(pieces[:-1]))
    return grew and last.startswith(before) and (len(last) > len(before) or len(pieces) > 2)


def replace_lone_surrogates(text: str) -> str:
    """Joins surrogate pairs; a lone surrogate becomes U+FFFD, because it cannot be stored."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
