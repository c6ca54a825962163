"""Further OpenAI-compatible addresses, as OPENAI_COMPATIBLE names them: a JSON list, checked word by word."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Endpoint:
    """A further OpenAI-compatible address, from OPENAI_COMPATIBLE."""

    name: str
    base_url: str
    key: str = dataclass_field(default="", repr=False)
    key_variable: str = ""
    concurrency: int = 4
    models: tuple[str, ...] = ()
    target_max_output_tokens: int | None = None
    """None: TARGET_MAX_OUTPUT_TOKENS; 0: the provider's own limit. Likewise for the judge."""
    judge_max_output_tokens: int | None = None


_OUTPUT_LIMITS = ("target_max_output_tokens", "judge_max_output_tokens")
_ENDPOINT_FIELDS = {"name", "base_url", "key_variable", "concurrency", "models", *_OUTPUT_LIMITS}
_RESERVED = {"openai", "openrouter", "fireworks", "simulated"}


def read_endpoints(text: str, env: Mapping[str, str]) -> tuple[Endpoint, ...]:
    try:
        rows = json.loads(text)
    except ValueError as error:
        raise ValueError(f"is not JSON ({error}).") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError('must be a JSON list of objects like {"name": "lab", "base_url": "http://…/v1"}.')
    endpoints = tuple(_endpoint(row, env) for row in rows)
    names = [e.name for e in endpoints]
    if len(set(names)) != len(names):
        raise ValueError("two addresses have the same name.")
    return endpoints


def _endpoint(row: Mapping[str, Any], env: Mapping[str, str]) -> Endpoint:
    if unknown := set(row) - _ENDPOINT_FIELDS:
        raise ValueError(
            f"unknown field {', '.join(sorted(unknown))}; known are {', '.join(sorted(_ENDPOINT_FIELDS))}."
        )
    name, url = str(row.get("name", "")), str(row.get("base_url", ""))
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,30}", name) or name in _RESERVED:
        raise ValueError(f'"{name}" cannot be a name: small letters, digits, - and _, and none of ours.')
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
        raise ValueError(f"{name}: {variable} holds a space, a line end or a letter that no key has.")
    limits = [_output_limit(row, field) for field in _OUTPUT_LIMITS]
    return Endpoint(name, url.rstrip("/"), key, variable, concurrency, tuple(models), *limits)


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
