"""The pieces of a chat completion, merged as they come: streamed chunks, or one JSON answer.

Nothing is judged here: whether the pieces make a whole reply is for `reply.py`, what an error means for `faults.py`.
"""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any

import orjson

from core.domain.finish import MAX_WORD_CHARS, FinishKind, finish_kind
from core.providers.sse import DONE, without_bom

UNFINISHED = frozenset({FinishKind.NONE, FinishKind.FAILED})
REASONING_FIELDS = (
    "reasoning_details", "reasoning", "reasoning_content", "thinking_blocks", "thinking", "reasoning_text", "content",
)  # fmt: skip
"""Where reasoning comes, the best source first; of `content` the typed parts that are reasoning."""
_TOOL_CALLS = frozenset({"tool_calls", "function_call"})
_ASIDES = frozenset(REASONING_FIELDS) - {"content"} | _TOOL_CALLS | {"refusal"}
_REASONING_KIND = re.compile(r"think|thought|reason|analysis", re.IGNORECASE)
_HOLDS_TEXT = ("text", "thinking", "reasoning", "summary", "content", "parts", "value")
"""Fields of a typed part that hold its text, the first of them counts."""
_ONLY_JSON_READS = (b"\\u", b"NaN", b"Infinity")
"""Half a surrogate pair, which some providers send when a chunk ends inside an emoji, and numbers that are none."""
_KEEP_ALIVE = re.compile(rb"\W{0,3}(ping|pong|keep[-_ ]?alive|heartbeat)\W{0,3}", re.IGNORECASE)
"""An event of some proxies that should be a comment. Any other that is not JSON may be a lost piece of the reply."""
MAX_CHUNKS_OF_EVENT = 50_000
"""Merged without a pause for others: 0.1 s. A stream hands out its events as they come."""
MIN_REPEATED = 24
"""Characters that pieces must have in common before they are taken for repetitions of one growing text."""


