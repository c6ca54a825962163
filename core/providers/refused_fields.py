"""Request fields that a provider rejects: the request is retried without them, and they are remembered.

Gateways differ in the fields they accept: `max_tokens` or `max_completion_tokens`, no `stream_options`, a smaller
output limit, no streaming for unverified accounts. If the rejection names the field, a second request is better than an
error on every call. Only fields that affect neither prompt nor sampling are dropped; the reply's `raw_request` has the
final request.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cachetools import LRUCache

from core.errors import ProviderError
from core.providers.problem import read_problem

MAX_TRIES = 4
"""Maximum requests per call; each retry drops one more field."""
MAX_MODELS = 1000
"""Maximum remembered models; users may enter any name."""
OUTPUT_LIMITS = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
"""The two names of the output limit, each mapped to the other."""
_NAMED = {
    "stream_options": re.compile(r"(?<!\w)stream_options(?!\w)"),
    **{field: re.compile(rf"(?<!\w){field}(?!\w)|in the completion") for field in OUTPUT_LIMITS},
    **{field: re.compile(rf"[`'\"]{field}[`'\"]") for field in ("usage", "stream")},  # also plain English words
}
"""How a rejection names a field. "In the completion" is vLLM's: prompt plus output limit exceed the context."""
_TOO_MUCH = re.compile(r"too (large|high|big)|at most|maximum|exceed|less than|up to|greater than")
"""The value is rejected, not the field."""
_REFUSALS = frozenset({"bad_request", "too_large"})


@dataclass(frozen=True)
class _Change:
    replacement: str = ""
    """The replacement field; empty: none."""
    min_value: int = 0
    """Applies to values from this on."""


class RefusedFields:
    """The fields that one account rejected, per model, since the process started."""

    def __init__(self) -> None:
        self._changes: LRUCache[str, dict[str, _Change]] = LRUCache(MAX_MODELS)

    def fit(self, model: str, body: Mapping[str, Any], chosen: frozenset[str] = frozenset()) -> dict[str, Any]:
        """The body without fields known to be rejected. Of `chosen` ones at most the name changes."""
        fitted = dict(body)
        for field, change in self._changes.get(model, {}).items():
            if field in chosen and not change.replacement:
                continue
            if field in fitted and _amount(fitted[field]) >= change.min_value:
                value = fitted.pop(field)
                if change.replacement:
                    fitted[change.replacement] = value
        if "stream" not in fitted:
            fitted.pop("stream_options", None)
        return fitted

    def learn(
        self, model: str, sent: Mapping[str, Any], error: ProviderError, chosen: frozenset[str] = frozenset()
    ) -> bool:
        """Record the field that `error` rejects. Returns whether a retry without it makes sense: not without a field
        that the caller chose."""
        fields = [field for field in named_fields(error) if field in sent]
        if not fields:
            return False
        changes = self._changes.setdefault(model, {})
        field = fields[0]
        if field in OUTPUT_LIMITS and _TOO_MUCH.search(error.raw.lower()):
            change = _Change(min_value=_amount(sent[field]))
        else:
            replacement = OUTPUT_LIMITS.get(field, "")
            change = _Change("" if replacement in changes else replacement)
        if field in chosen and not change.replacement:
            return False
        changes[field] = change
        return True


def named_fields(error: ProviderError) -> list[str]:
    """The known fields that a rejection names."""
    if error.code not in _REFUSALS:
        return []
    problem = read_problem(error.raw.encode("utf-8", "replace"))
    named = [field for field in problem.parameters if field in _NAMED]
    return named or [field for field, pattern in _NAMED.items() if pattern.search(problem.words)]


def named_among(error: ProviderError, fields: Iterable[str]) -> list[str]:
    """Those of `fields` that a rejection names."""
    problem = read_problem(error.raw.encode("utf-8", "replace"))
    return [
        field
        for field in fields
        if field in problem.parameters or re.search(rf"(?<!\w){re.escape(field)}(?!\w)", problem.words)
    ]


def _amount(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
