"""A provider is one class and one row: everything else derives from them."""

import random
from pkgutil import resolve_name

import pytest

from api.app import create_app
from core.clock import SystemClock
from core.domain.chat import Message
from core.errors import BadSettings, ProviderError
from core.logs import secrets
from core.providers.base import CallContext, ChatRequest
from core.providers.causes import RATE_LIMITED
from core.providers.http import open_http
from core.providers.model_catalog import build_catalog, configured_limits
from core.providers.openai_compatible import OpenAICompatible
from core.runtime import open_runtime
from core.settings import Settings, provider_table, read_settings, settings_warnings, table
from core.settings.provider_table import PROVIDERS, ProviderEntry
from core.throttle.memory import MemoryThrottle
from tests.core.budget.ledgers import no_budgets
from tests.core.providers.raw_provider import raw_provider, says, whole
from tests.settings import make_settings
from tools.settings_docs import PARTS

BUSY = 529


class Acme(OpenAICompatible):
    """A provider that says 529 when it is busy."""

    def headers(self):
        return {**super().headers(), "X-Acme": "yes"}

    def cause_of(self, status, problem):
        return RATE_LIMITED if status == BUSY else super().cause_of(status, problem)


ROW = ProviderEntry("acme", "Acme AI", f"{__name__}:Acme", "https://api.acme.example/v1", 3, ("anvil",))
VARIABLES = ["ACME_API_KEY", "ACME_BASE_URL", "ACME_CONCURRENCY", "ACME_MODELS"]


@pytest.fixture(autouse=True)
def acme(monkeypatch):
    monkeypatch.setattr(provider_table, "PROVIDERS", (*PROVIDERS, ROW))


def account(environment):
    return read_settings(environment).providers.accounts[-1]


@pytest.mark.parametrize("row", PROVIDERS, ids=lambda row: row.name)
def test_every_row_names_a_class(row):
    assert issubclass(resolve_name(row.adapter), OpenAICompatible)


def test_its_variables_are_settings():
    assert [s.row.variable for s in table() if s.row.variable.startswith("ACME")] == VARIABLES
    given = {
        "ACME_API_KEY": "k-1234567",
        "ACME_BASE_URL": "http://gate:1/v1",
        "ACME_CONCURRENCY": "7",
        "ACME_MODELS": "a, b",
    }
    read = account(given)
    assert (read.key, read.base_url, read.concurrency, read.models) == ("k-1234567", "http://gate:1/v1", 7, ("a", "b"))
    with pytest.raises(BadSettings, match="ACME_CONCURRENCY: must be at least 1"):
        read_settings({"ACME_CONCURRENCY": "0"})


def test_a_misspelled_variable_of_it_is_reported():
    (warning,) = settings_warnings(Settings(), {"ACME_CONCURENCY": "7"})
    assert warning.meant == "ACME_CONCURRENCY"


def test_its_name_is_reserved():
    with pytest.raises(BadSettings, match='"acme" is not a valid name'):
        read_settings({"OPENAI_COMPATIBLE": '[{"name": "acme", "base_url": "http://x"}]'})


def test_its_key_is_a_secret():
    assert "k-1234567" in secrets(read_settings({"ACME_API_KEY": "k-1234567"}))


def test_its_limit_is_that_of_its_account():
    assert ("acme", 7) in configured_limits(read_settings({"ACME_CONCURRENCY": "7"}).providers)


def test_it_is_in_the_documentation_and_in_compose():
    assert "| `acme` | `ACME_API_KEY` | `ACME_CONCURRENCY` (3) | `ACME_BASE_URL` (https://api.acme.example/v1) |" in (
        PARTS["provider table"]()
    )
    assert "| `ACME_CONCURRENCY` | `3` | calls | Maximum calls in flight at Acme AI. |" in PARTS["providers"]()
    assert all(f"      - {variable}\n" in PARTS["provider variables"]() for variable in VARIABLES)


async def test_it_is_offered_and_shown_in_the_status(tmp_path):
    settings = make_settings(read_settings({"ACME_API_KEY": "k-1"}), telemetry__directory=str(tmp_path))
    async with open_runtime(settings) as runtime:
        client = create_app(runtime).test_client()
        models = (await (await client.get("/api/models")).get_json())["models"]
        status = await (await client.get("/api/admin/status")).get_json()
    assert [m["usable"] for m in models if m["model"] == "acme/anvil"] == [True]
    assert [(p["account"], p["ceiling"]) for p in status["providers"] if p["name"] == "acme"] == [("acme", 3)]


async def test_without_a_key_the_variable_is_named(tmp_path):
    async with open_runtime(make_settings(telemetry__directory=str(tmp_path))) as runtime:
        providers, _ = runtime.catalog.rows()
    assert next(p.why_not for p in providers if p.name == "acme") == "set ACME_API_KEY and restart"


async def test_its_class_makes_the_call():
    async with raw_provider(says(whole("529 Busy", b'{"error": {"message": "later"}}'))) as server:
        environment = {"ACME_API_KEY": "k-1", "ACME_BASE_URL": server.base_url, "MAX_CALL_ATTEMPTS": "1"}
        settings = read_settings(environment)
        async with open_http(settings.calls) as http:
            catalog = build_catalog(
                settings,
                http,
                MemoryThrottle(configured_limits(settings.providers), max_queue=10),
                simulated=(),
                simulated_models=(),
                on_call=lambda _end: None,
                clock=SystemClock(),
                chance=random.Random(1),
                budgets=no_budgets(),
            )
            provider, model = catalog.resolve("acme/anvil")
            request = ChatRequest(model=model, messages=(Message(role="user", content="Hello?"),))
            with pytest.raises(ProviderError) as failed:
                await provider.complete(request, CallContext())
            await catalog.close()
    assert failed.value.code == "rate_limited"
    assert b"x-acme: yes" in server.requests[0].lower()
