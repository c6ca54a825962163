"""The configured providers and models, whether each is usable, and the provider of each model name."""

from __future__ import annotations

import asyncio
import heapq
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from pkgutil import resolve_name

from core.budget.budgets import Budgets
from core.clock import Clock
from core.domain.ids import SIMULATED
from core.domain.parameters import Parameters, is_default
from core.domain.value import Value
from core.errors import BadInput, BadSettings
from core.providers.base import ChatRequest, Provider, ProviderNumbers, Purpose
from core.providers.budgeted import Budgeted
from core.providers.hinting import Hinting
from core.providers.http import ProviderHttp
from core.providers.model_list.entries import ListedModel
from core.providers.model_list.refresh import FOLDER, ListSource, ModelLists
from core.providers.model_list.search import MIN_SIMILARITY, near_names, rank, words_of
from core.providers.openai_compatible import OpenAICompatible
from core.providers.prices import UNKNOWN_RATES, ModelRates, listed_rates, own_rates
from core.providers.retrying import Retrying
from core.providers.throttled import CallEnd, Throttled
from core.providers.unsupported_parameters import refuse_above_limit, refuse_extra_keys, refuse_unsupported
from core.settings import Account, CallSettings, ProviderSettings, Settings
from core.throttle.base import Throttle

SIMULATED_JUDGE = f"{SIMULATED}/judge"
PREFERRED_JUDGE = "openai/gpt-5"
SURE_SIMILARITY = 0.9
"""Least similarity of a suggestion while a provider's list is unknown: the operator names only a few models."""


class ProviderRow(Value):
    name: str
    label: str
    account: str
    usable: bool
    why_not: str
    simulated: bool
    concurrency: int
    custom: bool
    """From OPENAI_COMPATIBLE."""
    models_listed: int = 0
    """Models in its own list, as last read; 0 if it was never read."""
    list_read_at: datetime | None = None
    """When its list of models was last read."""
    list_error: str = ""
    """Why the last attempt to read it failed; empty if it did not. The list read before still applies."""


class ModelRow(Value):
    model: str
    provider: str
    name: str
    usable: bool
    why_not: str
    simulated: bool
    reasoning: bool | None
    """null: unknown."""
    input_usd_per_mtok: float | None
    output_usd_per_mtok: float | None
    cached_input_usd_per_mtok: float | None = None
    label: str = ""
    """The provider's own name for people; may be empty."""
    context_tokens: int | None = None
    max_output_tokens: int | None = None
    parameters: tuple[str, ...] | None = None
    """The request parameters that the model supports; null: unknown."""
    configured: bool = True
    """Named by the operator; otherwise only in the provider's list."""
    listed: bool | None = None
    """Whether it is in the provider's list; null while that is unknown."""
    new: bool = False
    """It appeared in the provider's list in the last 14 days."""
    first_seen_at: datetime | None = None
    """When it appeared; null if it was in the first list that was read."""
    gone_at: datetime | None = None
    """When it had left the provider's list; null while it is listed."""


@dataclass(frozen=True)
class Configured:
    """A provider with its public row and its listed models."""

    row: ProviderRow
    models: tuple[str, ...]
    price_list: str
    provider: Provider


@dataclass(frozen=True)
class _Entry:
    configured: Configured
    throttled: Throttled
    retrying: Retrying
    provider: Provider
    """What callers get: with retries and hints."""


