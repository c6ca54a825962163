"""The API and the dashboard: addresses, event streams, logs."""

from __future__ import annotations

from dataclasses import dataclass

from core.settings.rows import MIB, setting


@dataclass(frozen=True)
class ServerSettings:
    """The API and the dashboard: addresses, event streams, logs."""

    api_host: str = setting("127.0.0.1", "API_HOST", "address", "Where the API listens.")
    api_port: int = setting(8000, "API_PORT", "port", "The API's port.", minimum=0, maximum=65535)
    dashboard_host: str = setting("127.0.0.1", "DASHBOARD_HOST", "address", "Where the dashboard listens.")
    dashboard_port: int = setting(8001, "DASHBOARD_PORT", "port", "The dashboard's port.", minimum=1, maximum=65535)
    api_url: str = setting(
        "", "API_URL", "URL", "URL of the API whose status the dashboard shows; empty: the API on this machine."
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
        20.0, "DRAIN_TIMEOUT", "s", "Time that running hunts have to finish when the process stops.", minimum=0
    )
    max_event_streams: int = setting(
        2000, "MAX_EVENT_STREAMS", "streams", "Maximum open event streams per process.", minimum=1
    )
    max_event_streams_per_user: int = setting(
        200, "MAX_EVENT_STREAMS_PER_USER", "streams", "Maximum open event streams per user and process.", minimum=1
    )
    max_body_bytes: int = setting(
        17 * MIB, "MAX_BODY_BYTES", "bytes", "Maximum request body; nginx/limits.conf repeats it.", minimum=1024
    )
    dashboard_memory_mib: int = setting(
        200, "DASHBOARD_MEMORY", "MiB", "Maximum memory for reading and querying the telemetry log.", minimum=150
    )
    log_level: str = setting(
        "info", "LOG_LEVEL", "name", "Minimum level of logged messages.", choices=("debug", "info", "warning", "error")
    )
    log_format: str = setting(
        "auto",
        "LOG_FORMAT",
        "name",
        "json, console, or auto: console on a terminal.",
        choices=("auto", "json", "console"),
    )
    instance: str = setting("", "INSTANCE", "name", "This process's name in the status; empty: host and process ID.")

    sse_keepalive_s: float = 15.0
    """Between keep-alives on a quiet event stream; nginx/api.conf closes a stream that is silent for longer."""
    max_text_streams: int = 300
    """Event streams with the text of a hunt, per process: each hunt's text takes up to 800 kB, each stream 10 deltas
    a second."""
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
