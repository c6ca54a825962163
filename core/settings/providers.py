"""Who is called: the accounts of the provider table, further addresses, the simulated provider, and the judge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from core.settings import provider_table
from core.settings.accounts import Account
from core.settings.rows import Row, setting


def table_accounts() -> tuple[Account, ...]:
    """The account of each row of the provider table, as it is when no variable is set."""
    return tuple(
        Account(
            name=row.name,
            base_url=row.base_url,
            key_variable=f"{row.name.upper()}_API_KEY",
            concurrency=row.concurrency,
            models=row.models,
            label=row.label,
            adapter=row.adapter,
            usual_base_url=row.base_url,
        )
        for row in provider_table.PROVIDERS
    )


def account_rows() -> Iterator[tuple[str, Row, Any]]:
    """(`account.field`, row, default) of every variable of the provider table."""
    for account in table_accounts():
        name, label = account.name.upper(), account.label
        rows = (
            ("key", Row(f"{name}_API_KEY", "key", f"Key for {label}.", secret=True)),
            ("base_url", Row(f"{name}_BASE_URL", "URL", f"Address of {label}, or of a gateway.")),
            ("concurrency", Row(f"{name}_CONCURRENCY", "calls", f"Maximum calls in flight at {label}.", minimum=1)),
            ("models", Row(f"{name}_MODELS", "names, comma-separated", f"Models of {label} that the page lists.")),
        )
        for attribute, row in rows:
            yield f"{account.name}.{attribute}", row, getattr(account, attribute)


@dataclass(frozen=True)
class ProviderSettings:
    """Keys, addresses, models and concurrency of each provider, and the judge."""

    accounts: tuple[Account, ...] = field(default_factory=table_accounts)
    """Those of the provider table, in its order."""
    openai_compatible: tuple[Account, ...] = setting(
        (),
        "OPENAI_COMPATIBLE",
        "JSON list",
        'Further addresses: [{"name", "base_url", "key_variable", "concurrency", "models", '
        '"target_max_output_tokens", "judge_max_output_tokens"}].',
    )
    simulated_provider: bool = setting(
        True,
        "SIMULATED_PROVIDER",
        "true/false",
        "Whether to offer the built-in simulated provider. It is always labelled.",
    )
    simulated_concurrency: int = setting(
        8, "SIMULATED_CONCURRENCY", "calls", "Maximum calls in flight at the simulated provider.", minimum=1
    )
    simulated_script: str = setting(
        "",
        "SIMULATED_SCRIPT",
        "JSON",
        "Behaviour of the simulated provider: seed, latency, break rate, failures (docs/simulated.md).",
    )
    extra_body_keys: tuple[str, ...] = setting(
        (),
        "EXTRA_BODY_KEYS",
        "names, comma-separated",
        "Fields of a request that the parameter extra_body may set; empty: none.",
    )
    default_judge: str = setting(
        "",
        "DEFAULT_JUDGE",
        "model",
        "Judge if none is chosen; empty: openai/gpt-5 if it has a key, otherwise the simulated judge.",
    )

    @property
    def all_accounts(self) -> tuple[Account, ...]:
        return (*self.accounts, *self.openai_compatible)

    def with_account(self, name: str, **changes: Any) -> ProviderSettings:
        """The same with changes to one account of the table."""
        accounts = tuple(replace(one, **changes) if one.name == name else one for one in self.accounts)
        return replace(self, accounts=accounts)
