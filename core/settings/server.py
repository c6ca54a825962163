"""What runs where and how it is watched: the two servers, who may sign in, telemetry and alarms."""

from __future__ import annotations

from dataclasses import dataclass

from core.access.proxies import Network
from core.access.tokens import Holder
from core.settings.rows import MIB, setting


@dataclass(frozen=True)
class ServerSettings:
    """The API and the dashboard: addresses, streams, logs."""

    api_host: str = setting("127.0.0.1", "API_HOST", "address", "Where the API listens.")
    api_port: int = setting(8000, "API_PORT", "port", "The API's port.", minimum=0, maximum=65535)
    dashboard_host: str = setting("127.0.0.1", "DASHBOARD_HOST", "address", "Where the dashboard listens.")
    dashboard_port: int = setting(8001, "DASHBOARD_PORT", "port", "The dashboard's port.", minimum=1, maximum=65535)
    api_url: str = setting("", "API_URL", "URL", "Where the dashboard asks for the admin status; empty: the API here.")
    published_on: str = setting(
        "",
        "PUBLISHED_ON",
        "address",
        "Set by compose: where nginx publishes what listens here (HUNTER_BIND); empty: it is reached directly.",
    )
    dashboard_refresh_s: float = setting(
        2.0,
        "DASHBOARD_REFRESH",
        "s",
        "Pause between two questions of the dashboard's live view.",
        minimum=0.2,
        maximum=3600,
    )
    dashboard_memory_mib: int = setting(
        200, "DASHBOARD_MEMORY", "MiB", "Most memory for reading and asking the log; at rest a part of it.", minimum=150
    )
    dashboard_reread_s: float = setting(
        30.0, "DASHBOARD_REREAD", "s", "Pause between two readings of the log by an open page.", minimum=1, maximum=3600
    )
    role: str = setting(
        "both",
        "ROLE",
        "name",
        "What this process does: api (takes requests), worker (hunts), or both.",
        choices=("both", "api", "worker"),
    )
    drain_timeout_s: float = setting(
        20.0, "DRAIN", "s", "How long hunts may finish when the process is asked to end.", minimum=0
    )
    sse_keepalive_s: float = setting(
        15.0, "HEARTBEAT", "s", "Pause between signs of life on a quiet stream.", minimum=0.05
    )
    max_event_streams: int = setting(
        2000, "EVENT_STREAMS_MOST", "streams", "Most event streams open at once in this process.", minimum=1
    )
    max_event_streams_per_user: int = setting(
        200, "EVENT_STREAMS_OF_ONE", "streams", "Most of them of one who is signed in, in this process.", minimum=1
    )
    max_body_bytes: int = setting(17 * MIB, "BODY_MAX_BYTES", "bytes", "Largest request body.", minimum=1024)
    body_timeout_s: float = setting(60.0, "BODY_TIMEOUT", "s", "Longest wait for a request's body.", minimum=0.1)
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
    instance: str = setting("", "INSTANCE", "name", "This process's name in the status; empty: host and process id.")
    revision: str = setting("", "REVISION", "text", "The revision shown in the status; empty: that of the image.")

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
        "Who may come in; empty: whoever reaches the server, which then has to be on loopback.",
        secret=True,
    )
    sign_in_ttl_s: float = setting(
        43200.0, "SIGN_IN", "s", "How long a sign-in on a page lasts.", minimum=1, maximum=366 * 86400
    )
    hosts: tuple[str, ...] = setting(
        (),
        "HUNTER_HOSTS",
        "names, comma-separated",
        "Further names under which a server without tokens answers; always: localhost and addresses in digits.",
    )
    trusted_proxies: tuple[Network, ...] = setting(
        (), "TRUSTED_PROXIES", "networks, comma-separated", "Proxies on other machines that say whom they hand on."
    )


@dataclass(frozen=True)
class TelemetrySettings:
    """The log of what happened, and what the dashboard keeps of it."""

    directory: str = setting("telemetry", "TELEMETRY_DIR", "path", "Where telemetry is written and read.")
    max_queued_records: int = setting(
        20000, "TELEMETRY_QUEUE", "records", "Records waiting to be written; more are dropped and counted.", minimum=1
    )
    max_queued_bytes: int = setting(
        32 * MIB, "TELEMETRY_QUEUE_MAX_BYTES", "bytes", "Memory for those records; more are dropped.", minimum=MIB
    )
    retention_days: int = setting(30, "TELEMETRY_DAYS", "days", "Older telemetry files are removed.", minimum=1)
    max_reply_chars: int = setting(
        20_000,
        "TELEMETRY_REPLY_CHARS",
        "characters",
        "Text of each reply in the log; 0: none.",
        minimum=0,
        maximum=100_000,
    )
    flush_interval_s: float = setting(0.5, "TELEMETRY_FLUSH", "s", "Pause between writes of telemetry.", minimum=0.01)
    cache_dir: str = setting(
        "",
        "TELEMETRY_CACHE",
        "path",
        "Where the dashboard keeps what it has read of the log; empty: .cache in TELEMETRY_DIR.",
    )


@dataclass(frozen=True)
class AlarmSettings:
    """When the dashboard raises an alarm."""

    window_min: int = setting(
        60, "ALARM_WINDOW", "min", "The last minutes that alarms look at.", minimum=1, maximum=10080
    )
    min_samples: int = setting(
        20, "ALARM_LEAST", "hunts or calls", "With fewer in the window no share raises an alarm.", minimum=1
    )
    errors_percent: float = setting(
        20.0, "ALARM_ERRORS", "% of hunts", "More hunts lost to errors raise an alarm.", minimum=0, maximum=100
    )
    rate_limited_percent: float = setting(
        10.0,
        "ALARM_RATE_LIMITED",
        "% of calls",
        "More calls refused by a rate limit raise one.",
        minimum=0,
        maximum=100,
    )
    undetermined_percent: float = setting(
        10.0,
        "ALARM_UNDETERMINED",
        "% of verdicts",
        "More verdicts without an answer raise one.",
        minimum=0,
        maximum=100,
    )
    max_hunts_without_break: int = setting(
        100,
        "ALARM_NO_BREAKS",
        "hunts",
        "So many decided hunts of a task without a break raise one; 0: never.",
        minimum=0,
    )
    budget_usd: float = setting(
        0.0, "ALARM_BUDGET", "USD a day", "More known cost in the last 24 hours raises one; 0: no budget.", minimum=0
    )
    dropped_records: int = setting(
        1, "ALARM_DROPPED", "records", "So many lost telemetry records raise one; 0: never.", minimum=0
    )
