"""Passes: what a browser gets for a token, so that the token itself is not kept there (decision record 0054).

`name.expiry.signature`. The key of the signature is made of the token's hash: every process that knows HUNTER_TOKENS
can read a pass, nothing has to be stored, and a token that is taken away takes its passes along.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from core.access.tokens import Holder, Register, Scope

COOKIE = "model_hunter"
MAX_PASS_CHARS = 200
SERVICE_PASS_TTL_S = 60
"""How long a pass that a service makes for itself is good for: one question."""
_PURPOSE = b"model hunter pass 1"


@dataclass(frozen=True)
class Pass:
    """One that is good: whose it is, and until when (seconds since 1970)."""

    holder: Holder
    expiry_s: int


def new_pass(holder: Holder, now_s: float, life_s: float) -> str:
    expiry = int(now_s + life_s)
    return f"{holder.name}.{expiry}.{_signature(holder, expiry)}"


def read_pass(text: str, register: Register, now_s: float) -> Pass | None:
    """The pass in `text`; None for one that is forged, has run out, or whose token is gone."""
    parts = text.rsplit(".", 2)  # names may hold dots; expiry and signature hold none
    if len(text) > MAX_PASS_CHARS or len(parts) != 3:
        return None
    name, expiry, signature = parts
    if not (expiry.isascii() and expiry.isdecimal()) or int(expiry) <= now_s:
        return None
    given = signature.encode("utf-8", "surrogatepass")
    for holder in register.named(name):
        if hmac.compare_digest(_signature(holder, int(expiry)).encode(), given):
            return Pass(holder, int(expiry))
    return None


def service_pass(holders: Sequence[Holder], now_s: float) -> str:
    """A short pass with which one service of ours asks another, in the name of an admin; "" when there is none."""
    admin = next((holder for holder in holders if holder.scope is Scope.ADMIN), None)
    return new_pass(admin, now_s, SERVICE_PASS_TTL_S) if admin else ""


def _signature(holder: Holder, expiry: int) -> str:
    key = hmac.digest(holder.digest, _PURPOSE, hashlib.sha256)
    told = hmac.digest(key, f"{holder.name}.{holder.scope}.{expiry}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(told).decode().rstrip("=")
