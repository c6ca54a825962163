"""A provider's list of models: its values, how an answer of GET /models is parsed, and what is new or gone. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson

from core.domain.value import Value

MAX_MODELS = 20_000
"""Models kept of one list; the largest known list has a few thousand."""
MAX_ID_CHARS = 200
MAX_LABEL_CHARS = 120
MAX_PARAMETERS = 60
MAX_NUMBER = 10**9
"""Larger token numbers are nonsense."""
GONE_KEPT = timedelta(days=90)
"""A model that left its provider's list is still shown as gone for this long."""
NEW_FOR = timedelta(days=14)
"""A model counts as new for this long after it first appeared."""
MTOK = 1_000_000
_CONTEXT = ("context_length", "context_window", "max_model_len", "max_context_length")
_OUTPUT = ("max_completion_tokens", "max_output_tokens")
_REASONING = frozenset({"reasoning", "include_reasoning", "reasoning_effort"})
_NOT_CHAT = (
    "embedding", "whisper", "tts", "dall-e", "moderation", "transcribe", "realtime", "gpt-image", "sora", "babbage",
    "davinci",
)  # fmt: skip
"""Parts of names of models that answer no chat, in lists that do not say what a model is for."""


class ListedModel(Value):
    """One model of a list. Null means that the provider does not say."""

    id: str
    """The provider's own ID."""
    label: str = ""
    context_tokens: int | None = None
    max_output_tokens: int | None = None
    input_usd_per_mtok: float | None = None
    cached_input_usd_per_mtok: float | None = None
    output_usd_per_mtok: float | None = None
    parameters: tuple[str, ...] | None = None
    """The request parameters that it supports."""
    reasoning: bool | None = None
    first_seen_at: datetime | None = None
    """When it appeared; null if it was in the first list that was ever read."""
    gone_at: datetime | None = None
    """When it had left the list; null while it is listed."""

    def is_new(self, now: datetime) -> bool:
        return self.gone_at is None and self.first_seen_at is not None and now - self.first_seen_at < NEW_FOR


class ModelList(Value):
    """The list of one account."""

    source: str
    """Hash of the address that it came from: another address has another list."""
    fetched_at: datetime
    models: tuple[ListedModel, ...]
    """By ID; those that are gone included."""


class BadList(ValueError):
    """The answer is not a list of models."""


def parse_list(body: bytes) -> tuple[ListedModel, ...]:
    """The models in an answer of GET /models, in its order. Raises BadList if there are none.

    Knows the formats of OpenAI, OpenRouter, Fireworks, Groq, vLLM and llama.cpp, and a bare list (Together). Unusable
    rows are skipped.
    """
    try:
        answer = orjson.loads(body)
    except ValueError as error:
        raise BadList("the answer is not JSON") from error
    rows = answer.get("data") if isinstance(answer, dict) else answer
    if not isinstance(rows, list):
        raise BadList("the answer has no list of models")
    found: dict[str, ListedModel] = {}
    for row in rows:
        if isinstance(row, dict) and (model := _model(row)) is not None:
            found.setdefault(model.id, model)
        if len(found) == MAX_MODELS:
            break
    if not found:
        raise BadList("the list is empty")
    return tuple(found.values())


def merge_list(before: ModelList | None, models: Iterable[ListedModel], source: str, now: datetime) -> ModelList:
    """The new list, with the dates at which models appeared and left. Without a list before, nothing is new."""
    if before is not None and before.source != source:
        before = None
    known = {model.id: model for model in before.models} if before else {}
    merged = {}
    for model in models:
        earlier = known.get(model.id)
        first_seen_at = earlier.first_seen_at if earlier else now if before else None
        merged[model.id] = model.model_copy(update={"first_seen_at": first_seen_at, "gone_at": None})
    for model in known.values():
        gone_at = model.gone_at or now
        if model.id not in merged and now - gone_at < GONE_KEPT:
            merged[model.id] = model.model_copy(update={"gone_at": gone_at})
    ordered = sorted(merged.values(), key=lambda model: model.id)[: 2 * MAX_MODELS]
    return ModelList(source=source, fetched_at=now, models=tuple(ordered))


def _model(row: Mapping[str, Any]) -> ListedModel | None:
    id_ = row.get("id")
    if not isinstance(id_, str) or not 0 < len(id_) <= MAX_ID_CHARS or not id_.isprintable() or id_ != id_.strip():
        return None
    if row.get("supports_chat") is False or (not _says_purpose(row) and any(part in id_ for part in _NOT_CHAT)):
        return None
    pricing, top = _object(row.get("pricing")), _object(row.get("top_provider"))
    parameters = _parameters(row.get("supported_parameters"))
    return ListedModel(
        id=id_,
        label=_label(row.get("name"), id_),
        context_tokens=_first_count(row, _CONTEXT) or _first_count(_object(row.get("meta")), ("n_ctx_train",)),
        max_output_tokens=_first_count(top, _OUTPUT) or _first_count(row, _OUTPUT),
        input_usd_per_mtok=_price(pricing.get("prompt")),
        cached_input_usd_per_mtok=_price(pricing.get("input_cache_read")),
        output_usd_per_mtok=_price(pricing.get("completion")),
        parameters=parameters,
        reasoning=None if parameters is None else not _REASONING.isdisjoint(parameters),
    )


def _says_purpose(row: Mapping[str, Any]) -> bool:
    return "supports_chat" in row or "architecture" in row or "supported_parameters" in row


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _label(value: Any, id_: str) -> str:
    if not isinstance(value, str) or value == id_:
        return ""
    return "".join(c for c in value[:MAX_LABEL_CHARS] if c.isprintable()).strip()


def _parameters(value: Any) -> tuple[str, ...] | None:
    if not isinstance(value, list):
        return None
    return tuple(sorted({word for word in value[:MAX_PARAMETERS] if isinstance(word, str) and len(word) <= 40}))


def _first_count(row: Mapping[str, Any], names: Iterable[str]) -> int | None:
    return next(_counts(row, names), None)


def _counts(row: Mapping[str, Any], names: Iterable[str]) -> Iterator[int]:
    for name in names:
        value = row.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= MAX_NUMBER:
            yield int(value)


def _price(value: Any) -> float | None:
    """US dollars per million tokens, from dollars per token; None if it is missing or varies (-1)."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        price = float(value)
    except ValueError:
        return None
    return round(price * MTOK, 9) if math.isfinite(price) and 0 <= price <= 1 else None
