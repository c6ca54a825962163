"""How people share a session: it is given to somebody, and commented on."""

from __future__ import annotations

from datetime import datetime

from core.domain.value import Value

MAX_TRANSFERS = 200
"""Maximum times that a session can be given to somebody."""
MAX_COMMENTS = 500
"""Maximum comments of a session. Each change writes all of them."""
MAX_COMMENT_CHARS = 2000


class Transfer(Value):
    """The session was given to somebody."""

    by: str
    """Who gave it: the owner at that time, or an admin."""
    before: str
    """The owner before."""
    to: str
    at: datetime
    note: str = ""
    accepted_at: datetime | None = None
    """When the new owner took note of it. Until then it waits in their queue."""


class Comment(Value):
    """A remark on a hunt or a criterion."""

    comment_id: str
    by: str
    """"" without sign-in."""
    at: datetime
    hunt_id: str = ""
    criterion_id: str = ""
    """One of these two is empty."""
    text: str
