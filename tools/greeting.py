"""What `make run` says when everything answers: where to look, what it runs on, and how to end it."""

from collections.abc import Iterable
from typing import Any

import httpx

from tools.parts import Part

ASK_TIMEOUT_S = 5.0
Json = dict[str, Any]

SESSIONS = {"redis": "stored in Redis", "memory": "stored in memory until you stop this"}
IN_LIBRARY = "stored in the library; they open again after a restart"
NO_REDIS = " (set REDIS_URL or LIBRARY_URL to keep them)"
NO_KEYS = "simulated only: no API keys found (.env.example shows how to set them)"


async def greeting(api: Part, dashboard: Part) -> str:
    """Asks the API what it runs on; what it does not say is left out."""
    async with httpx.AsyncClient(base_url=api.address, timeout=ASK_TIMEOUT_S, trust_env=False) as client:
        health = await _ask(client, "/api/health")
        models = await _ask(client, "/api/models")
        who = await _ask(client, "/api/who")
    facts = [
        ("Hunting page", f"{api.address}/"),
        ("Dashboard", f"{dashboard.address}/"),
        *_what_it_runs_on(health, models, who),
        ("To stop", "Ctrl-C"),
    ]
    rule = "─" * 78
    lines = [f"  {label:<14}{sentence}" for label, sentence in facts]
    return "\n".join(["", rule, "Model Hunter is running.", "", *lines, rule])


async def _ask(client: httpx.AsyncClient, path: str) -> Json:
    try:
        body = (await client.get(path)).json()
    except (httpx.HTTPError, ValueError):
        return {}
    return body if isinstance(body, dict) else {}


def _what_it_runs_on(health: Json, models: Json, who: Json) -> Iterable[tuple[str, str]]:
    degraded = health.get("status") == "degraded"
    backend = health.get("sessions_backend")
    if degraded:
        yield "Attention", f"degraded: {health.get('reason') or 'see the API log'}"
    if who.get("library"):
        yield "Sessions", IN_LIBRARY
    elif backend in SESSIONS:
        yield "Sessions", SESSIONS[backend] + (NO_REDIS if backend == "memory" and not degraded else "")
    if who.get("sign_in"):
        yield "Sign-in", "with a token of HUNTER_TOKENS"
    providers = models.get("providers")
    if isinstance(providers, list):
        yield "Providers", ", ".join(_with_keys(providers)) or NO_KEYS


def _with_keys(providers: list[Any]) -> list[str]:
    rows = [row for row in providers if isinstance(row, dict)]
    usable = [row for row in rows if row.get("usable") and not row.get("simulated")]
    return [str(row.get("label") or row.get("name")) for row in usable]
