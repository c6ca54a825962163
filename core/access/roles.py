"""Roles: what the caller of a request may do with a session, as its owner, reader or second reviewer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import inf

from core.access.tokens import Holder, Scope


class SessionRole(StrEnum):
    """What a caller may do with one session."""

    OWNER = "owner"
    READER = "reader"
    """Sees everything, comments, and changes nothing: an earlier owner who kept access."""
    REVIEWER = "reviewer"
    """Has the second reviewer's desk, and nothing else."""
    NONE = "none"
    """Does not learn whether the session exists."""


@dataclass(frozen=True)
class People:
    """The people of one session, by name."""

    owner: str
    readers: tuple[str, ...] = ()
    reviewer: str = ""
    """The second reviewer; "" without one."""
    both_reviewed: bool = False


@dataclass(frozen=True)
class Caller:
    """The caller of a request. `name` is "" without a sign-in; `until_s` is the sign-in's expiry."""

    name: str
    scope: Scope
    until_s: float = inf

    @property
    def admin(self) -> bool:
        return self.scope is Scope.ADMIN

    def role(self, people: People) -> SessionRole:
        """Return what this caller may do with a session. Sessions created without a sign-in are visible to admins only.

        Until both reviews are done, the second reviewer has the reviewer's desk only, even with the scope admin.
        """
        reviews = bool(self.name) and self.name == people.reviewer
        if reviews and not people.both_reviewed:
            return SessionRole.REVIEWER
        if self.admin or people.owner == self.name:
            return SessionRole.OWNER
        if self.name in people.readers:
            return SessionRole.READER
        return SessionRole.REVIEWER if reviews else SessionRole.NONE


ANYBODY = Caller("", Scope.ADMIN)
"""Every caller if HUNTER_TOKENS is empty."""


def caller_of(holder: Holder, until_s: float = inf) -> Caller:
    return Caller(holder.name, holder.scope, until_s)
