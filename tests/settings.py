"""Settings for tests: values by `group__field`. Without a library, unless a test names one: it would be in the
folder where the tests run."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any

from core.settings import LibrarySettings, Settings
from core.settings.library import OFF


def make_settings(base: Settings | None = None, /, **values: Any) -> Settings:
    """`base` (default: the defaults) with values such as `redis__url="redis://…"` or `openai__key="sk-…"`."""
    settings = base or replace(Settings(), library=LibrarySettings(url=OFF))
    groups: dict[str, dict[str, Any]] = defaultdict(dict)
    for name, value in values.items():
        group, _, field = name.partition("__")
        groups[group][field] = value
    for account in settings.providers.accounts:
        changed = settings.providers.with_account(account.name, **groups.pop(account.name, {}))
        settings = replace(settings, providers=changed)
    return replace(settings, **{name: replace(getattr(settings, name), **read) for name, read in groups.items()})