class Catalog:
    def __init__(
        self,
        configured: Iterable[Configured],
        *,
        throttle: Throttle,
        calls: CallSettings,
        clock: Clock,
        chance: random.Random,
        on_call: Callable[[CallEnd], None],
        lists: ModelLists,
        budgets: Budgets,
        default_judge: str = "",
        extra_body_keys: Sequence[str] = (),
    ) -> None:
        self._clock, self._calls, self._extra_body_keys = clock, calls, extra_body_keys
        self.lists = lists
        self._entries: dict[str, _Entry] = {}
        for one in configured:
            if isinstance(one.provider, OpenAICompatible):
                one.provider.use_list(partial(self._listed_of, one.row.name))
            throttled = Throttled(one.provider, throttle, clock, on_call)
            budgeted = Budgeted(throttled, budgets, partial(self._rates, one))
            retrying = Retrying(budgeted, calls, chance)
            hinting = Hinting(retrying, self.near)
            self._entries[one.row.name] = _Entry(one, throttled, retrying, hinting)
        self.default_judge = default_judge or self._first_judge()

    def is_usable(self, model: str) -> bool:
        """Whether `resolve` finds its provider."""
        try:
            self.resolve(model)
        except BadInput:
            return False
        return True

    def resolve(self, model: str) -> tuple[Provider, str]:
        """The provider of `provider/model ID` and the provider's own model ID.

        Raises BadInput: `unknown_model` if no provider matches, `model_not_usable` if it cannot be called.
        """
        name, slash, own_id = model.partition("/")
        entry = self._entries.get(name)
        if entry is None or not slash or not own_id.strip():
            known = ", ".join(self._entries)
            hint = f"{_did_you_mean(self.near(model))}Use provider/model ID; the providers are {known}."
            raise BadInput(f'"{model[:120]}" is not a known model.', hint=hint, code="unknown_model")
        row = entry.configured.row
        if not row.usable:
            why = row.why_not[:1].upper() + row.why_not[1:]
            raise BadInput(f"{model} is not usable.", hint=f"{why}.", code="model_not_usable")
        if row.simulated and own_id not in entry.configured.models:
            known = ", ".join(f"{name}/{known}" for known in entry.configured.models)
            hint = f"{_did_you_mean(self.near(model))}Use {known}."
            raise BadInput(f"Unknown simulated model: {own_id[:60]}.", hint=hint, code="unknown_model")
        return entry.provider, own_id

    def check_parameters(self, model: str, parameters: Parameters, purpose: Purpose = "target") -> tuple[str, ...]:
        """Return notes on parameters that the provider may ignore.

        Raises BadInput for an unknown model, for parameters that it does not take (`unsupported_parameter`), for keys
        of `extra_body` that are not allowed, and for an output limit above the operator's.
        """
        provider, own_id = self.resolve(model)
        if is_default(parameters):
            return ()
        refuse_extra_keys(parameters, self._extra_body_keys)
        default = self._calls.target_max_output_tokens if purpose == "target" else self._calls.judge_max_output_tokens
        usual = ChatRequest(model=own_id, messages=(), purpose=purpose, max_output_tokens=default or None)
        limit = provider.output_limit(usual)
        refuse_above_limit(parameters.max_output_tokens, limit.tokens, str(limit))
        support = provider.support(own_id, parameters)
        refuse_unsupported(model, support)
        return tuple(f"{model}: {note}" for note in support.notes)

    def accounts_of(self, models: Iterable[str]) -> tuple[str, ...]:
        """The real accounts of these models, each once."""
        names = dict.fromkeys(model.partition("/")[0] for model in models)
        rows = [self._entries[name].configured.row for name in names if name in self._entries]
        return tuple(dict.fromkeys(row.account for row in rows if not row.simulated))

    def limit(self, account: str) -> int:
        """The configured concurrency of an account."""
        return next(e.configured.row.concurrency for e in self._entries.values() if e.configured.row.account == account)

    def numbers(self, name: str) -> ProviderNumbers:
        entry = self._entries[name]
        return entry.throttled.numbers(entry.retrying.retries)

    async def close(self) -> None:
        """Release every slot that is still held. Call before closing the HTTP client."""
        await asyncio.gather(*(entry.throttled.close() for entry in self._entries.values()))

    def rates(self, model: str) -> ModelRates:
        """The rates of any model."""
        name, _, own_id = model.partition("/")
        entry = self._entries.get(name)
        return UNKNOWN_RATES if entry is None else self._rates(entry.configured, own_id)

    def listed(self, model: str) -> ListedModel | None:
        """What the provider's list says of a model; None if it is not in the list, or there is none."""
        name, _, own_id = model.partition("/")
        return self._listed_of(name, own_id)

    def _listed_of(self, provider: str, model: str) -> ListedModel | None:
        models = self.lists.models(provider)
        # a variant such as `model:nitro` is routed differently and not listed by itself
        return models.get(model) or models.get(model.partition(":")[0])

    def near(self, model: str, minimum: float = MIN_SIMILARITY) -> list[str]:
        """Known names that resemble an unknown one, best first; empty if the name is known."""
        name, slash, own_id = model.partition("/")
        if slash and (entry := self._entries.get(name)):
            if own_id in entry.configured.models or ((row := self.listed(model)) and row.gone_at is None):
                return []
            return [f"{name}/{one}" for one in near_names(own_id, self._names(entry.configured), minimum=minimum)]
        every = [f"{e.configured.row.name}/{one}" for e in self._entries.values() for one in self._names(e.configured)]
        same = [one for one in every if one.endswith(f"/{model}")]
        return same[:3] or near_names(model, every, minimum=minimum)

    def suggestion(self, model: str) -> str:
        """The known name that was probably meant by an unknown one; "" if there is none."""
        name = model.partition("/")[0]
        known = self.lists.fetched_at(name) is not None
        return next(iter(self.near(model, MIN_SIMILARITY if known else SURE_SIMILARITY)), "")

    def rows(self) -> tuple[tuple[ProviderRow, ...], tuple[ModelRow, ...]]:
        """All providers and the configured models, usable models first."""
        configured = [entry.configured for entry in self._entries.values()]
        models = [self._model_row(one, model) for one in configured for model in one.models]
        return self.providers(), tuple(sorted(models, key=lambda row: (not row.usable, row.simulated)))

    def providers(self) -> tuple[ProviderRow, ...]:
        return tuple(self._provider_row(entry.configured.row) for entry in self._entries.values())

    def search(self, query: str, limit: int) -> tuple[tuple[ModelRow, ...], int]:
        """The best `limit` models, configured or listed, that match all words, and how many match."""
        words = words_of(query)
        found = [match for entry in self._entries.values() for match in self._matches(entry.configured, words)]
        best = heapq.nsmallest(limit, found)
        return tuple(self._model_row(self._entries[name].configured, own_id) for *_, name, own_id in best), len(found)

    def _matches(self, one: Configured, words: Sequence[str]) -> Iterator[tuple[bool, bool, int, bool, int, str, str]]:
        """Sortable: usable and real first, then by match, then models that are not gone, then short names."""
        name, listed = one.row.name, self.lists.models(one.row.account)
        for own_id in dict.fromkeys((*one.models, *listed)):
            model = listed.get(own_id)
            place = rank(f"{name}/{own_id} {model.label if model else ''}".lower(), words)
            if place is not None:
                place -= own_id in one.models  # the operator's choice comes first among equals
                gone = model is not None and model.gone_at is not None
                yield not one.row.usable, one.row.simulated, place, gone, len(own_id), name, own_id

    def _names(self, one: Configured) -> Iterable[str]:
        listed = self.lists.models(one.row.account)
        return dict.fromkeys((*one.models, *(model.id for model in listed.values() if model.gone_at is None)))

    def _rates(self, one: Configured, own_id: str) -> ModelRates:
        """The provider's own prices, else those of the price data."""
        own = own_rates(self.listed(f"{one.row.name}/{own_id}"))
        return own or listed_rates(own_id, one.price_list, self._clock.now())

    def _provider_row(self, row: ProviderRow) -> ProviderRow:
        if not row.usable or row.simulated:
            return row
        found = {
            "models_listed": sum(model.gone_at is None for model in self.lists.models(row.account).values()),
            "list_read_at": self.lists.fetched_at(row.account),
            "list_error": self.lists.error(row.account),
        }
        return row.model_copy(update=found)

    def _model_row(self, one: Configured, own_id: str) -> ModelRow:
        rates = self._rates(one, own_id)
        model = self.listed(f"{one.row.name}/{own_id}")
        known = self.lists.fetched_at(one.row.account) is not None
        row = ModelRow(
            model=f"{one.row.name}/{own_id}",
            provider=one.row.name,
            name=own_id,
            usable=one.row.usable,
            why_not=one.row.why_not,
            simulated=one.row.simulated,
            reasoning=model.reasoning if model else None,
            input_usd_per_mtok=rates.input,
            output_usd_per_mtok=rates.output,
            cached_input_usd_per_mtok=rates.cached_input,
            configured=own_id in one.models,
            listed=(model is not None and model.gone_at is None) if known else None,
        )
        if model is None:
            return row
        same = ("label", "context_tokens", "max_output_tokens", "parameters", "first_seen_at", "gone_at")
        details = {name: getattr(model, name) for name in same}
        return row.model_copy(update={**details, "new": model.is_new(self._clock.now())})

    def _first_judge(self) -> str:
        """OpenAI's if usable, else the first usable real model, else the simulated judge."""
        real = [
            e.configured for e in self._entries.values() if e.configured.row.usable and not e.configured.row.simulated
        ]
        usable = [f"{one.row.name}/{model}" for one in real for model in one.models]
        return PREFERRED_JUDGE if PREFERRED_JUDGE in usable else next(iter(usable), SIMULATED_JUDGE)


