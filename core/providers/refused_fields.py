"""Fields of a request that an address does not take: asked for again without them, and remembered.

Gateways differ in what they accept: `max_tokens` or `max_completion_tokens`, no `stream_options`, a smaller output
limit, no streaming for an account that is not verified. Where the refusal names the field, a second request is cheaper
than an error for every call. Only fields whose absence leaves the prompt and the sampling as they are can go; what was
sent in the end stands in the reply's `raw_request`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cachetools import LRUCache

from core.errors import ProviderError
from core.providers.problem import read_problem

MAX_TRIES = 4
"""Requests of one call: each further one goes without one more of the fields."""
MAX_MODELS = 1000
"""Models that refusals are remembered for; people may type any name."""
OUTPUT_LIMITS = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
"""Names of the output limit, each with the other one."""
_NAMED = {
    "stream_options": re.compile(r"(?<!\w)stream_options(?!\w)"),
    **{field: re.compile(rf"(?<!\w){field}(?!\w)|in the completion") for field in OUTPUT_LIMITS},
    **{field: re.compile(rf"[`'\"]{field}[`'\"]") for field in ("usage", "stream")},  # words of plain English, too
}
"""How a refusal names a field. "In the completion" is vLLM's: prompt and output limit together exceed the context."""
_TOO_MUCH = re.compile(r"too (large|high|big)|at most|maximum|exceed|less than|up to|greater than")
"""Said of a value: the field as such is accepted."""
_REFUSALS = frozenset({"bad_request", "too_large"})


@dataclass(frozen=True)
class _Change:
    instead: str = ""
    """The field that takes its value; empty: none."""
    least: int = 0
    """It is about values from here on."""


class RefusedFields:
    """What one account refused, by model, since the process started."""

    def __init__(self) -> None:
        self._changes: LRUCache[str, dict[str, _Change]] = LRUCache(MAX_MODELS)

    def fit(self, model: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The body without what is known to be refused."""
        fitted = dict(body)
        for field, change in self._changes.get(model, {}).items():
            if field in fitted and _amount(fitted[field]) >= change.least:
                value = fitted.pop(field)
                if change.instead:
                    fitted[change.instead] = value
        if "stream" not in fitted:
            fitted.pop("stream_options", None)
        return fitted

    def learn(self, model: str, sent: Mapping[str, Any], error: ProviderError) -> bool:
        """Remember what `error` refuses of what was sent; whether another request without it is worth a try."""
        fields = [field for field in named_fields(error) if field in sent]
        if not fields:
            return False
        changes = self._changes.setdefault(model, {})
        field = fields[0]
        if field in OUTPUT_LIMITS and _TOO_MUCH.search(error.raw.lower()):
            changes[field] = _Change(least=_amount(sent[field]))
        else:
            instead = OUTPUT_LIMITS.get(field, "")
            changes[field] = _Change("" if instead in changes else instead)
        return True


def named_fields(error: ProviderError) -> list[str]:
    """The fields of the table that a refusal names."""
    if error.code not in _REFUSALS:
        return []
    problem = read_problem(error.raw.encode("utf-8", "replace"))
    named = [field for field in problem.parameters if field in _NAMED]
    return named or [field for field, pattern in _NAMED.items() if pattern.search(problem.words)]


def _amount(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
