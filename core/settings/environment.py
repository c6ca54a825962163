"""The only reader of the environment. Invalid values are all reported at once: BadSettings."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from core.access.proxies import read_networks
from core.access.tokens import read_holders
from core.errors import BadSettings
from core.revision import baked_revision
from core.settings.accounts import read_accounts
from core.settings.deprecated import RENAMED, constants, deprecated_variables
from core.settings.groups import Settings, table
from core.settings.library import read_state_days
from core.settings.misspellings import misspelled_variables
from core.settings.rows import Row, SettingWarning, read_value, unquote

_OLD_NAMES = {new: old for old, new in RENAMED.items()}


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from `environment` (default: the process's). Raises BadSettings that lists everything that is wrong."""
    env = _environment(environment)
    values: dict[str, dict[str, Any]] = defaultdict(dict)
    values["server"]["revision"] = baked_revision()
    wrong: list[str] = []
    for group, name, row, default in (*table(), *constants()):
        variable = row.variable if row.variable in env else _OLD_NAMES.get(row.variable, row.variable)
        if variable in env:
            try:
                values[group][name] = _read(env[variable], row, default, env)
            except ValueError as error:
                wrong.append(f"{variable}: {error}")
    if wrong:
        raise BadSettings(
            "; ".join(wrong),
            hint="Correct it in the environment or in .env, then start again.",
            details={"problems": wrong},
        )
    return _filled_in(Settings(), values)


def _filled_in(settings: Settings, values: Mapping[str, Mapping[str, Any]]) -> Settings:
    """`values`: by group, then by field; those of an account by `account.field`."""
    groups: dict[str, Any] = {}
    for group, read in values.items():
        groups[group] = replace(getattr(settings, group), **{k: v for k, v in read.items() if "." not in k})
        for name, value in read.items():
            account, dot, attribute = name.partition(".")
            if dot:
                groups[group] = groups[group].with_account(account, **{attribute: value})
    return replace(settings, **groups)


def settings_warnings(settings: Settings, environment: Mapping[str, str] | None = None) -> list[SettingWarning]:
    """What to log at start: variables that look like a misspelled setting, and deprecated ones."""
    env = _environment(environment)
    keys = {account.key_variable for account in settings.providers.openai_compatible}
    return [*misspelled_variables(env, keys), *deprecated_variables(env)]


def _environment(environment: Mapping[str, str] | None) -> dict[str, str]:
    """The variables that are set. An empty one counts as not set: compose passes those that .env lacks."""
    env = {name: unquote(text) for name, text in (os.environ if environment is None else environment).items()}
    return {name: text for name, text in env.items() if text}


_LISTS: Mapping[str, Callable[[str, Mapping[str, str]], Any]] = {
    "HUNTER_TOKENS": lambda text, _env: read_holders(text),
    "LIBRARY_DAYS": lambda text, _env: read_state_days(text),
    "OPENAI_COMPATIBLE": read_accounts,
    "TRUSTED_PROXIES": lambda text, _env: read_networks(text),
}


def _read(text: str, row: Row, default: Any, env: Mapping[str, str]) -> Any:
    read = _LISTS.get(row.variable)
    return read(text, env) if read else read_value(text, row, default)
