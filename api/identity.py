"""Who asks, and whether they may: looked at once, at the door, before any route (decision records 0054 and 0055).

Without HUNTER_TOKENS there is no sign-in: everybody is everything, but under known names only (DNS rebinding).
With them a request brings a token (Authorization: Bearer) or a pass (the cookie of a sign-in).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import ceil
from typing import cast

import structlog
from cachetools import LRUCache
from quart import Quart, Response, current_app, g, redirect, request
from werkzeug.datastructures import Authorization

from core.access.brake import SignInBrake
from core.access.callers import ANYBODY, Caller, caller_of
from core.access.origins import is_foreign, is_known_host
from core.access.passes import COOKIE, new_pass, read_pass
from core.access.proxies import client_address, is_over_tls, is_proxy
from core.access.tokens import Holder, Register
from core.errors import Busy, NotAllowed, NotSignedIn
from core.runtime import Runtime
from core.sessions.base import no_session

log = structlog.get_logger(__name__)
OPEN_TO_ALL = frozenset(
    {"health.whole", "health.live", "health.ready", "access.sign_in_page", "access.sign_in", "access.sign_out",
     "access.who", "page.favicon", "page.versioned_file", "static"}
)  # fmt: skip
"""Endpoints that ask nobody who they are: what says how we are, the way in, and the page's files, which are code."""
SHOWN_TO_PEOPLE = {"page.hunting_page": "", "docs.documentation": "?to=/docs"}
"""Pages that lead to the sign-in instead of refusing, and what they tell it."""
FOR_ADMINS = ("/api/admin/", "/metrics")
KEY = "MODEL_HUNTER_DOOR"
MAX_OWNERS = 10_000
"""Sessions whose owner is known without asking the store."""


@dataclass
class Door:
    """Knows who has a token, how many streams each has open, and to whom sessions belong that were asked for lately
    (an owner never changes)."""

    runtime: Runtime
    register: Register
    brake: SignInBrake = field(default_factory=SignInBrake)
    streams: Counter[str] = field(default_factory=Counter)
    """How many event streams each name has open here."""
    _owners: LRUCache[str, str] = field(default_factory=lambda: LRUCache(MAX_OWNERS))

    def holder_of(self, token: str, address: str) -> Holder | None:
        """Whose token that is. Wrong ones are counted; raises Busy when that address was wrong too often of late."""
        holder = self.register.by_token(token)
        now_s = self.runtime.clock.monotonic()
        if holder is None and (wait_s := self.brake.wait_s(address, now_s)):
            raise too_many_tries(wait_s)
        if holder is None and self.brake.record_failure(address, now_s):
            log.warning("a sign-in with an unknown token", address=address)
        return holder

    def caller(self, authorization: Authorization | None, cookie: str, address: str) -> Caller | None:
        if self.register.open_to_all:
            return ANYBODY
        if authorization is not None:
            bearer = authorization.type == "bearer"
            holder = self.holder_of(authorization.token or "", address) if bearer else None
            return caller_of(holder) if holder else None
        found = read_pass(cookie, self.register, self.now_s()) if cookie else None
        return caller_of(found.holder, found.expiry_s) if found else None

    def pass_for(self, holder: Holder) -> str:
        return new_pass(holder, self.now_s(), self.runtime.settings.access.sign_in_ttl_s)

    async def shows(self, caller: Caller, session_id: str) -> bool:
        """Whether that session is there for `caller`. Raises NotFound when it is there for nobody."""
        return caller.admin or caller.sees(await self._owner(session_id))

    async def _owner(self, session_id: str) -> str:
        known = self._owners.get(session_id)
        if known is None:
            known = (await self.runtime.store.summary(session_id)).session.owner
            self._owners[session_id] = known
        return known

    def now_s(self) -> float:
        return self.runtime.clock.source.now().timestamp()


def too_many_tries(wait_s: float) -> Busy:
    return Busy(
        "Too many wrong tokens came from this address.",
        hint=f"Try again in {ceil(wait_s)} s, with the whole token.",
        code="too_many_tries",
        details={"retry_after_s": ceil(wait_s)},
    )


def guard(app: Quart, runtime: Runtime) -> None:
    app.config[KEY] = Door(runtime, Register(runtime.settings.access.tokens))
    app.before_request(_look_at_the_request)


def door() -> Door:
    """The door of the app that answers this request."""
    return cast("Door", current_app.config[KEY])


def caller() -> Caller:
    """Who makes this request; ANYBODY where nobody signs in."""
    known: Caller = g.caller
    return known


def sign_in_left_s() -> float:
    """How long the one who makes this request stays signed in; endless for a token, and where nobody signs in."""
    return caller().until_s - door().now_s()


def address() -> str:
    """Where this request comes from."""
    return client_address(request.remote_addr, request.headers.get("X-Real-IP"), by_proxy=_by_proxy())


def over_tls() -> bool:
    """Whether the browser reached us over https."""
    return is_over_tls(request.scheme, request.headers.get("X-Forwarded-Proto"), by_proxy=_by_proxy())


def _by_proxy() -> bool:
    return is_proxy(request.remote_addr, door().runtime.settings.access.trusted_proxies)


async def _look_at_the_request() -> Response | None:
    here, endpoint = door(), request.endpoint or ""
    _refuse_foreign_pages(here)
    known = _known(here, endpoint)
    if known is None:
        if endpoint in SHOWN_TO_PEOPLE:
            return cast("Response", redirect(f"/sign-in{SHOWN_TO_PEOPLE[endpoint]}", 303))
        if endpoint not in OPEN_TO_ALL:
            raise NotSignedIn(
                "Not signed in.", hint="Sign in on the page, or send your token: Authorization: Bearer mh_…"
            )
        return None
    g.caller = known
    if request.url_rule is not None and request.url_rule.rule.startswith(FOR_ADMINS) and not known.admin:
        raise NotAllowed(f"{known.name} is no admin.", hint="This takes a token with the scope admin.")
    session_id = (request.view_args or {}).get("sid")
    if session_id is not None and not await here.shows(known, session_id):
        raise no_session()
    return None


def _known(here: Door, endpoint: str) -> Caller | None:
    """Who makes this request, None for nobody. Raises Busy after too many wrong tokens, unless nobody has to sign in
    for that endpoint."""
    try:
        return here.caller(request.authorization, request.cookies.get(COOKIE, ""), address())
    except Busy:
        if endpoint in OPEN_TO_ALL:
            return None
        raise


def _refuse_foreign_pages(here: Door) -> None:
    headers = request.headers
    said = headers.get("Host", "")  # as it was sent: what is no name at all reads "" in request.host
    if here.register.open_to_all and not is_known_host(said, here.runtime.settings.access.hosts):
        raise NotAllowed(
            f"Host name not allowed: {said[:100]}.",
            hint="Use localhost or its address in digits; the operator adds names in HUNTER_HOSTS, or makes tokens.",
            code="foreign_host",
        )
    if is_foreign(
        request.method, request.host, headers.get("Origin"), headers.get("Sec-Fetch-Site"), secure=over_tls()
    ):
        raise NotAllowed(
            "Another site's page cannot change anything here.",
            hint="Send the request from the page itself, or with curl.",
            code="foreign_origin",
        )