def configured_limits(settings: ProviderSettings) -> list[tuple[str, int]]:
    """(account, maximum concurrent calls) of every provider."""
    limits = [(account.name, account.concurrency) for account in settings.all_accounts]
    return [*limits, *([(SIMULATED, settings.simulated_concurrency)] if settings.simulated_provider else [])]


def build_catalog(
    settings: Settings,
    http: ProviderHttp,
    throttle: Throttle,
    *,
    simulated: Sequence[Provider],
    simulated_models: Sequence[str],
    on_call: Callable[[CallEnd], None],
    clock: Clock,
    chance: random.Random,
    budgets: Budgets,
) -> Catalog:
    """Builds the catalog from the settings. `simulated`: the simulated provider, or empty.

    Raises BadSettings if the default judge is unknown or unusable.
    """
    configured = [
        *(_configured(account, settings.calls, http, clock) for account in settings.providers.all_accounts),
        *(_simulated(provider, simulated_models, settings.providers.simulated_concurrency) for provider in simulated),
    ]
    sources = [
        ListSource(account.name, account.base_url, one.provider.list_models)
        for account, one in zip(settings.providers.all_accounts, configured, strict=False)  # not the simulated one
        if one.row.usable and isinstance(one.provider, OpenAICompatible)
    ]
    catalog = Catalog(
        configured,
        throttle=throttle,
        calls=settings.calls,
        clock=clock,
        chance=chance,
        on_call=on_call,
        lists=ModelLists(sources, Path(settings.telemetry.directory) / FOLDER, clock, chance=chance),
        budgets=budgets,
        default_judge=settings.providers.default_judge,
        extra_body_keys=settings.providers.extra_body_keys,
    )
    if settings.providers.default_judge:
        _validate_judge(catalog, settings.providers.default_judge)
    return catalog


