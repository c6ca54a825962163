"""Structured logs: one line per event, as JSON for machines or readable on a terminal, with secrets redacted."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

import structlog

from core.settings import Settings, table

HIDDEN = "[hidden]"
_LOOKS_SECRET = re.compile(
    r"(?i)\b(?:sk|fw|key|pk|mh)[-_][A-Za-z0-9_\-]{12,}|(?<=Bearer )\S+|(?<=model_hunter=)[^;\s]+|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"
)


def configure_logs(settings: Settings) -> None:
    """Route structlog and the standard library's logging to stderr, with every known secret redacted."""
    readable = settings.server.log_format == "console" or (settings.server.log_format == "auto" and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _Redact(secrets(settings)),
    ]
    last = structlog.dev.ConsoleRenderer() if readable else structlog.processors.JSONRenderer()
    formatter = structlog.stdlib.ProcessorFormatter(
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last], foreign_pre_chain=shared
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=settings.server.log_level.upper(), force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # logs one line per provider call, with its URL
    logging.getLogger("alembic").setLevel(logging.WARNING)  # a dozen lines about itself; library.migrated says the rest
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def secrets(settings: Settings) -> tuple[str, ...]:
    """Every secret among the settings, longest first."""
    values = (getattr(getattr(settings, s.group), s.name) for s in table() if s.row.secret and "." not in s.name)
    found = {value for value in values if isinstance(value, str)}
    found |= {holder.digest.hex() for holder in settings.access.tokens}
    found |= {account.key for account in settings.providers.all_accounts}
    return tuple(sorted((s for s in found if len(s) >= 6), key=len, reverse=True))


class _Redact:
    """A structlog processor that redacts known secrets, and texts that look like one, in every event."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = tuple(secrets)

    def __call__(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {key: self._clean(value) for key, value in event.items()}

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            for secret in self._secrets:
                value = value.replace(secret, HIDDEN)
            return _LOOKS_SECRET.sub(HIDDEN, value)
        if isinstance(value, Mapping):
            return {key: self._clean(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._clean(item) for item in value]
        return value
