"""Who asks, and what may be seen."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from core.access.tokens import Holder, Scope


@dataclass(frozen=True)
class Caller:
    """Whoever makes a request. `name` is "" where there is no sign-in; `until_s` is when the sign-in runs out."""

    name: str
    scope: Scope
    until_s: float = inf

    @property
    def admin(self) -> bool:
        return self.scope is Scope.ADMIN

    def sees(self, owner: str) -> bool:
        """Whether what belongs to `owner` is there for this caller. What was made without a sign-in is the admins'."""
        return self.admin or owner == self.name


ANYBODY = Caller("", Scope.ADMIN)
"""Everyone, where nobody has a token."""


def caller_of(holder: Holder, until_s: float = inf) -> Caller:
    return Caller(holder.name, holder.scope, until_s)
