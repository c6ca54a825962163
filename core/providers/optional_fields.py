"""Request fields that improve an answer where a model takes them. A model that rejects one is called without it.

Few lists say which model takes which of them, so the first call to a model is a trial: other calls to the model wait
until it has begun to answer. A rejection therefore costs one more request per model and process, however many calls
start at once (decision record 0097).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from cachetools import LRUCache

from core.errors import ProviderError
from core.providers.base import AnswerForm, ChatRequest
from core.providers.causes import BAD_REQUEST
from core.providers.problem import read_problem
from core.providers.refused_fields import MAX_MODELS, MAX_TRIES, RefusedFields

RESPONSE_FORMAT = "response_format"
JSON_OBJECT = {"type": "json_object"}
MAX_TRIAL_WAIT_S = 30.0
"""A call that has waited this long goes ahead: the trial may be stuck."""
_SCHEMA_REFUSED = re.compile(r"schema|structured|type", re.IGNORECASE)
"""The rejection is about the schema, not about `response_format`: a JSON object may still be accepted."""
_NAMED = {
    RESPONSE_FORMAT: re.compile(
        r"response[_ ]format|json[_ ](?:schema|object|mode)|structured[_ ]outputs?", re.IGNORECASE
    )
}
"""How a rejection names a field, other than by the field's name."""
_REJECTIONS = frozenset({"bad_request", "forbidden"})
"""Codes of errors that may be about a field: OpenAI answers `logprobs` with 403."""


@dataclass
class _Knowledge:
    """What one model is known to take."""

    accepted: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    schema_refused: bool = False
    trial: asyncio.Event | None = None
    """Set when the trial has ended, or has shown what the model takes."""

    def end_trial(self, trial: asyncio.Event | None) -> None:
        if trial is not None:
            trial.set()
        if self.trial is trial:
            self.trial = None


class OptionalFields:
    """What each model of one account takes, learnt since the process started."""

    def __init__(self) -> None:
        self._models: LRUCache[str, _Knowledge] = LRUCache(MAX_MODELS)

    def fit(self, model: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The fields without those that the model is known to reject."""
        known = self._models.get(model)
        if known is None or not (known.refused or known.schema_refused):
            return dict(fields)
        fitted = {name: value for name, value in fields.items() if name not in known.refused}
        if known.schema_refused and RESPONSE_FORMAT in fitted:
            fitted[RESPONSE_FORMAT] = JSON_OBJECT
        return fitted

    def is_untried(self, model: str, fields: Iterable[str]) -> bool:
        known = self._models.get(model)
        return known is None or not known.accepted.issuperset(name for name in fields if name not in known.refused)

    def accept(self, model: str, fields: Iterable[str]) -> None:
        """Record that the model answers a call with these fields."""
        known = self._known(model)
        known.accepted.update(fields)
        known.end_trial(known.trial)

    def learn(self, model: str, sent: Mapping[str, Any], error: ProviderError) -> bool:
        """Record the field of `sent` that `error` names. Returns whether it names one."""
        if error.code not in _REJECTIONS:
            return False
        problem = read_problem(error.raw.encode("utf-8", "replace"))
        name = next((name for name in sent if _names(problem.parameters, problem.words, name)), None)
        if name is None:
            return False
        known = self._known(model)
        if name == RESPONSE_FORMAT and sent[name] != JSON_OBJECT and _SCHEMA_REFUSED.search(problem.words):
            known.schema_refused = True
        else:
            known.refused.add(name)
        return True

    def refuse(self, model: str, fields: Iterable[str]) -> None:
        """Record that the model rejects these fields without naming one."""
        self._known(model).refused.update(fields)

    @asynccontextmanager
    async def turn(self, model: str, fields: Iterable[str]) -> AsyncIterator[None]:
        """Wait while another call is the model's trial, at most MAX_TRIAL_WAIT_S in all; become the trial if the
        fields are still untried then."""
        known = self._known(model)
        names = tuple(fields)
        with suppress(TimeoutError):
            async with asyncio.timeout(MAX_TRIAL_WAIT_S):
                while known.trial is not None and self.is_untried(model, names):
                    await known.trial.wait()
        if known.trial is not None or not self.is_untried(model, names):
            yield
            return
        known.trial = trial = asyncio.Event()
        try:
            yield
        finally:
            known.end_trial(trial)

    def _known(self, model: str) -> _Knowledge:
        return self._models.setdefault(model, _Knowledge())


def answer_fields(request: ChatRequest, listed: Collection[str] | None) -> dict[str, Any]:
    """The schema and the log-probabilities that the request asks for, unless the provider's list (in OpenRouter's
    names) excludes them."""
    fields: dict[str, Any] = {}
    if request.answer_schema is not None:
        if listed is None or "structured_outputs" in listed:
            fields[RESPONSE_FORMAT] = request.answer_schema.response_format
        elif RESPONSE_FORMAT in listed:
            fields[RESPONSE_FORMAT] = JSON_OBJECT
    if request.logprobs and (listed is None or "logprobs" in listed):
        fields["logprobs"] = True
    return fields


def answer_form(sent: Mapping[str, Any]) -> AnswerForm:
    """What a request with these optional fields enforces."""
    if RESPONSE_FORMAT not in sent:
        return "words"
    return "object" if sent[RESPONSE_FORMAT] == JSON_OBJECT else "schema"


class FieldTries:
    """The requests of one call. Each leaves out what the one before was rejected for."""

    def __init__(
        self, refused: RefusedFields, optional: OptionalFields, model: str, chosen: frozenset[str] = frozenset()
    ) -> None:
        """`chosen`: fields that the caller chose, which are never dropped."""
        self.count = 0
        self._refused, self._optional, self._model, self._chosen = refused, optional, model, chosen
        self._body: dict[str, Any] = {}
        self._sent: dict[str, Any] = {}
        """The optional fields of the latest request."""
        self._untried: dict[str, Any] = {}
        """Optional fields that are left out because a rejection that names none of them may be about them."""
        self._max = MAX_TRIES

    def fit(self, body: Mapping[str, Any], optional: Mapping[str, Any]) -> dict[str, Any]:
        """The body of the next request. What is in `body` replaces optional fields."""
        self.count += 1
        self._body = self._refused.fit(self._model, body, self._chosen)
        self._sent = {} if self._untried else self._optional.fit(self._model, optional)
        self._max = max(self._max, MAX_TRIES + 2 * len(self._sent))
        return {**self._sent, **self._body}

    def accept(self) -> None:
        """The model answers the latest request."""
        if self._untried:
            self._optional.refuse(self._model, self._untried)
        elif self._sent:
            self._optional.accept(self._model, self._sent)

    def learn(self, error: ProviderError) -> bool:
        """Whether another request makes sense after this error."""
        if self.count >= self._max:
            return False
        if self._untried:
            return self._refused.learn(self._model, self._body, error, self._chosen)
        sent = {name: value for name, value in self._sent.items() if name not in self._body}
        if self._optional.learn(self._model, sent, error):
            return True
        if self._refused.learn(self._model, self._body, error, self._chosen):
            return True
        if error.code == BAD_REQUEST.code and self._optional.is_untried(self._model, sent):
            self._untried = sent
        return bool(self._untried)


def _names(parameters: Iterable[str], words: str, name: str) -> bool:
    named = any(parameter == name or parameter.startswith(f"{name}.") for parameter in parameters)
    pattern = _NAMED.get(name) or re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    return named or pattern.search(words) is not None
