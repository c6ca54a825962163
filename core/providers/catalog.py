"""Which providers and models there are, which can be used now and why not, and who answers for a model's name."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from urllib.parse import urlsplit

from core.clock import Clock
from core.domain.ids import SIMULATED
from core.domain.value import Value
from core.errors import BadInput, BadSettings
from core.providers.base import Provider, ProviderNumbers
from core.providers.fireworks import Fireworks
from core.providers.http import ProviderHttp
from core.providers.openai import OpenAI
from core.providers.openai_compatible import OpenAICompatible
from core.providers.openrouter import OpenRouter
from core.providers.prices import listed_rates
from core.providers.retrying import Retrying
from core.providers.throttled import CallEnd, Throttled
from core.settings import CallSettings, ProviderSettings, Settings
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
    """None: not known."""
    input_usd_per_mtok: float | None
    output_usd_per_mtok: float | None


@dataclass(frozen=True)
class Configured:
    """A provider, what is shown of it, and the models that are offered."""

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
        """The provider of `provider/model id`, ready to call, and its own id of the model.

        Raises BadInput: `unknown_model` when the name is of no provider, `model_not_usable` when it cannot be called.
        """
        name, slash, own_id = model.partition("/")
        entry = self._entries.get(name)
        if entry is None or not slash or not own_id.strip():
            raise BadInput(
                f'"{model[:120]}" is not the name of a model here.',
                hint=f"Write provider/model id; the providers are {', '.join(self._entries)}.",
                code="unknown_model",
            )
        row = entry.configured.row
        if not row.usable:
            why = row.why_not[:1].upper() + row.why_not[1:]
            raise BadInput(f"{model} cannot be used now.", hint=f"{why}.", code="model_not_usable")
        if row.simulated and own_id not in entry.configured.models:
            known = ", ".join(f"{name}/{known}" for known in entry.configured.models)
            raise BadInput(f"There is no simulated model {own_id[:60]}.", hint=f"Use {known}.", code="unknown_model")
        return entry.retrying, own_id

    def limit(self, account: str) -> int:
        """The configured concurrency of an account."""
        return next(e.configured.row.concurrency for e in self._entries.values() if e.configured.row.account == account)

    def numbers(self, name: str) -> ProviderNumbers:
        entry = self._entries[name]
        return entry.throttled.numbers(entry.retrying.retries)

    async def close(self) -> None:
        """Give back every slot that is still kept. Called before HTTP is closed."""
        await asyncio.gather(*(entry.throttled.close() for entry in self._entries.values()))

    def rates(self, model: str) -> tuple[float | None, float | None]:
        """US dollars for a million input and output tokens of any model, listed or not; None where not known."""
        name, _, own_id = model.partition("/")
        entry = self._entries.get(name)
        return (None, None) if entry is None else listed_rates(own_id, entry.configured.price_list, self._clock.now())

    def rows(self) -> tuple[tuple[ProviderRow, ...], tuple[ModelRow, ...]]:
        """Every provider, and every model that is offered; the usable ones first."""
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
        """OpenAI's when there is a key, else the first real model that can be used, else the simulated judge."""
        _, models = self.rows()
        usable = [row.model for row in models if row.usable and not row.simulated]
        return PREFERRED_JUDGE if PREFERRED_JUDGE in usable else next(iter(usable), SIMULATED_JUDGE)


def configured_limits(settings: Settings) -> list[tuple[str, int]]:
    """(account, most calls in flight) of every provider there can be."""
    fixed = [
        ("openai", settings.providers.openai_concurrency),
        ("openrouter", settings.providers.openrouter_concurrency),
        ("fireworks", settings.providers.fireworks_concurrency),
    ]
    further = [(endpoint.name, endpoint.concurrency) for endpoint in settings.providers.openai_compatible]
    return [
        *fixed,
        *further,
        *([(SIMULATED, settings.providers.simulated_concurrency)] if settings.providers.simulated_provider else []),
    ]


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
    """The catalog of these settings. `simulated`: the simulated provider, or nothing.

    Raises BadSettings when the default judge is nobody here, or cannot be called.
    """
    configured = [
        *_with_keys(settings, http, clock),
        *_further(settings, http, clock),
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
        _refuse_bad_judge(catalog, settings.providers.default_judge)
    return catalog


def _refuse_bad_judge(catalog: Catalog, judge: str) -> None:
    try:
        catalog.resolve(judge)
    except BadInput as error:
        raise BadSettings(
            f"DEFAULT_JUDGE: {error.message}", hint=f"{error.hint} Or leave DEFAULT_JUDGE out."
        ) from error


def _with_keys(settings: Settings, http: ProviderHttp, clock: Clock) -> Iterable[Configured]:
    given = settings.providers
    table: tuple[tuple[type[OpenAICompatible], str, str, str, str, int, tuple[str, ...]], ...] = (
        (OpenAI, "openai", "OpenAI", given.openai_base_url, given.openai_api_key,
         given.openai_concurrency, given.openai_models),
        (OpenRouter, "openrouter", "OpenRouter", given.openrouter_base_url, given.openrouter_api_key,
         given.openrouter_concurrency, given.openrouter_models),
        (Fireworks, "fireworks", "Fireworks", given.fireworks_base_url, given.fireworks_api_key,
         given.fireworks_concurrency, given.fireworks_models),
    )  # fmt: skip
    for kind, name, label, url, key, concurrency, models in table:
        row = _row(name, label, concurrency, why_not="" if key else f"set {name.upper()}_API_KEY and start again")
        provider = kind(name, _speaker(label, name, url), url, key, http, clock, settings.calls)
        yield Configured(row, models, kind.price_list, provider)


def _speaker(label: str, name: str, url: str) -> str:
    """Whose words the messages of errors tell: the provider's, or those of the gateway that its base URL names."""
    usual = next(row.default for row in fields(ProviderSettings) if row.name == f"{name}_base_url")
    host = urlsplit(url)
    if host.hostname == urlsplit(str(usual)).hostname:
        return label
    return f"{host.hostname}{f':{host.port}' if host.port else ''} ({name.upper()}_BASE_URL)"


def _further(settings: Settings, http: ProviderHttp, clock: Clock) -> Iterable[Configured]:
    for endpoint in settings.providers.openai_compatible:
        lacks_key = endpoint.key_variable and not endpoint.key
        row = _row(
            endpoint.name,
            endpoint.name,
            endpoint.concurrency,
            why_not=f"set {endpoint.key_variable} and start again" if lacks_key else "",
            custom=True,
        )
        own = {"target": endpoint.target_max_output_tokens, "judge": endpoint.judge_max_output_tokens}
        provider = OpenAICompatible(
            endpoint.name, endpoint.name, endpoint.base_url, endpoint.key, http, clock, settings.calls, own
        )
        yield Configured(row, endpoint.models, endpoint.base_url, provider)


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
