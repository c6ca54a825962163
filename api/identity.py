"""Authentication and authorisation of every request, before any route runs (decision records 0054 and 0055).

Without HUNTER_TOKENS there is no sign-in: every caller is an admin, but only known host names are served (DNS
rebinding). With HUNTER_TOKENS a request needs a token (Authorization: Bearer) or a pass (the sign-in cookie).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import ceil
from typing import cast

import structlog
from cachetools import TTLCache
from quart import Quart, Response, current_app, g, redirect, request
from werkzeug.datastructures import Authorization

from core.access.cookies import COOKIE, new_cookie, read_cookie
from core.access.origins import SAFE_METHODS, is_foreign, is_known_host
from core.access.proxies import client_address, is_over_tls, is_proxy
from core.access.roles import ANYBODY, Caller, People, SessionRole, caller_of
from core.access.sign_in_limiter import SignInLimiter
from core.access.tokens import Holder, Register
from core.errors import Busy, NotAllowed, NotSignedIn
from core.runtime import Runtime
from core.sessions.base import no_session
from core.sessions.codec import StoredUnreadable
from core.sessions.library_records import ACTOR

log = structlog.get_logger(__name__)
OPEN_TO_ALL = frozenset(
    {"health.whole", "health.live", "health.ready", "access.sign_in_page", "access.sign_in", "access.sign_out",
     "access.who", "page.favicon", "page.versioned_file", "static"}
)  # fmt: skip
"""Endpoints without authentication: health, sign-in, and the page's files, which are only code."""
SIGN_IN_REDIRECTS = {"page.hunting_page": "", "docs.documentation": "?to=/docs"}
"""Pages that redirect to the sign-in instead of returning 401, with the redirect's query string."""
ADMIN_PREFIXES = ("/api/admin/", "/metrics")
KEY = "MODEL_HUNTER_ACCESS"
NUL = "\0"
"""No ID contains it, and PostgreSQL takes no text that does."""
MAX_PEOPLE = 10_000
"""Maximum sessions whose people are cached."""
PEOPLE_TTL_S = 1.0
"""How long another process may still show a session to somebody whose access has ended. Nobody is refused by what is
cached, and nobody changes anything by it."""
FOR_REVIEWERS = frozenset({
    "reviews.show_desk", "reviews.save_review", "second_reviews.show_second_review",
    "second_reviews.finish_second_review", "second_reviews.settle_difference",
})  # fmt: skip
"""The only endpoints with a session that a second reviewer may use."""
FOR_READERS = frozenset({"comments.add_comment", "comments.delete_comment", "sharing.end_access"})
"""Endpoints besides those that change nothing."""


@dataclass
class AccessGuard:
    """Holds the tokens, the number of open streams per name, and a short-lived cache of sessions' people."""

    runtime: Runtime
    register: Register
    limiter: SignInLimiter = field(default_factory=SignInLimiter)
    streams: Counter[str] = field(default_factory=Counter)
    """Open event streams per name in this process."""
    _people: TTLCache[str, People] = field(init=False)

    def __post_init__(self) -> None:
        self._people = TTLCache(MAX_PEOPLE, PEOPLE_TTL_S, timer=self.runtime.clock.monotonic)

    def holder_of(self, token: str, address: str) -> Holder | None:
        """The holder of a token, None if it is unknown. Failures are counted per address; raises Busy after too
        many."""
        holder = self.register.by_token(token)
        now_s = self.runtime.clock.monotonic()
        if holder is None and (wait_s := self.limiter.wait_s(address, now_s)):
            raise too_many_tries(wait_s)
        if holder is None and self.limiter.record_failure(address, now_s):
            log.warning("access.unknown_token", address=address)
        return holder

    def caller(self, authorization: Authorization | None, cookie: str, address: str) -> Caller | None:
        if self.register.open_to_all:
            return ANYBODY
        if authorization is not None:
            bearer = authorization.type == "bearer"
            holder = self.holder_of(authorization.token or "", address) if bearer else None
            return caller_of(holder) if holder else None
        found = read_cookie(cookie, self.register, self.now_s()) if cookie else None
        return caller_of(found.holder, found.expiry_s) if found else None

    def cookie_for(self, holder: Holder) -> str:
        return new_cookie(holder, self.now_s(), self.runtime.settings.access.sign_in_ttl_s)

    async def role(self, caller: Caller, session_id: str, *, fresh: bool = False) -> SessionRole:
        """What `caller` may do with that session; `fresh`: as it is now. Raises NotFound if it does not exist."""
        if caller is ANYBODY:
            return SessionRole.OWNER
        known = None if fresh else self._people.get(session_id)
        if known is not None and (role := caller.role(known)) not in {SessionRole.NONE, SessionRole.REVIEWER}:
            return role
        try:
            session = (await self.runtime.store.summary(session_id)).session
        except StoredUnreadable:  # admins and its owner may delete it
            if caller.admin or caller.name == await self.runtime.store.owner_of_unreadable(session_id):
                return SessionRole.OWNER
            raise
        second = session.second_review
        people = People(
            session.owner, session.readers, second.reviewer if second is not None else "", session.both_reviewed
        )
        self._people[session_id] = people
        return caller.role(people)

    def forget(self, session_id: str) -> None:
        """Its people have changed."""
        self._people.pop(session_id, None)

    def now_s(self) -> float:
        return self.runtime.clock.source.now().timestamp()


