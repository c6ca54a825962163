"""Parses provider errors of any shape into message, names and status.

The dialect's own shape is `{"error": {"message", "type", "code", "param"}}`. Gateways and frameworks answer with
`detail` (FastAPI), `title` (RFC 9457), `fault` (Apigee), `errors[]`, `base_resp` (MiniMax), `msg`, `Message`, with the
upstream's JSON as a string inside (`error.metadata.raw`, OpenRouter), with HTML pages or plain text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.providers.sse import without_bom
from core.providers.wire import encode_json, parse_json, replace_lone_surrogates

MAX_DEPTH, MAX_ITEMS, MAX_VALUES = 8, 10, 200
"""Limits of the search in an error: nesting depth, items per list, values in total."""
MAX_TEXT_CHARS = 2000
"""Per text. Larger than the displayed length, so that keys are redacted before the text is truncated."""

_TEXTS = (
    "title", "message", "msg", "errormessage", "errormsg", "errmsg", "statusmsg", "statusmessage", "faultstring",
    "errordescription", "description", "error", "errors", "fault", "detail", "details", "reason", "reasons", "baseresp",
    "metadata", "raw", "response", "innererror", "cause", "promptfeedback",
)  # fmt: skip
"""Fields with messages, directly or nested; general ones before specific ones."""
_NAMES = ("code", "type", "status", "errorcode", "errortype", "error", "reason", "exception", "blockreason")
_STATUSES = ("code", "status", "statuscode", "httpstatus", "httpstatuscode", "httpcode", "errorcode")
_PARAMETERS = ("param", "parameter", "field")
_SUCCESS_CODES = (0, "0", 200, "200", "ok", "success")
"""Codes of successful responses."""
_IDENTIFIER = re.compile(r"[A-Za-z_][\w.:#/-]{0,100}")
_NOT_WORDS = {"", "none", "null"}
_PAGE_TEXTS = tuple(
    re.compile(rf"<{tag}[^>]{{0,200}}>(.{{1,400}}?)</{tag}", re.IGNORECASE | re.DOTALL)
    for tag in ("title", "message", "faultstring", "h1")
)
_TAG = re.compile(r"<[^>]{0,200}>")


@dataclass(frozen=True)
class Problem:
    """An error as the provider reported it."""

    words: str = ""
    names: tuple[str, ...] = ()
    """Its codes and types that are words, outermost first."""
    status: int | None = None
    """Its code if that is an HTTP status: an error in a response of status 200."""
    parameters: tuple[str, ...] = ()
    """Request fields it names."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    page: bool = False
    """The body is an HTML page, not an API error."""


def read_problem(body: bytes) -> Problem:
    """Parses an error body of any shape; text that is not JSON becomes the message."""
    body = without_bom(body.strip())
    try:
        parsed = parse_json(body)
    except ValueError:
        text = body.decode("utf-8", "replace")
        return Problem(words=_plain_text(text), page=text.startswith("<"))
    problem = problem_of(parsed)
    if problem.words or parsed in ({}, [], None, ""):
        return problem
    return Problem(
        encode_json(parsed).decode("utf-8", "replace")[:MAX_TEXT_CHARS],
        problem.names,
        problem.status,
        problem.parameters,
    )


def problem_of(error: Any) -> Problem:
    """Converts a parsed error (object, list or text); the message may be empty."""
    found = _Found()
    found.add(error, MAX_DEPTH)
    return Problem(
        words=": ".join(found.texts),
        names=tuple(dict.fromkeys(found.names)),
        status=found.status,
        parameters=tuple(dict.fromkeys(found.parameters)),
        metadata=found.metadata,
    )


class _Found:
    """Collects the parts of an error."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.names: list[str] = []
        self.parameters: list[str] = []
        self.status: int | None = None
        self.metadata: Mapping[str, Any] = {}
        self._left = MAX_VALUES

    def add(self, value: Any, depth: int) -> None:
        self._left -= 1
        if depth <= 0 or self._left < 0:
            return
        if isinstance(value, str):
            self._add_text(value, depth)
        elif isinstance(value, list):
            for item in value[:MAX_ITEMS]:
                self.add(item, depth - 1)
        elif isinstance(value, dict):
            self._add_object({_normalize(name): value[name] for name in list(value)[:MAX_VALUES]}, depth)

    def _add_text(self, text: str, depth: int) -> None:
        text = text.strip()
        if text.startswith(("{", "[")):
            try:
                self.add(parse_json(text.encode("utf-8", "replace")), depth - 1)
            except ValueError:
                pass
            else:
                return
        text = _plain_text(text)
        if len(self.texts) >= MAX_ITEMS or text.lower() in _NOT_WORDS:
            return
        if any(text.lower() in known.lower() for known in self.texts):
            return
        self.texts = [known for known in self.texts if known.lower() not in text.lower()] + [text]

    def _add_object(self, error: dict[str, Any], depth: int) -> None:
        if self.status is None:
            self.status = next((status for name in _STATUSES if (status := _status(error.get(name)))), None)
        values = (error.get(name) for name in _NAMES)
        names = [value for value in values if isinstance(value, str) and _IDENTIFIER.fullmatch(value)]
        self.names += names
        self.parameters += [value for name in _PARAMETERS if isinstance(value := error.get(name), str)]
        if isinstance(error.get("metadata"), dict) and not self.metadata:
            self.metadata = error["metadata"]
        if "error" not in error and any(error.get(name) in _SUCCESS_CODES for name in ("code", "statuscode")):
            return
        if isinstance(error.get("loc"), list) and isinstance(error.get("msg"), str):
            self._add_place(error["loc"], error["msg"], depth)
            return
        known = [error[name] for name in _TEXTS if error.get(name) and not _is_name(name, error)]
        if not known and depth < MAX_DEPTH:  # at the top level, `type` and `status` are not an error's
            known = names[:1]
        for value in known:
            self.add(value, depth - 1)

    def _add_place(self, place: list[Any], words: str, depth: int) -> None:
        """One item of a validation error (FastAPI, pydantic): its location in the request, and its message."""
        steps = [str(step)[:100] for step in place[:MAX_ITEMS]]
        self.parameters += [step for step in steps if _IDENTIFIER.fullmatch(step)]
        self._add_text(f"{'.'.join(steps)}: {words}" if steps else words, depth)


def _is_name(name: str, error: dict[str, Any]) -> bool:
    """Whether a field contains a name, not a message: `{"error": "invalid_token", "error_description": "…"}`."""
    value = error[name]
    return name in {"error", "reason"} and isinstance(value, str) and bool(_IDENTIFIER.fullmatch(value))


def _normalize(name: Any) -> str:
    """`Error_Message`, `errorMessage` and `error-message` are equal."""
    return re.sub(r"[^a-z]", "", str(name)[:100].lower())


def _status(code: Any) -> int | None:
    short = isinstance(code, str) and len(code) == len("404") and code.isascii() and code.isdecimal()
    number = int(code) if short or (isinstance(code, int) and not isinstance(code, bool)) else 0
    return number if 400 <= number < 600 else None


def _plain_text(text: str) -> str:
    """The text on one line; for an HTML page its title."""
    text = text.strip()
    if text.startswith("<"):
        found = next((match[1] for pattern in _PAGE_TEXTS if (match := pattern.search(text))), "")
        text = html.unescape(_TAG.sub(" ", found))
    return replace_lone_surrogates(" ".join(text[: 4 * MAX_TEXT_CHARS].split())[:MAX_TEXT_CHARS])
