"""All settings, in groups; code that needs a group gets only that group.

A field with a `setting(…)` is read from the environment and has a row in docs/operations.md. The others are constants:
they are fields so that tests and the runtime can pass them on with their group.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from core.access.addresses import reject_open_access
from core.settings.access import AccessSettings
from core.settings.alarms import AlarmSettings
from core.settings.budgets import BudgetSettings
from core.settings.calls import CallSettings, ThrottleSettings
from core.settings.hunting import HuntingSettings, NotebookSettings, ReviewSettings
from core.settings.library import LibrarySettings
from core.settings.providers import ProviderSettings, account_rows
from core.settings.rows import Row
from core.settings.server import ServerSettings
from core.settings.storage import RedisSettings, SessionSettings
from core.settings.telemetry import TelemetrySettings


@dataclass(frozen=True)
class Settings:
    server: ServerSettings = field(default_factory=ServerSettings)
    access: AccessSettings = field(default_factory=AccessSettings)
    providers: ProviderSettings = field(default_factory=ProviderSettings)
    calls: CallSettings = field(default_factory=CallSettings)
    budgets: BudgetSettings = field(default_factory=BudgetSettings)
    throttle: ThrottleSettings = field(default_factory=ThrottleSettings)
    redis: RedisSettings = field(default_factory=RedisSettings)
    hunting: HuntingSettings = field(default_factory=HuntingSettings)
    sessions: SessionSettings = field(default_factory=SessionSettings)
    library: LibrarySettings = field(default_factory=LibrarySettings)
    review: ReviewSettings = field(default_factory=ReviewSettings)
    notebooks: NotebookSettings = field(default_factory=NotebookSettings)
    telemetry: TelemetrySettings = field(default_factory=TelemetrySettings)
    alarms: AlarmSettings = field(default_factory=AlarmSettings)

    def reject_open_access(self, listens_at: str, variable: str) -> None:
        """Raises BadSettings if `listens_at` (set by `variable`) is reachable by others and there are no tokens."""
        sign_in = bool(self.access.tokens)
        if self.server.published_on:
            reject_open_access(self.server.published_on, "HUNTER_BIND", sign_in=sign_in)
        else:
            reject_open_access(listens_at, variable, sign_in=sign_in)


class Setting(NamedTuple):
    """One row of the table: where its value is, how it is read, and its default."""

    group: str
    name: str
    """The field; of the provider table `account.field`."""
    row: Row
    default: Any


def table() -> tuple[Setting, ...]:
    """Every setting, group by group."""
    accounts = [Setting("providers", *row) for row in account_rows()]
    rows = []
    for group in fields(Settings):
        rows += accounts if group.name == "providers" else []
        kind = type(getattr(Settings(), group.name))
        rows += [Setting(group.name, f.name, f.metadata["row"], f.default) for f in fields(kind) if "row" in f.metadata]
    return tuple(rows)
