"""Signed sign-in cookies issued for a token, so that browsers don't store the token (decision record 0054).

Format: `name.expiry.signature`. The key derives from the token's hash: every process with the same HUNTER_TOKENS
can verify a cookie, nothing is stored, and revoking a token revokes its cookies.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from core.access.tokens import Holder, Register, Scope

COOKIE = "model_hunter"
MAX_COOKIE_CHARS = 200
SERVICE_TOKEN_TTL_S = 60
"""Lifetime of a token that a service signs for its own request."""
_PURPOSE = b"model hunter pass 1"


@dataclass(frozen=True)
class SignInCookie:
    """A valid cookie: its holder and expiry (Unix time)."""

    holder: Holder
    expiry_s: int


def new_cookie(holder: Holder, now_s: float, life_s: float) -> str:
    expiry = int(now_s + life_s)
    return f"{holder.name}.{expiry}.{_signature(holder, expiry)}"


def read_cookie(text: str, register: Register, now_s: float) -> SignInCookie | None:
    """Parses a cookie's value; None if it is forged or expired, or its token was revoked."""
    parts = text.rsplit(".", 2)  # names may contain dots; expiry and signature don't
    if len(text) > MAX_COOKIE_CHARS or len(parts) != 3:
        return None
    name, expiry, signature = parts
    if not (expiry.isascii() and expiry.isdecimal()) or int(expiry) <= now_s:
        return None
    given = signature.encode("utf-8", "surrogatepass")
    for holder in register.named(name):
        if hmac.compare_digest(_signature(holder, int(expiry)).encode(), given):
            return SignInCookie(holder, int(expiry))
    return None


def service_token(holders: Sequence[Holder], now_s: float) -> str:
    """A short-lived token for calls between our services as an admin; "" if there is no admin."""
    admin = next((holder for holder in holders if holder.scope is Scope.ADMIN), None)
    return new_cookie(admin, now_s, SERVICE_TOKEN_TTL_S) if admin else ""


def _signature(holder: Holder, expiry: int) -> str:
    key = hmac.digest(holder.digest, _PURPOSE, hashlib.sha256)
    signature = hmac.digest(key, f"{holder.name}.{holder.scope}.{expiry}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(signature).decode().rstrip("=")
