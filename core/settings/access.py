"""Access control: who may sign in, and which hosts and proxies are trusted."""

from __future__ import annotations

from dataclasses import dataclass

from core.access.proxies import Network
from core.access.tokens import Holder
from core.settings.rows import setting


@dataclass(frozen=True)
class AccessSettings:
    """Tokens, host names and proxies."""

    tokens: tuple[Holder, ...] = setting(
        (),
        "HUNTER_TOKENS",
        "name:scope:hash, comma-separated",
        "Who may sign in; empty: no sign-in, and the server must listen on loopback.",
        secret=True,
    )
    sign_in_ttl_s: float = setting(
        43200.0, "SIGN_IN_TTL", "s", "Lifetime of a sign-in on a page.", minimum=1, maximum=366 * 86400
    )
    hosts: tuple[str, ...] = setting(
        (),
        "HUNTER_HOSTS",
        "names, comma-separated",
        "Further host names that a server without tokens accepts; localhost and IP addresses are always accepted.",
    )
    trusted_proxies: tuple[Network, ...] = setting(
        (),
        "TRUSTED_PROXIES",
        "networks, comma-separated",
        "Proxies on other machines whose X-Real-IP and X-Forwarded-Proto are trusted.",
    )
