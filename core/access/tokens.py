"""Creates tokens, parses their hashes from the settings, and verifies them (decision record 0054).

`HUNTER_TOKENS` is `name:scope:hash`, comma-separated. A token is 256 random bits, so a plain SHA-256 of it
cannot be reversed; slow hashes are for passwords.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

TOKEN_ENTROPY_BYTES = 32
MAX_TOKEN_CHARS = 200
"""Longer tokens are rejected unread."""
MARK = "mh_"
"""Prefix of every token, so that misplaced tokens are recognised."""
ENTRY_HINT = "python -m core token NAME makes the entry."
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,59}")
_HASH = re.compile(r"[0-9a-f]{64}")


class Scope(StrEnum):
    TRAINER = "trainer"
    """Hunts, and sees only its own sessions."""
    ADMIN = "admin"
    """Sees everything: all sessions, the admin status, the dashboard."""


@dataclass(frozen=True)
class Holder:
    """A user with a token. `digest`: the token's SHA-256, also a secret, because it signs cookies."""

    name: str
    scope: Scope
    digest: bytes = field(repr=False)


def new_token(entropy: bytes) -> str:
    return MARK + base64.urlsafe_b64encode(entropy).decode().rstrip("=")


def entry_of(name: str, scope: Scope, token: str) -> str:
    """The HUNTER_TOKENS entry for a token. Raises ValueError for an invalid name."""
    _validate_name(name)
    return f"{name}:{scope}:{_digest(token).hex()}"


def read_holders(text: str) -> tuple[Holder, ...]:
    """Parses HUNTER_TOKENS. Raises ValueError with a message that contains no hash and no token."""
    holders = tuple(_holder(entry.strip()) for entry in text.split(",") if entry.strip())
    if len({holder.digest for holder in holders}) != len(holders):
        raise ValueError(f"two entries have the same hash; each user needs a separate token. {ENTRY_HINT}")
    scopes: dict[str, Scope] = {}
    for holder in holders:
        if scopes.setdefault(holder.name, holder.scope) is not holder.scope:
            raise ValueError(f"{holder.name} has two scopes; a name can have only one.")
    return holders


def _holder(entry: str) -> Holder:
    name, _, rest = entry.partition(":")
    scope, _, digest = rest.partition(":")
    _validate_name(name)
    if scope not in list(Scope):
        raise ValueError(
            f"the scope of {name} is none of {', '.join(Scope)}; an entry is name:scope:hash. {ENTRY_HINT}"
        )
    if digest.startswith(MARK):
        raise ValueError(
            f"{name}: the entry contains a token instead of its hash; treat the token as compromised. {ENTRY_HINT}"
        )
    if not _HASH.fullmatch(digest):
        raise ValueError(f"{name}: the hash must have 64 digits (lower-case hexadecimal). {ENTRY_HINT}")
    return Holder(name, Scope(scope), bytes.fromhex(digest))


def _validate_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        shown = name[:20] if len(name) < 40 and not name.startswith(MARK) else "an entry"
        raise ValueError(
            f'"{shown}" does not begin with a name: at most 60 lower-case letters, digits and . _ @ -. {ENTRY_HINT}'
        )


@dataclass(frozen=True)
class Register:
    """All token holders; a name may have several tokens (an old and a new one)."""

    holders: Sequence[Holder] = ()

    @property
    def open_to_all(self) -> bool:
        """No tokens: there is no sign-in, and every caller has full access."""
        return not self.holders

    def by_token(self, token: str) -> Holder | None:
        """The holder of a token. The look-up's timing only concerns a hash, which callers cannot choose."""
        if len(token) > MAX_TOKEN_CHARS:
            return None
        digest = _digest(token)
        found = self._by_digest.get(digest)
        return found if found is not None and hmac.compare_digest(found.digest, digest) else None

    def named(self, name: str) -> Sequence[Holder]:
        return self._by_name.get(name, ())

    @cached_property
    def _by_digest(self) -> dict[bytes, Holder]:
        return {holder.digest: holder for holder in self.holders}

    @cached_property
    def _by_name(self) -> dict[str, tuple[Holder, ...]]:
        return {one.name: tuple(h for h in self.holders if h.name == one.name) for one in self.holders}


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
