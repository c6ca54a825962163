"""Tokens: how they are made, written into the settings as hashes, and recognised (decision record 0054).

`HUNTER_TOKENS` is `name:scope:hash`, comma-separated. A token is 256 random bits, so that a plain SHA-256 of it
cannot be guessed back; slow hashes are for passwords.
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
"""Longer ones are not looked at."""
MARK = "mh_"
"""How a token begins, so that it is recognised where it should not stand."""
ENTRY_HINT = "python -m core token NAME makes the entry."
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,59}")
_HASH = re.compile(r"[0-9a-f]{64}")


class Scope(StrEnum):
    TRAINER = "trainer"
    """Hunts, and sees what is its own."""
    ADMIN = "admin"
    """Sees everything: all sessions, the admin status, the dashboard."""


@dataclass(frozen=True)
class Holder:
    """Somebody with a token. `digest`: the token's SHA-256, which is a secret too, since passes are signed with it."""

    name: str
    scope: Scope
    digest: bytes = field(repr=False)


def new_token(entropy: bytes) -> str:
    return MARK + base64.urlsafe_b64encode(entropy).decode().rstrip("=")


def entry_of(name: str, scope: Scope, token: str) -> str:
    """What stands in HUNTER_TOKENS for that token. Raises ValueError for a name that cannot be one."""
    _refuse_name(name)
    return f"{name}:{scope}:{_digest(token).hex()}"


def read_holders(text: str) -> tuple[Holder, ...]:
    """The entries of HUNTER_TOKENS. Raises ValueError with a sentence that repeats no hash and no token."""
    holders = tuple(_holder(entry.strip()) for entry in text.split(",") if entry.strip())
    if len({holder.digest for holder in holders}) != len(holders):
        raise ValueError(f"two entries have the same hash; everybody needs a token of their own. {ENTRY_HINT}")
    scopes: dict[str, Scope] = {}
    for holder in holders:
        if scopes.setdefault(holder.name, holder.scope) is not holder.scope:
            raise ValueError(f"{holder.name} stands there with two scopes; one name has one scope.")
    return holders


def _holder(entry: str) -> Holder:
    name, _, rest = entry.partition(":")
    scope, _, digest = rest.partition(":")
    _refuse_name(name)
    if scope not in list(Scope):
        raise ValueError(
            f"the scope of {name} is none of {', '.join(Scope)}; an entry is name:scope:hash. {ENTRY_HINT}"
        )
    if digest.startswith(MARK):
        raise ValueError(f"{name}: here stands a token where its hash belongs; treat it as lost. {ENTRY_HINT}")
    if not _HASH.fullmatch(digest):
        raise ValueError(f"{name}: the hash is not 64 digits and small letters a to f. {ENTRY_HINT}")
    return Holder(name, Scope(scope), bytes.fromhex(digest))


def _refuse_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        shown = name[:20] if len(name) < 40 and not name.startswith(MARK) else "an entry"
        raise ValueError(f'"{shown}" begins with no name: small letters, digits and . _ @ -, 60 at most. {ENTRY_HINT}')


@dataclass(frozen=True)
class Register:
    """Everybody who has a token; a name may have several (an old and a new one)."""

    holders: Sequence[Holder] = ()

    @property
    def open_to_all(self) -> bool:
        """Nobody has a token: there is no sign-in, and whoever reaches the server may do everything."""
        return not self.holders

    def by_token(self, token: str) -> Holder | None:
        """Whose token that is. What the look-up's time could tell is about a hash that nobody can steer."""
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
