"""Calls to providers: how long, how often, and how many at once."""

from __future__ import annotations

from dataclasses import dataclass

from core.settings.rows import MIB, setting


@dataclass(frozen=True)
class CallSettings:
    """One call: its limits, its retries, its transport."""

    timeout_s: float = setting(600.0, "CALL_TIMEOUT", "s", "Timeout of one call to a model.", minimum=0.1)
    silence_timeout_s: float = setting(
        120.0, "SILENCE_TIMEOUT", "s", "Maximum time without receiving a byte.", minimum=0.1
    )
    max_attempts: int = setting(
        5, "MAX_CALL_ATTEMPTS", "attempts", "Maximum attempts of one call.", minimum=1, maximum=50
    )
    max_same_failures: int = setting(
        20, "MAX_SAME_FAILURES", "failures", "A run stops after this many failures in a row of one cause.", minimum=1
    )
    target_max_output_tokens: int = setting(
        0, "TARGET_MAX_OUTPUT_TOKENS", "tokens", "Output limit of the target; 0: the provider's default.", minimum=0
    )
    judge_max_output_tokens: int = setting(
        16000, "JUDGE_MAX_OUTPUT_TOKENS", "tokens", "Output limit of the judge, reasoning included.", minimum=256
    )
    max_judge_attempts: int = setting(
        3, "MAX_JUDGE_ATTEMPTS", "attempts", "Maximum questions to the judge per verdict.", minimum=1, maximum=10
    )
    judge_reasoning_effort: str = setting(
        "",
        "JUDGE_REASONING_EFFORT",
        "effort",
        "Reasoning effort of judges that reason, if none is chosen; empty: the model's default.",
        choices=("", "none", "minimal", "low", "medium", "high", "xhigh"),
    )
    judge_cache_warmup: bool = setting(
        False,
        "JUDGE_CACHE_WARMUP",
        "true/false",
        "Judge a reply's first criterion before the others, which then use the provider's cache: cheaper, slower.",
    )
    http_transport: str = setting(
        "pyreqwest", "HTTP_TRANSPORT", "name", "The HTTP client for providers.", choices=("pyreqwest", "httpx")
    )
    tls_ca_file: str = setting(
        "", "TLS_CA_FILE", "path", "PEM file with further trusted certificates, such as a gateway's own CA."
    )

    connect_timeout_s: float = 10.0
    """Longest wait for a connection."""
    retry_min_wait_s: float = 1.0
    """The first pause before a retry; each further one is twice as long."""
    retry_max_wait_s: float = 60.0
    """The longest pause before a retry, unless the provider asks for more."""
    max_retry_after_s: float = 300.0
    """A Retry-After beyond this ends the call instead of waiting."""
    retry_budget_ratio: float = 1.0
    """Retries of a run per call that it needs, plus 10."""
    judge_outage_s: float = 120.0
    """A shorter outage of the judge stops no run: two of the longest pauses."""
    max_judged_chars: int = 400_000
    """A longer reply is not judged (UNDETERMINED): no judge's context holds it."""
    max_reply_bytes: int = 8 * MIB
    """A longer answer ends the call with an error."""
    http_keepalive_s: float = 60.0
    """How long an idle connection is kept."""


@dataclass(frozen=True)
class ThrottleSettings:
    """How many calls at once, in this process and over all of them."""

    adaptive_limits: bool = setting(
        True, "ADAPTIVE_LIMITS", "true/false", "Lower an account's concurrency while its provider asks to slow down."
    )

    max_queued_calls: int = 20_000
    """Calls that wait for one account; further ones are rejected."""
    lease_s: float = 10.0
    """A process that has not renewed its lease for this long loses its slots to others."""
    renew_s: float = 1.0
    """Between two renewals: a lease survives nine that fail."""
    leave_s: float = 2.0
    """How long a process that stops keeps the slots of calls it could not end."""
    poll_s: float = 0.25
    """How often waiting calls ask Redis again, besides being woken."""
    adaptive_start: int = 0
    """Concurrency that an account begins with; 0: the configured one."""
    adaptive_cooldown_s: float = 15.0
    """How long a lowered limit stays before it changes again."""
