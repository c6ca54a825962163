"""The caller of a request and its permissions."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from core.access.tokens import Holder, Scope


@dataclass(frozen=True)
class Caller:
    """The caller of a request. `name` is "" without a sign-in; `until_s` is the sign-in's expiry."""

    name: str
    scope: Scope
    until_s: float = inf

    @property
    def admin(self) -> bool:
        return self.scope is Scope.ADMIN

    def sees(self, owner: str) -> bool:
        """Whether this caller may see items of `owner`. Items created without a sign-in are visible to admins only."""
        return self.admin or owner == self.name


ANYBODY = Caller("", Scope.ADMIN)
"""Every caller if HUNTER_TOKENS is empty."""


def caller_of(holder: Holder, until_s: float = inf) -> Caller:
    return Caller(holder.name, holder.scope, until_s)
