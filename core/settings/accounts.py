"""Accounts (one provider with one key), and how OPENAI_COMPATIBLE lists further ones: JSON, checked field by field."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any
from urllib.parse import urlsplit

from core.settings import provider_table


@dataclass(frozen=True)
class Account:
    """One provider with one key, at one address. Limits on calls belong to it."""

    name: str
    base_url: str
    key: str = dataclass_field(default="", repr=False)
    key_variable: str = ""
    """The variable of the key; empty: none is needed."""
    concurrency: int = 4
    models: tuple[str, ...] = ()
    """What the page offers."""
    target_max_output_tokens: int | None = None
    """None: TARGET_MAX_OUTPUT_TOKENS; 0: the provider's own limit. Likewise for the judge."""
    judge_max_output_tokens: int | None = None
    label: str = ""
    """For people; empty: the name."""
    adapter: str = "core.providers.openai_compatible:OpenAICompatible"
    usual_base_url: str = ""
    """Of the provider table; empty: the account is one of OPENAI_COMPATIBLE."""

    @property
    def custom(self) -> bool:
        """From OPENAI_COMPATIBLE."""
        return not self.usual_base_url

    @property
    def lacks_key(self) -> bool:
        return bool(self.key_variable) and not self.key

    @property
    def speaker(self) -> str:
        """Whom error messages quote: the provider, or the gateway that its base URL names."""
        host = urlsplit(self.base_url)
        if self.custom or host.hostname == urlsplit(self.usual_base_url).hostname:
            return self.label or self.name
        return f"{host.hostname}{f':{host.port}' if host.port else ''} ({self.name.upper()}_BASE_URL)"

    def max_output_tokens(self, purpose: str) -> int | None:
        """This address's own output limit for calls to the target or the judge; None: it has none."""
        return self.target_max_output_tokens if purpose == "target" else self.judge_max_output_tokens


_OUTPUT_LIMITS = ("target_max_output_tokens", "judge_max_output_tokens")
_FIELDS = {"name", "base_url", "key_variable", "concurrency", "models", *_OUTPUT_LIMITS}


def read_accounts(text: str, env: Mapping[str, str]) -> tuple[Account, ...]:
    """The accounts of OPENAI_COMPATIBLE, with their keys from `env`. Raises ValueError with a sentence."""
    try:
        rows = json.loads(text)
    except ValueError as error:
        raise ValueError(f"is not JSON ({error}).") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError('must be a JSON list of objects like {"name": "lab", "base_url": "http://…/v1"}.')
    accounts = tuple(_account(row, env) for row in rows)
    names = [account.name for account in accounts]
    if len(set(names)) != len(names):
        raise ValueError("two addresses have the same name.")
    return accounts


def _account(row: Mapping[str, Any], env: Mapping[str, str]) -> Account:
    if unknown := set(row) - _FIELDS:
        raise ValueError(f"unknown field {', '.join(sorted(unknown))}; known fields are {', '.join(sorted(_FIELDS))}.")
    name, url = str(row.get("name", "")), str(row.get("base_url", ""))
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,30}", name) or name in _reserved_names():
        raise ValueError(
            f'"{name}" is not a valid name: use lower-case letters, digits, - and _, '
            "and not the name of a built-in provider."
        )
    if not (re.match(r"https?://[^/]", url) and can_be_reached(url)):
        raise ValueError(f"{name}: base_url must be an address that begins with http:// or https://.")
    concurrency = row.get("concurrency", 4)
    if not isinstance(concurrency, int) or isinstance(concurrency, bool) or concurrency < 1:
        raise ValueError(f"{name}: concurrency must be a whole number, 1 or more.")
    models = row.get("models", [])
    if not isinstance(models, list) or not all(isinstance(m, str) for m in models):
        raise ValueError(f"{name}: models must be a list of names.")
    variable = str(row.get("key_variable", ""))
    key = env.get(variable, "").strip() if variable else ""
    if not can_be_sent(key):
        raise ValueError(f"{name}: {variable} contains a space, a line break or a character that keys cannot contain.")
    target, judge = (_output_limit(row, field) for field in _OUTPUT_LIMITS)
    return Account(
        name,
        url.rstrip("/"),
        key,
        variable,
        concurrency,
        tuple(models),
        target_max_output_tokens=target,
        judge_max_output_tokens=judge,
    )


def _reserved_names() -> set[str]:
    return {"simulated", *(row.name for row in provider_table.PROVIDERS)}


def _output_limit(row: Mapping[str, Any], field: str) -> int | None:
    limit = row.get(field)
    if limit is None or (isinstance(limit, int) and not isinstance(limit, bool) and limit >= 0):
        return limit
    raise ValueError(f"{row['name']}: {field} must be a whole number of tokens; 0 is the provider's own limit.")


def can_be_reached(url: str) -> bool:
    """Whether host and port are well formed; of nothing is asked whether it is there."""
    try:
        parts = urlsplit(url)
        return parts.scheme == "unix" or (bool(parts.hostname) and parts.port != 0 and not re.search(r"\s", url))
    except ValueError:
        return False


def can_be_sent(key: str) -> bool:
    """Whether an HTTP header can carry it."""
    return bool(re.fullmatch(r"[!-~]*", key))
