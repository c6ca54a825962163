"""The configured providers and models, whether each is usable, and the provider of each model name."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pkgutil import resolve_name

from core.clock import Clock
from core.domain.ids import SIMULATED
from core.domain.value import Value
from core.errors import BadInput, BadSettings
from core.providers.base import Provider, ProviderNumbers
from core.providers.http import ProviderHttp
from core.providers.openai_compatible import OpenAICompatible
from core.providers.prices import listed_rates
from core.providers.retrying import Retrying
from core.providers.throttled import CallEnd, Throttled
from core.settings import Account, CallSettings, ProviderSettings, Settings
from core.throttle.base import Throttle

SIMULATED_JUDGE = f"{SIMULATED}/judge"
PREFERRED_JUDGE = "openai/gpt-5"


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
        default_judge: str = "",
    ) -> None:
        self._clock = clock
        self._entries: dict[str, _Entry] = {}
        for one in configured:
            throttled = Throttled(one.provider, throttle, clock, on_call)
            self._entries[one.row.name] = _Entry(one, throttled, Retrying(throttled, calls, chance))
        self.default_judge = default_judge or self._first_judge()

    def resolve(self, model: str) -> tuple[Provider, str]:
        """The provider of `provider/model ID` and the provider's own model ID.

        Raises BadInput: `unknown_model` if no provider matches, `model_not_usable` if it cannot be called.
        """
        name, slash, own_id = model.partition("/")
        entry = self._entries.get(name)
        if entry is None or not slash or not own_id.strip():
            raise BadInput(
                f'"{model[:120]}" is not a known model.',
                hint=f"Use provider/model ID; the providers are {', '.join(self._entries)}.",
                code="unknown_model",
            )
        row = entry.configured.row
        if not row.usable:
            why = row.why_not[:1].upper() + row.why_not[1:]
            raise BadInput(f"{model} is not usable.", hint=f"{why}.", code="model_not_usable")
        if row.simulated and own_id not in entry.configured.models:
            known = ", ".join(f"{name}/{known}" for known in entry.configured.models)
            raise BadInput(f"Unknown simulated model: {own_id[:60]}.", hint=f"Use {known}.", code="unknown_model")
        return entry.retrying, own_id

    def limit(self, account: str) -> int:
        """The configured concurrency of an account."""
        return next(e.configured.row.concurrency for e in self._entries.values() if e.configured.row.account == account)

    def numbers(self, name: str) -> ProviderNumbers:
        entry = self._entries[name]
        return entry.throttled.numbers(entry.retrying.retries)

    async def close(self) -> None:
        """Release every slot that is still held. Call before closing the HTTP client."""
        await asyncio.gather(*(entry.throttled.close() for entry in self._entries.values()))

    def rates(self, model: str) -> tuple[float | None, float | None]:
        """US dollars per million input and output tokens of any model; None if unknown."""
        name, _, own_id = model.partition("/")
        entry = self._entries.get(name)
        return (None, None) if entry is None else listed_rates(own_id, entry.configured.price_list, self._clock.now())

    def rows(self) -> tuple[tuple[ProviderRow, ...], tuple[ModelRow, ...]]:
        """All providers and listed models, usable models first."""
        models = [row for entry in self._entries.values() for row in self._model_rows(entry.configured)]
        providers = tuple(entry.configured.row for entry in self._entries.values())
        return providers, tuple(sorted(models, key=lambda row: (not row.usable, row.simulated)))

    def _model_rows(self, one: Configured) -> Iterable[ModelRow]:
        for model in one.models:
            received, sent = listed_rates(model, one.price_list, self._clock.now())
            yield ModelRow(
                model=f"{one.row.name}/{model}",
                provider=one.row.name,
                name=model,
                usable=one.row.usable,
                why_not=one.row.why_not,
                simulated=one.row.simulated,
                reasoning=None,
                input_usd_per_mtok=received,
                output_usd_per_mtok=sent,
            )

    def _first_judge(self) -> str:
        """OpenAI's if usable, else the first usable real model, else the simulated judge."""
        _, models = self.rows()
        usable = [row.model for row in models if row.usable and not row.simulated]
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
) -> Catalog:
    """Builds the catalog from the settings. `simulated`: the simulated provider, or empty.

    Raises BadSettings if the default judge is unknown or unusable.
    """
    configured = [
        *(_configured(account, settings.calls, http, clock) for account in settings.providers.all_accounts),
        *(_simulated(provider, simulated_models, settings.providers.simulated_concurrency) for provider in simulated),
    ]
    catalog = Catalog(
        configured,
        throttle=throttle,
        calls=settings.calls,
        clock=clock,
        chance=chance,
        on_call=on_call,
        default_judge=settings.providers.default_judge,
    )
    if settings.providers.default_judge:
        _validate_judge(catalog, settings.providers.default_judge)
    return catalog


def _validate_judge(catalog: Catalog, judge: str) -> None:
    try:
        catalog.resolve(judge)
    except BadInput as error:
        raise BadSettings(f"DEFAULT_JUDGE: {error.message}", hint=f"{error.hint} Or remove DEFAULT_JUDGE.") from error


def _configured(account: Account, calls: CallSettings, http: ProviderHttp, clock: Clock) -> Configured:
    kind: type[OpenAICompatible] = resolve_name(account.adapter)
    row = _row(
        account.name,
        account.label or account.name,
        account.concurrency,
        why_not=f"set {account.key_variable} and restart" if account.lacks_key else "",
        custom=account.custom,
    )
    return Configured(row, account.models, kind.price_list or account.base_url, kind(account, http, clock, calls))


def _simulated(provider: Provider, models: Sequence[str], concurrency: int) -> Configured:
    row = _row(provider.name, "Simulated", concurrency, simulated=True)
    return Configured(row, tuple(models), "", provider)


def _row(
    name: str, label: str, concurrency: int, *, why_not: str = "", simulated: bool = False, custom: bool = False
) -> ProviderRow:
    return ProviderRow(
        name=name,
        label=label,
        account=name,
        usable=not why_not,
        why_not=why_not,
        simulated=simulated,
        concurrency=concurrency,
        custom=custom,
    )