def _did_you_mean(near: Sequence[str]) -> str:
    return f"Did you mean {' or '.join(near)}? " if near else ""


def _validate_judge(catalog: Catalog, judge: str) -> None:
    try:
        catalog.resolve(judge)
    except BadInput as error:
        raise BadSettings(f"DEFAULT_JUDGE: {error.message}", hint=f"{error.hint} Or remove DEFAULT_JUDGE.") from error


def _configured(account: Account, calls: CallSettings, http: ProviderHttp, clock: Clock) -> Configured:
    kind: type[OpenAICompatible] = resolve_name(account.adapter)
    row = ProviderRow(
        name=account.name,
        label=account.label or account.name,
        account=account.name,
        usable=not account.lacks_key,
        why_not=f"set {account.key_variable} and restart" if account.lacks_key else "",
        simulated=False,
        concurrency=account.concurrency,
        custom=account.custom,
    )
    provider = kind(account, http, clock, calls)
    return Configured(row, account.models, provider.price_list, provider)


def _simulated(provider: Provider, models: Sequence[str], concurrency: int) -> Configured:
    row = ProviderRow(
        name=provider.name,
        label="Simulated",
        account=provider.name,
        usable=True,
        why_not="",
        simulated=True,
        concurrency=concurrency,
        custom=False,
    )
    return Configured(row, tuple(models), "", provider)