class Merge:
    """What a reply consists of so far. Fields hold what the provider sent, unchecked where typed Any."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.reasoning: dict[str, list[str]] = {}
        """By where it came: a field of `REASONING_FIELDS`."""
        self.whole: str | None = None
        """The text of a `message`: a complete one, where chunks have a `delta`."""
        self.refusal: list[str] = []
        self.finish_reason = ""
        self.usage: dict[str, Any] = {}
        self.error: Any = None
        self.rest: dict[str, Any] = {}
        """Everything else of the answer's top level, the last of each name."""
        self.ending: dict[str, Any] = {}
        """Everything else of the choice, the last of each name."""
        self.calls_tools = False
        self.done = False
        """[DONE] has come."""
        self.choices = 0

    @property
    def finished(self) -> bool:
        """Whether the reply has its end: whatever comes after that, it is a whole reply, or a refusal."""
        return bool(self.finish_reason) and finish_kind(self.finish_reason) not in UNFINISHED

    @property
    def begun(self) -> bool:
        """Whether text or reasoning has come."""
        return bool(self.pieces or self.reasoning or self.whole)

    @property
    def text(self) -> str:
        told = mended(unrepeated(self.pieces))
        whole = mended(self.whole or "")
        return whole if whole.startswith(told) else told

    @property
    def thoughts(self) -> str:
        """The reasoning trace of the first source that has one; providers send the same one in several."""
        sources = (self.reasoning.get(field, []) for field in REASONING_FIELDS)
        return mended(next((text for source in sources if (text := unrepeated(source)).strip()), ""))

    def add_event(self, data: bytes) -> None:
        """Merge one event: a JSON object, a list of them, several lines of them, or nothing.

        Raises ValueError when there is anything else in it; what stood before that is merged.
        """
        data = without_bom(data.strip()).removeprefix(b"data:").strip()  # some proxies frame what is framed already
        if data == DONE:
            self.done = True
        elif data:
            self._add_json(data)

    def _add_json(self, data: bytes) -> None:
        try:
            chunks = parsed(data)
        except ValueError:
            if _KEEP_ALIVE.fullmatch(data):
                return
            if not 0 < data.count(b"\n") < MAX_CHUNKS_OF_EVENT:
                raise
            for line in data.split(b"\n"):  # one chunk on each line
                self.add_event(line)
            return
        chunks = chunks if isinstance(chunks, list) else [chunks]
        if len(chunks) > MAX_CHUNKS_OF_EVENT or not all(isinstance(chunk, dict) for chunk in chunks):
            raise ValueError("not a JSON object")
        for chunk in chunks:
            self.add(chunk)

    def add(self, chunk: dict[str, Any]) -> None:
        """Merge one chunk, or one whole answer. What claims to be an error after the finish changes nothing."""
        if not self.finished and (chunk.get("error") or "error" in (chunk.get("object"), chunk.get("type"))):
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
            self._add_content(delta.get("content"), self.pieces)
            self._add_asides(delta)
        if isinstance(message, dict):
            self._add_message(message)
        if choice.get("error") and not self.finished:
            self.error = {"error": choice["error"]}
        if reason := choice.get("finish_reason"):
            self._finish(reason)
        self.ending.update(choice)

    def _add_message(self, message: dict[str, Any]) -> None:
        """Merge a complete message; its reasoning only where it does not repeat what streamed by before."""
        complete = Merge()
        complete._add_content(message.get("content"), complete.pieces)
        complete._add_asides(message)
        self.whole = "".join(complete.pieces)
        self.refusal += complete.refusal
        self.calls_tools |= complete.calls_tools
        self.reasoning = self.reasoning or complete.reasoning

    def _finish(self, reason: Any) -> None:
        if isinstance(reason, dict):
            reason = reason.get("type") or reason.get("reason")
        word = mended(str(reason or "")[:MAX_WORD_CHARS])
        if word and not (self.finished and finish_kind(word) in UNFINISHED):
            self.finish_reason = word

    def _add_content(self, content: Any, pieces: list[str]) -> None:
        """Content is a text, or typed parts: some of the reply, some of its reasoning."""
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

    def _add_asides(self, delta: dict[str, Any]) -> None:
        for field, value in delta.items():
            if value and field in _ASIDES:
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


def parsed(data: bytes) -> Any:
    """The value of a JSON text. Raises ValueError when it is none, or is nested deeper than anything that is meant."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        if not any(odd in data for odd in _ONLY_JSON_READS):
            raise
        try:
            return json.loads(data)
        except RecursionError:
            raise ValueError("nested too deeply") from None


def encoded(value: Any) -> bytes:
    """JSON of what `parsed` has read, also of what only `json` can write; empty when it is nested too deeply."""
    try:
        return orjson.dumps(value)
    except TypeError:
        try:
            return json.dumps(value).encode()
        except RecursionError:
            return b""


def unrepeated(pieces: list[str]) -> str:
    """The text of pieces that continue each other, or that each repeat all that came before.

    Repetition is believed only with `MIN_REPEATED` characters of it: a reply may well say "1", "10", "100".
    """
    if len(pieces) > 1:
        if sum(map(len, pieces[:-1])) >= MIN_REPEATED and _cumulative(pieces):
            return pieces[-1]
        last = pieces[-1]
        if len(pieces) > 2 and len(last) >= MIN_REPEATED and "".join(pieces[:-1]) == last:
            return last
    return "".join(pieces)


def _cumulative(pieces: list[str]) -> bool:
    """Each piece begins with the one before and is longer; only the very last may say nothing new."""
    *_, before, last = pieces
    grew = all(len(late) > len(early) and late.startswith(early) for early, late in pairwise(pieces[:-1]))
    return grew and last.startswith(before) and (len(last) > len(before) or len(pieces) > 2)


def mended(text: str) -> str:
    """Halves of surrogate pairs joined; a half that stays alone becomes U+FFFD, for nothing can store it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