def too_many_tries(wait_s: float) -> Busy:
    return Busy(
        "Too many failed sign-ins from this address.",
        hint=f"Try again in {ceil(wait_s)} s with the complete token.",
        code="too_many_tries",
        details={"retry_after_s": ceil(wait_s)},
    )


def install_access_guard(app: Quart, runtime: Runtime) -> None:
    app.config[KEY] = AccessGuard(runtime, Register(runtime.settings.access.tokens))
    app.before_request(_authorize_request)


def access_guard() -> AccessGuard:
    """The access guard of the current app."""
    return cast("AccessGuard", current_app.config[KEY])


def caller() -> Caller:
    """The caller of this request; ANYBODY without a sign-in."""
    known: Caller = g.caller
    return known


def role() -> SessionRole:
    """What the caller may do with the session of this request."""
    known: SessionRole = g.role
    return known


def sign_in_left_s() -> float:
    """Seconds until the caller's sign-in expires; infinite for a token and without a sign-in."""
    return caller().until_s - access_guard().now_s()


def address() -> str:
    """The client's address."""
    return client_address(request.remote_addr, request.headers.get("X-Real-IP"), by_proxy=_by_proxy())


def over_tls() -> bool:
    """Whether the browser uses https."""
    return is_over_tls(request.scheme, request.headers.get("X-Forwarded-Proto"), by_proxy=_by_proxy())


def _by_proxy() -> bool:
    return is_proxy(request.remote_addr, access_guard().runtime.settings.access.trusted_proxies)


async def _authorize_request() -> Response | None:
    guard, endpoint = access_guard(), request.endpoint or ""
    _reject_foreign_requests(guard)
    known = _known(guard, endpoint)
    if known is None:
        if endpoint in SIGN_IN_REDIRECTS:
            return cast("Response", redirect(f"/sign-in{SIGN_IN_REDIRECTS[endpoint]}", 303))
        if endpoint not in OPEN_TO_ALL:
            raise NotSignedIn(
                "Not signed in.", hint="Sign in on the page, or send your token: Authorization: Bearer mh_…"
            )
        return None
    g.caller = known
    ACTOR.set(known.name)
    if request.url_rule is not None and request.url_rule.rule.startswith(ADMIN_PREFIXES) and not known.admin:
        raise NotAllowed(f"{known.name} is not an admin.", hint="Use a token with the scope admin.")
    session_id = (request.view_args or {}).get("sid")
    if session_id is not None:
        if NUL in session_id:
            raise no_session()
        g.role = await guard.role(known, session_id)
        _reject_role(g.role, endpoint)
        if request.method not in SAFE_METHODS and known is not ANYBODY:
            await request.get_data()  # a body may take a minute to arrive
            g.role = await guard.role(known, session_id, fresh=True)
            _reject_role(g.role, endpoint)
    return None


def _reject_role(role: SessionRole, endpoint: str) -> None:
    """Raise unless that role may use the endpoint."""
    if role is SessionRole.NONE:
        raise no_session()
    if role is SessionRole.REVIEWER and endpoint not in FOR_REVIEWERS:
        raise NotAllowed(
            "You are the second reviewer of this task, so you have its review desk only.",
            hint="Review the replies: GET /api/sessions/{id}/desk.",
            code="review_only",
        )
    if role is SessionRole.READER and request.method not in SAFE_METHODS and endpoint not in FOR_READERS:
        raise NotAllowed(
            "You have given this task away and may still read it.", hint="Ask its owner to change it.", code="read_only"
        )


def _known(guard: AccessGuard, endpoint: str) -> Caller | None:
    """The caller of this request, None if not signed in. Raises Busy after too many unknown tokens, unless the endpoint
    is open to all."""
    try:
        return guard.caller(request.authorization, request.cookies.get(COOKIE, ""), address())
    except Busy:
        if endpoint in OPEN_TO_ALL:
            return None
        raise


def _reject_foreign_requests(guard: AccessGuard) -> None:
    headers = request.headers
    host = headers.get("Host", "")  # as sent: an invalid name is "" in request.host
    if guard.register.open_to_all and not is_known_host(host, guard.runtime.settings.access.hosts):
        raise NotAllowed(
            f"Host name not allowed: {host[:100]}.",
            hint="Use localhost or the IP address. The operator can add names to HUNTER_HOSTS or create tokens.",
            code="foreign_host",
        )
    if is_foreign(
        request.method, request.host, headers.get("Origin"), headers.get("Sec-Fetch-Site"), secure=over_tls()
    ):
        raise NotAllowed(
            "Requests from another site's page are not allowed.",
            hint="Send the request from the page itself, or with curl.",
            code="foreign_origin",
        )
