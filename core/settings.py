"""The one settings table and the only reader of the environment.

Every row: variable, type, default, unit, what it does. `docs/operations.md` lists every row; a test checks it.
A value that cannot be meant (a concurrency of "six", 0 or -1) is refused at start with a sentence: BadSettings.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from core.access.addresses import refuse_strangers
from core.access.proxies import Network, read_networks
from core.access.tokens import Holder, read_holders
from core.endpoints import Endpoint as Endpoint
from core.endpoints import read_endpoints
from core.errors import BadSettings
from core.revision import baked_revision
from core.setting_rows import Row, read_value, setting, unquote

MIB = 1024 * 1024


@dataclass(frozen=True)
class Settings:
    # -- where we listen
    api_host: str = setting("127.0.0.1", "API_HOST", "address", "Where the API listens.")
    api_port: int = setting(8000, "API_PORT", "port", "The API's port.", least=0, most=65535)
    dashboard_host: str = setting("127.0.0.1", "DASHBOARD_HOST", "address", "Where the dashboard listens.")
    dashboard_port: int = setting(8001, "DASHBOARD_PORT", "port", "The dashboard's port.", least=1, most=65535)
    api_url: str = setting("", "API_URL", "URL", "Where the dashboard asks for the admin status; empty: the API here.")
    published_on: str = setting(
        "",
        "PUBLISHED_ON",
        "address",
        "Set by compose: where nginx publishes what listens here (HUNTER_BIND); empty: it is reached directly.",
    )
    dashboard_refresh_s: float = setting(
        2.0, "DASHBOARD_REFRESH", "s", "Pause between two questions of the dashboard's live view.", least=0.2, most=3600
    )

    # -- who may come in
    tokens: tuple[Holder, ...] = setting(
        (),
        "HUNTER_TOKENS",
        "name:scope:hash, comma-separated",
        "Who may come in; empty: whoever reaches the server, which then has to be on loopback.",
        secret=True,
    )
    sign_in_s: float = setting(
        43200.0, "SIGN_IN", "s", "How long a sign-in on a page lasts.", least=1, most=366 * 86400
    )
    hunter_hosts: tuple[str, ...] = setting(
        (),
        "HUNTER_HOSTS",
        "names, comma-separated",
        "Further names under which a server without tokens answers; always: localhost and addresses in digits.",
    )
    trusted_proxies: tuple[Network, ...] = setting(
        (), "TRUSTED_PROXIES", "networks, comma-separated", "Proxies on other machines that say whom they hand on."
    )

    # -- providers
    openai_api_key: str = setting("", "OPENAI_API_KEY", "key", "Key for OpenAI.", secret=True)
    openrouter_api_key: str = setting("", "OPENROUTER_API_KEY", "key", "Key for OpenRouter.", secret=True)
    fireworks_api_key: str = setting("", "FIREWORKS_API_KEY", "key", "Key for Fireworks.", secret=True)
    openai_base_url: str = setting(
        "https://api.openai.com/v1", "OPENAI_BASE_URL", "URL", "OpenAI's address, or that of a gateway."
    )
    openrouter_base_url: str = setting(
        "https://openrouter.ai/api/v1", "OPENROUTER_BASE_URL", "URL", "OpenRouter's address, or that of a gateway."
    )
    fireworks_base_url: str = setting(
        "https://api.fireworks.ai/inference/v1", "FIREWORKS_BASE_URL", "URL", "Fireworks' address, or a gateway's."
    )
    openai_concurrency: int = setting(8, "OPENAI_CONCURRENCY", "calls", "Most calls in flight at OpenAI.", least=1)
    openrouter_concurrency: int = setting(
        6, "OPENROUTER_CONCURRENCY", "calls", "Most calls in flight at OpenRouter.", least=1
    )
    fireworks_concurrency: int = setting(
        4, "FIREWORKS_CONCURRENCY", "calls", "Most calls in flight at Fireworks.", least=1
    )
    openai_models: tuple[str, ...] = setting(
        ("gpt-5", "gpt-5-mini", "gpt-4.1", "gpt-4o"),
        "OPENAI_MODELS",
        "names, comma-separated",
        "Models of OpenAI that the page offers; any other may be typed in.",
    )
    openrouter_models: tuple[str, ...] = setting(
        ("nvidia/nemotron-3-nano-30b-a3b", "qwen/qwen3-235b-a22b-thinking-2507", "deepseek/deepseek-r1-0528"),
        "OPENROUTER_MODELS",
        "names, comma-separated",
        "Models of OpenRouter that the page offers.",
    )
    fireworks_models: tuple[str, ...] = setting(
        ("accounts/fireworks/models/qwen3-235b-a22b-thinking-2507", "accounts/fireworks/models/deepseek-v3p1"),
        "FIREWORKS_MODELS",
        "names, comma-separated",
        "Models of Fireworks that the page offers.",
    )
    openai_compatible: tuple[Endpoint, ...] = setting(
        (),
        "OPENAI_COMPATIBLE",
        "JSON list",
        'Further addresses: [{"name", "base_url", "key_variable", "concurrency", "models", '
        '"target_max_output_tokens", "judge_max_output_tokens"}].',
    )
    simulated_provider: bool = setting(
        True, "SIMULATED_PROVIDER", "true/false", "Offer the built-in simulated provider; it is always labelled."
    )
    simulated_concurrency: int = setting(
        8, "SIMULATED_CONCURRENCY", "calls", "Most calls in flight at the simulated provider.", least=1
    )
    simulated_script: str = setting(
        "",
        "SIMULATED_SCRIPT",
        "JSON",
        "What the simulated provider does: seed, latency, break rate, failures (docs/simulated.md).",
    )
    default_judge: str = setting(
        "", "DEFAULT_JUDGE", "model", "The judge when none is chosen; empty: openai/gpt-5 with a key, else simulated."
    )

    # -- calls
    call_timeout_s: float = setting(600.0, "CALL_TIMEOUT", "s", "Longest one call to a model may take.", least=0.1)
    silence_timeout_s: float = setting(
        120.0, "SILENCE_TIMEOUT", "s", "Maximum time without receiving a byte.", least=0.1
    )
    connect_timeout_s: float = setting(10.0, "CONNECT_TIMEOUT", "s", "Longest wait for a connection.", least=0.1)
    call_attempts: int = setting(5, "CALL_ATTEMPTS", "tries", "Most tries of one call.", least=1, most=50)
    retry_wait_s: float = setting(1.0, "RETRY_WAIT", "s", "First pause before a retry; doubles each time.", least=0.0)
    retry_wait_most_s: float = setting(60.0, "RETRY_WAIT_MOST", "s", "Longest pause before a retry.", least=0.0)
    retry_after_most_s: float = setting(
        300.0, "RETRY_AFTER_MOST", "s", "A Retry-After beyond this ends the call instead of waiting.", least=0.0
    )
    retry_budget_ratio: float = setting(
        1.0, "RETRY_BUDGET", "retries per call", "Retries of a run per call that it needs, plus 10.", least=0.0
    )
    same_failure_most: int = setting(
        20, "SAME_FAILURE_MOST", "failures", "After so many final failures of one cause in a row a run stops.", least=1
    )
    judge_outage_s: float = setting(
        120.0, "JUDGE_OUTAGE", "s", "A shorter outage of the judge stops no run.", least=0.0
    )
    target_max_output_tokens: int = setting(
        0, "TARGET_MAX_OUTPUT_TOKENS", "tokens", "Output limit for the target; 0: the provider's own.", least=0
    )
    judge_max_output_tokens: int = setting(
        16000, "JUDGE_MAX_OUTPUT_TOKENS", "tokens", "Output limit for the judge; reasoning counts.", least=256
    )
    judge_questions: int = setting(
        3, "JUDGE_QUESTIONS", "times", "How often the judge is asked for a usable verdict.", least=1, most=10
    )
    judge_reply_max_chars: int = setting(
        400_000, "JUDGE_REPLY_MAX_CHARS", "characters", "A longer reply is not judged: UNDETERMINED.", least=1000
    )
    reply_max_bytes: int = setting(
        8 * MIB, "REPLY_MAX_BYTES", "bytes", "A longer reply ends the call with an error.", least=1024
    )
    http_transport: str = setting(
        "pyreqwest", "HTTP_TRANSPORT", "name", "The HTTP transport to providers.", choices=("pyreqwest", "httpx")
    )
    http_keepalive_s: float = setting(60.0, "HTTP_KEEPALIVE", "s", "How long an idle connection is kept.", least=1.0)
    tls_ca_file: str = setting("", "TLS_CA_FILE", "path", "Further certificates to trust (a gateway's own CA).")

    # -- throttle, runs
    queue_most: int = setting(
        20000, "QUEUE_MOST", "calls", "Most calls waiting for one account; more are refused.", least=1
    )
    throttle_lease_s: float = setting(
        10.0, "THROTTLE_LEASE", "s", "After so long without a sign of life a process's slots go to others.", least=0.2
    )
    throttle_renew_s: float = setting(
        1.0, "THROTTLE_RENEW", "s", "Pause between a process's signs of life to the shared throttle.", least=0.05
    )
    throttle_leave_s: float = setting(
        2.0, "THROTTLE_LEAVE", "s", "So long a process that ends keeps the slots of calls it could not end.", least=0.1
    )
    throttle_poll_s: float = setting(
        0.25, "THROTTLE_POLL", "s", "How often waiting calls ask Redis again, besides being woken.", least=0.01
    )
    adaptive_limits: bool = setting(
        True, "ADAPTIVE_LIMITS", "true/false", "Go below a configured concurrency while a provider asks to slow down."
    )
    adaptive_start: int = setting(
        0, "ADAPTIVE_START", "calls", "Calls in flight that an account begins with; 0: its concurrency.", least=0
    )
    adaptive_cooldown_s: float = setting(
        15.0, "ADAPTIVE_COOLDOWN", "s", "How long a lowered limit rests before it changes again.", least=0
    )
    hunts_most: int = setting(1000, "HUNTS_MOST", "hunts", "Most hunts of one run.", least=1, most=1000)
    runs_most: int = setting(50, "RUNS_MOST", "runs", "Most runs of one session.", least=1)
    active_hunts_most: int = setting(
        400, "ACTIVE_HUNTS_MOST", "hunts", "Most hunts of one run worked on at once in this process.", least=1
    )
    shard_hunts: int = setting(
        40, "SHARD_HUNTS", "hunts", "Hunts of a run that a process takes at a time when several work on it.", least=1
    )
    shard_lease_s: float = setting(
        6.0, "SHARD_LEASE", "s", "After so long without a sign of life others go on with a process's hunts.", least=0.5
    )
    wedged_s: float = setting(
        15.0, "WEDGED", "s", "A worker that leaves waiting jobs alone for so long is started again.", least=0.5
    )
    instance_beat_s: float = setting(
        2.0, "INSTANCE_BEAT", "s", "Pause between two words of a process about itself to the others.", least=0.05
    )
    instance_life_s: float = setting(
        10.0, "INSTANCE_LIFE", "s", "A process that is silent for so long is not shown any more.", least=0.2
    )
    idempotency_secret: str = setting(
        "",
        "IDEMPOTENCY_SECRET",
        "text",
        "Turns idempotency keys into session ids; empty: a random one, shared in Redis.",
        secret=True,
    )
    role: str = setting(
        "both",
        "ROLE",
        "name",
        "What this process does: api (takes requests), worker (hunts), or both.",
        choices=("both", "api", "worker"),
    )
    drain_s: float = setting(20.0, "DRAIN", "s", "How long hunts may finish when the process is asked to end.", least=0)

    # -- sessions
    redis_url: str = setting("", "REDIS_URL", "URL", "Redis for sessions; empty: memory, one process.", secret=True)
    session_ttl_s: float = setting(7200.0, "SESSION_TTL", "s", "A session's life after its last use.", least=1)
    sessions_most: int = setting(5000, "SESSIONS_MOST", "sessions", "Most sessions kept in memory.", least=1)
    sessions_share_percent: int = setting(
        50,
        "SESSIONS_SHARE",
        "% of SESSIONS_MOST",
        "Most sessions in memory of one who is signed in; without a sign-in there are no shares.",
        least=1,
        most=100,
    )
    session_max_bytes: int = setting(
        48 * MIB, "SESSION_MAX_BYTES", "bytes", "Most text of a session; each run and turn keeps its task.", least=MIB
    )
    events_most: int = setting(
        20000, "EVENTS_MOST", "events", "Events kept per session; a reader further behind reloads.", least=100
    )
    event_streams_most: int = setting(
        2000, "EVENT_STREAMS_MOST", "streams", "Most event streams open at once in this process.", least=1
    )
    event_streams_of_one_most: int = setting(
        200, "EVENT_STREAMS_OF_ONE", "streams", "Most of them of one who is signed in, in this process.", least=1
    )
    heartbeat_s: float = setting(15.0, "HEARTBEAT", "s", "Pause between signs of life on a quiet stream.", least=0.05)

    # -- Redis
    redis_timeout_s: float = setting(
        0.8, "REDIS_TIMEOUT", "s", "Longest wait for an answer of Redis; then memory takes over.", least=0.05, most=10
    )
    redis_connections: int = setting(
        32, "REDIS_CONNECTIONS", "connections", "Most connections for commands to Redis, per process.", least=2
    )
    redis_block_s: float = setting(
        2.0, "REDIS_BLOCK", "s", "How long one read of new events waits in Redis before it asks again.", least=0.05
    )
    redis_probe_s: float = setting(
        0.5, "REDIS_PROBE", "s", "Pause between two looks whether Redis is well.", least=0.02, most=60
    )
    redis_probes: int = setting(
        2, "REDIS_PROBES", "times", "Good looks in a row before Redis counts as back.", least=1, most=100
    )
    events_age_s: float = setting(
        21600.0, "EVENTS_AGE", "s", "Older events in Redis are trimmed; who is further behind reloads.", least=60
    )
    known_sessions_bytes: int = setting(
        256 * MIB, "KNOWN_SESSIONS_BYTES", "bytes", "Memory for sessions while Redis is away.", least=MIB
    )
    journal_dir: str = setting("journal", "JOURNAL_DIR", "path", "Where changes are written while Redis is away.")
    journal_sync_s: float = setting(
        1.0, "JOURNAL_SYNC", "s", "Longest time until a written change is also safe from a power cut.", least=0.01
    )

    # -- the trainer's part
    trials_most: int = setting(100, "TRIALS_MOST", "trials", "Most calibration hunts of a session.", least=1)
    rejudgings_most: int = setting(20, "REJUDGINGS_MOST", "times", "How often a hunt may be judged again.", least=1)
    blind_outcome_step_s: float = setting(
        2.0,
        "BLIND_OUTCOME_STEP",
        "s",
        "A blind hunt's outcome is given out 1, 2, 4, 8, … times this after its judging began; 0: at once.",
        least=0,
        most=3600,
    )
    slots_most: int = setting(20, "SLOTS_MOST", "hunts", "Most hunts that a session may ask to be selected.", least=1)
    reviews_most: int = setting(500, "REVIEWS_MOST", "reviews", "Most reviews kept in a session.", least=1)
    task_max_bytes: int = setting(
        4 * MIB,
        "TASK_MAX_BYTES",
        "bytes",
        "Most text of a task: prompt, response, criteria, judge prompts.",
        least=1024,
    )
    max_criteria: int = setting(
        100, "MAX_CRITERIA", "criteria", "Most criteria of a task; every hunt asks for each.", least=3, most=9999
    )
    review_max_chars: int = setting(20000, "REVIEW_MAX_CHARS", "characters", "Longest explanation.", least=100)
    turns_most: int = setting(20, "TURNS_MOST", "turns", "Most turns of a conversation.", least=1)
    preview_max_chars: int = setting(4000, "PREVIEW_MAX_CHARS", "characters", "Shown of a cell in previews.", least=100)

    # -- input
    notebook_max_bytes: int = setting(
        16 * MIB, "NOTEBOOK_MAX_BYTES", "bytes", "Largest notebook that is loaded.", least=1024
    )
    notebook_max_cells: int = setting(
        5000, "NOTEBOOK_MAX_CELLS", "cells", "Most cells of a notebook that is loaded.", least=1
    )
    notebook_max_values: int = setting(
        150_000, "NOTEBOOK_MAX_VALUES", "values", "About the most JSON values of a notebook.", least=1000
    )
    large_notebooks_most: int = setting(
        8, "LARGE_NOTEBOOKS_MOST", "notebooks", "Most notebooks above 1 MiB that wait for the one being read.", least=1
    )
    body_max_bytes: int = setting(17 * MIB, "BODY_MAX_BYTES", "bytes", "Largest request body.", least=1024)
    body_timeout_s: float = setting(60.0, "BODY_TIMEOUT", "s", "Longest wait for a request's body.", least=0.1)
    notebook_hosts: tuple[str, ...] = setting(
        ("raw.githubusercontent.com", "gist.githubusercontent.com"),
        "NOTEBOOK_HOSTS",
        "names, comma-separated",
        "Hosts that notebooks may be fetched from by URL.",
    )
    fetch_timeout_s: float = setting(15.0, "FETCH_TIMEOUT", "s", "Longest fetch of a notebook by URL.", least=0.1)

    # -- telemetry
    telemetry_dir: str = setting("telemetry", "TELEMETRY_DIR", "path", "Where telemetry is written and read.")
    telemetry_queue_most: int = setting(
        20000, "TELEMETRY_QUEUE", "records", "Records waiting to be written; more are dropped and counted.", least=1
    )
    telemetry_queue_max_bytes: int = setting(
        32 * MIB, "TELEMETRY_QUEUE_MAX_BYTES", "bytes", "Memory for those records; more are dropped.", least=MIB
    )
    telemetry_days: int = setting(30, "TELEMETRY_DAYS", "days", "Older telemetry files are removed.", least=1)
    telemetry_reply_chars_most: int = setting(
        20_000, "TELEMETRY_REPLY_CHARS", "characters", "Text of each reply in the log; 0: none.", least=0, most=100_000
    )
    telemetry_flush_s: float = setting(0.5, "TELEMETRY_FLUSH", "s", "Pause between writes of telemetry.", least=0.01)
    telemetry_cache_dir: str = setting(
        "",
        "TELEMETRY_CACHE",
        "path",
        "Where the dashboard keeps what it has read of the log; empty: .cache in TELEMETRY_DIR.",
    )

    # -- dashboard
    dashboard_memory_mib: int = setting(
        200, "DASHBOARD_MEMORY", "MiB", "Most memory for reading and asking the log; at rest a part of it.", least=150
    )
    dashboard_reread_s: float = setting(
        30.0, "DASHBOARD_REREAD", "s", "Pause between two readings of the log by an open page.", least=1, most=3600
    )
    alarm_window_min: int = setting(
        60, "ALARM_WINDOW", "min", "The last minutes that alarms look at.", least=1, most=10080
    )
    alarm_least_n: int = setting(
        20, "ALARM_LEAST", "hunts or calls", "With fewer in the window no share raises an alarm.", least=1
    )
    alarm_errors_percent: float = setting(
        20.0, "ALARM_ERRORS", "% of hunts", "More hunts lost to errors raise an alarm.", least=0, most=100
    )
    alarm_rate_limited_percent: float = setting(
        10.0, "ALARM_RATE_LIMITED", "% of calls", "More calls refused by a rate limit raise one.", least=0, most=100
    )
    alarm_undetermined_percent: float = setting(
        10.0, "ALARM_UNDETERMINED", "% of verdicts", "More verdicts without an answer raise one.", least=0, most=100
    )
    alarm_no_break_hunts: int = setting(
        100, "ALARM_NO_BREAKS", "hunts", "So many decided hunts of a task without a break raise one; 0: never.", least=0
    )
    alarm_budget_usd: float = setting(
        0.0, "ALARM_BUDGET", "USD a day", "More known cost in the last 24 hours raises one; 0: no budget.", least=0
    )
    alarm_dropped_records: int = setting(
        1, "ALARM_DROPPED", "records", "So many lost telemetry records raise one; 0: never.", least=0
    )

    # -- logs
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

    def refuse_strangers(self, listens_at: str, variable: str) -> None:
        """Raises BadSettings when others reach what listens there (`variable` sets it) and nobody has a token."""
        if self.published_on:
            refuse_strangers(self.published_on, "HUNTER_BIND", sign_in=bool(self.tokens))
        else:
            refuse_strangers(listens_at, variable, sign_in=bool(self.tokens))


def table() -> tuple[tuple[str, Row, Any], ...]:
    """(field name, row, default) of every setting, in order."""
    return tuple((f.name, f.metadata["row"], f.default) for f in fields(Settings))


def read_settings(environment: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Settings from `environment` (default: the process's), then `overrides` by field name.

    Raises BadSettings that lists everything that is wrong, one sentence each.
    """
    env = {name: unquote(text) for name, text in (os.environ if environment is None else environment).items()}
    values: dict[str, Any] = {}
    wrong: list[str] = []
    for name, row, default in table():
        text = env.get(row.variable, "")
        if text == "" or name in overrides:
            continue
        try:
            values[name] = _LISTS[name](text, env) if name in _LISTS else read_value(text, row, default)
        except ValueError as error:
            wrong.append(f"{row.variable}: {error}")
    if wrong:
        raise BadSettings(
            "; ".join(wrong),
            hint="Correct it in the environment or in .env, then start again.",
            details={"problems": wrong},
        )
    return Settings(**{"revision": baked_revision(), **values, **overrides})


def variables_set() -> tuple[str, ...]:
    """The names of all variables of the environment, ours and others."""
    return tuple(os.environ)


_LISTS: Mapping[str, Callable[[str, Mapping[str, str]], Any]] = {
    "openai_compatible": read_endpoints,
    "tokens": lambda text, _env: read_holders(text),
    "trusted_proxies": lambda text, _env: read_networks(text),
}
