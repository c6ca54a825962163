"""What an operator can change: one frozen dataclass per group, nested in Settings, and its reader.
May use the standard library, core.access, core.errors and core.revision.
Never holds state, and never knows who uses a setting; nobody else reads the environment (but .env, core.env_file).
Owned and closed by nobody: everything here is a value or a pure function.
Tests in tests/core/settings.
"""

from core.settings.access import AccessSettings as AccessSettings
from core.settings.accounts import Account as Account
from core.settings.alarms import AlarmSettings as AlarmSettings
from core.settings.budgets import BudgetSettings as BudgetSettings
from core.settings.calls import CallSettings as CallSettings
from core.settings.calls import ThrottleSettings as ThrottleSettings
from core.settings.environment import read_settings as read_settings
from core.settings.environment import settings_warnings as settings_warnings
from core.settings.groups import Setting as Setting
from core.settings.groups import Settings as Settings
from core.settings.groups import table as table
from core.settings.hunting import HuntingSettings as HuntingSettings
from core.settings.hunting import NotebookSettings as NotebookSettings
from core.settings.hunting import ReviewSettings as ReviewSettings
from core.settings.library import LibrarySettings as LibrarySettings
from core.settings.providers import ProviderSettings as ProviderSettings
from core.settings.server import ServerSettings as ServerSettings
from core.settings.storage import RedisSettings as RedisSettings
from core.settings.storage import SessionSettings as SessionSettings
from core.settings.telemetry import TelemetrySettings as TelemetrySettings
