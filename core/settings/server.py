"""What runs where and how it is watched: the two servers, who may use them, telemetry and alarms."""

from __future__ import annotations

from dataclasses import dataclass

from core.access.proxies import Network
from core.access.tokens import Holder
from core.settings.rows import MIB, setting


@dataclass(frozen=True)
class ServerSettings:
    """The API and the dashboard: addresses, event streams, logs."""

    api_host: str = setting("127.0.0.1", "API_HOST", "address", "Where the API listens.")
    api_port: int = setting(8000, "API_PORT", "port", "The API's port.", minimum=0, maximum=65535)
    dashboard_host: str = setting("127.0.0.1", "DASHBOARD_HOST", "address", "Where the dashboard listens.")
    dashboard_port: int = setting(8001, "DASHBOARD_PORT", "port", "The dashboard's port.", minimum=1, maximum=65535)
    api_url: str = setting(
        "", "API_URL", "URL", "Where the dashboard asks for the admin status; empty: the API on this machine."
    )
    published_on: str = setting(
        "", "PUBLISHED_ON", "address", "Set by compose: the address nginx publishes (HUNTER_BIND); empty: no nginx."
    )
    role: str = setting(
        "both",
        "ROLE",
        "name",
        "What this process does: api (serves requests), worker (hunts), or both.",
        choices=("both", "api", "worker"),
    )
    drain_timeout_s: float = setting(
        20.0, "DRAIN_TIMEOUT", "s", "How long running hunts may finish when the process stops.", minimum=0
    )
    max_event_streams: int = setting(
        2000, "MAX_EVENT_STREAMS", "streams", "Maximum open event streams per process.", minimum=1
    )
    max_event_streams_per_user: int = setting(
        200, "MAX_EVENT_STREAMS_PER_USER", "streams", "Maximum open event streams per user and process.", minimum=1
    )
    sse_keepalive_s: float = setting(
        15.0, "SSE_KEEPALIVE", "s", "Interval between keep-alives on a quiet event stream.", minimum=0.05
    )
    max_body_bytes: int = setting(
        17 * MIB, "MAX_BODY_BYTES", "bytes", "Maximum request body; nginx/limits.conf repeats it.", minimum=1024
    )
    dashboard_memory_mib: int = setting(
        200, "DASHBOARD_MEMORY", "MiB", "Maximum memory for reading and querying the telemetry log.", minimum=150
    )
    log_level: str = setting(
        "info", "LOG_LEVEL", "name", "Least severe level that is logged.", choices=("debug", "info", "warning", "error")
    )
    log_format: str = setting(
        "auto",
        "LOG_FORMAT",
        "name",
        "json, console, or auto: console on a terminal.",
        choices=("auto", "json", "console"),
    )
    instance: str = setting("", "INSTANCE", "name", "This process's name in the status; empty: host and process ID.")

    body_timeout_s: float = 60.0
    """Longest wait for a request's body: 17 MiB at 300 kB/s."""
    dashboard_refresh_s: float = 2.0
    """Between two status requests of the Live page: as often as a process publishes its status."""
    dashboard_reread_s: float = 30.0
    """Between two readings of the log by an open page: a reading of a large log takes seconds."""
    revision: str = ""
    """What the image was built from; the reader fills it in (core.revision)."""

    @property
    def status_url(self) -> str:
        """Where the dashboard finds the API."""
        return self.api_url or f"http://127.0.0.1:{self.api_port}"


@dataclass(frozen=True)
class AccessSettings:
    """Who may use them."""

    tokens: tuple[Holder, ...] = setting(
        (),
        "HUNTER_TOKENS",
        "name:scope:hash, comma-separated",
        "Who may sign in; empty: no sign-in, and the server must listen on loopback.",
        secret=True,
    )
    sign_in_ttl_s: float = setting(
        43200.0, "SIGN_IN_TTL", "s", "How long a sign-in on a page lasts.", minimum=1, maximum=366 * 86400
    )
    hosts: tuple[str, ...] = setting(
        (),
        "HUNTER_HOSTS",
        "names, comma-separated",
        "Further host names that a server without tokens accepts; localhost and IP addresses are always accepted.",
    )
    trusted_proxies: tuple[Network, ...] = setting(
        (), "TRUSTED_PROXIES", "networks, comma-separated", "Proxies on other machines that say whom they hand on."
    )


@dataclass(frozen=True)
class TelemetrySettings:
    """The telemetry log and the dashboard's cache of it."""

    directory: str = setting("telemetry", "TELEMETRY_DIR", "path", "Where telemetry is written and read.")
    retention_days: int = setting(30, "TELEMETRY_DAYS", "days", "Older telemetry files are removed.", minimum=1)
    max_reply_chars: int = setting(
        20_000,
        "TELEMETRY_REPLY_CHARS",
        "characters",
        "Text of each reply in the log; 0: none.",
        minimum=0,
        maximum=100_000,
    )
    cache_dir: str = setting(
        "", "TELEMETRY_CACHE", "path", "Where the dashboard caches what it has read; empty: .cache in TELEMETRY_DIR."
    )

    max_queued_records: int = 20_000
    """Records that wait to be written; further ones are dropped and counted. Minutes of hunting with a blocked disk."""
    max_queued_bytes: int = 32 * MIB
    """Memory for those records."""
    flush_interval_s: float = 0.5
    """Between two writes: what a crash can lose."""


@dataclass(frozen=True)
class AlarmSettings:
    """When the dashboard raises an alarm."""

    window_min: int = setting(60, "ALARM_WINDOW", "min", "How far back alarms look.", minimum=1, maximum=10080)
    min_samples: int = setting(
        20, "ALARM_MIN_SAMPLES", "hunts or calls", "With fewer samples in the window no percentage alarms.", minimum=1
    )
    errors_percent: float = setting(
        20.0, "ALARM_ERRORS", "% of hunts", "Alarms when more hunts end in errors.", minimum=0, maximum=100
    )
    rate_limited_percent: float = setting(
        10.0, "ALARM_RATE_LIMITED", "% of calls", "Alarms when more calls are rate limited.", minimum=0, maximum=100
    )
    undetermined_percent: float = setting(
        10.0,
        "ALARM_UNDETERMINED",
        "% of verdicts",
        "Alarms when more verdicts are undetermined.",
        minimum=0,
        maximum=100,
    )
    max_hunts_without_break: int = setting(
        100,
        "ALARM_NO_BREAKS",
        "hunts",
        "Alarms after this many decided hunts of a task without a break; 0: never.",
        minimum=0,
    )
    budget_usd: float = setting(
        0.0, "ALARM_BUDGET", "USD a day", "Alarms when the known cost of 24 hours is higher; 0: no budget.", minimum=0
    )
    dropped_records: int = setting(
        1, "ALARM_DROPPED", "records", "Alarms when this many telemetry records were dropped; 0: never.", minimum=0
    )
