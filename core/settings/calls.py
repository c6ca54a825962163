"""Calls to providers: who is called, how long and how often, and how many at once."""

from __future__ import annotations

from dataclasses import dataclass

from core.settings.endpoints import Endpoint
from core.settings.rows import MIB, setting


@dataclass(frozen=True)
class ProviderSettings:
    """Keys, addresses, models and concurrency of each provider, and the judge."""

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
    openai_concurrency: int = setting(8, "OPENAI_CONCURRENCY", "calls", "Most calls in flight at OpenAI.", minimum=1)
    openrouter_concurrency: int = setting(
        6, "OPENROUTER_CONCURRENCY", "calls", "Most calls in flight at OpenRouter.", minimum=1
    )
    fireworks_concurrency: int = setting(
        4, "FIREWORKS_CONCURRENCY", "calls", "Most calls in flight at Fireworks.", minimum=1
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
        8, "SIMULATED_CONCURRENCY", "calls", "Most calls in flight at the simulated provider.", minimum=1
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


@dataclass(frozen=True)
class CallSettings:
    """One call: its limits, its retries, its transport."""

    timeout_s: float = setting(600.0, "CALL_TIMEOUT", "s", "Longest one call to a model may take.", minimum=0.1)
    silence_timeout_s: float = setting(
        120.0, "SILENCE_TIMEOUT", "s", "Maximum time without receiving a byte.", minimum=0.1
    )
    connect_timeout_s: float = setting(10.0, "CONNECT_TIMEOUT", "s", "Longest wait for a connection.", minimum=0.1)
    max_attempts: int = setting(5, "CALL_ATTEMPTS", "tries", "Most tries of one call.", minimum=1, maximum=50)
    retry_min_wait_s: float = setting(
        1.0, "RETRY_WAIT", "s", "First pause before a retry; doubles each time.", minimum=0.0
    )
    retry_max_wait_s: float = setting(60.0, "RETRY_WAIT_MOST", "s", "Longest pause before a retry.", minimum=0.0)
    max_retry_after_s: float = setting(
        300.0, "RETRY_AFTER_MOST", "s", "A Retry-After beyond this ends the call instead of waiting.", minimum=0.0
    )
    retry_budget_ratio: float = setting(
        1.0, "RETRY_BUDGET", "retries per call", "Retries of a run per call that it needs, plus 10.", minimum=0.0
    )
    max_same_failures: int = setting(
        20,
        "SAME_FAILURE_MOST",
        "failures",
        "After so many final failures of one cause in a row a run stops.",
        minimum=1,
    )
    judge_outage_s: float = setting(
        120.0, "JUDGE_OUTAGE", "s", "A shorter outage of the judge stops no run.", minimum=0.0
    )
    target_max_output_tokens: int = setting(
        0, "TARGET_MAX_OUTPUT_TOKENS", "tokens", "Output limit for the target; 0: the provider's own.", minimum=0
    )
    judge_max_output_tokens: int = setting(
        16000, "JUDGE_MAX_OUTPUT_TOKENS", "tokens", "Output limit for the judge; reasoning counts.", minimum=256
    )
    max_judge_attempts: int = setting(
        3, "JUDGE_QUESTIONS", "times", "How often the judge is asked for a usable verdict.", minimum=1, maximum=10
    )
    max_judged_chars: int = setting(
        400_000, "JUDGE_REPLY_MAX_CHARS", "characters", "A longer reply is not judged: UNDETERMINED.", minimum=1000
    )
    max_reply_bytes: int = setting(
        8 * MIB, "REPLY_MAX_BYTES", "bytes", "A longer reply ends the call with an error.", minimum=1024
    )
    http_transport: str = setting(
        "pyreqwest", "HTTP_TRANSPORT", "name", "The HTTP transport to providers.", choices=("pyreqwest", "httpx")
    )
    http_keepalive_s: float = setting(60.0, "HTTP_KEEPALIVE", "s", "How long an idle connection is kept.", minimum=1.0)
    tls_ca_file: str = setting("", "TLS_CA_FILE", "path", "Further certificates to trust (a gateway's own CA).")


@dataclass(frozen=True)
class ThrottleSettings:
    """How many calls at once, in this process and over all of them."""

    max_queued_calls: int = setting(
        20000, "QUEUE_MOST", "calls", "Most calls waiting for one account; more are refused.", minimum=1
    )
    lease_s: float = setting(
        10.0, "THROTTLE_LEASE", "s", "After so long without a sign of life a process's slots go to others.", minimum=0.2
    )
    renew_s: float = setting(
        1.0, "THROTTLE_RENEW", "s", "Pause between a process's signs of life to the shared throttle.", minimum=0.05
    )
    leave_s: float = setting(
        2.0,
        "THROTTLE_LEAVE",
        "s",
        "So long a process that ends keeps the slots of calls it could not end.",
        minimum=0.1,
    )
    poll_s: float = setting(
        0.25, "THROTTLE_POLL", "s", "How often waiting calls ask Redis again, besides being woken.", minimum=0.01
    )
    adaptive_limits: bool = setting(
        True, "ADAPTIVE_LIMITS", "true/false", "Go below a configured concurrency while a provider asks to slow down."
    )
    adaptive_start: int = setting(
        0, "ADAPTIVE_START", "calls", "Calls in flight that an account begins with; 0: its concurrency.", minimum=0
    )
    adaptive_cooldown_s: float = setting(
        15.0, "ADAPTIVE_COOLDOWN", "s", "How long a lowered limit rests before it changes again.", minimum=0
    )
