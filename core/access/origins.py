"""Detects requests from other sites' pages, and validates Host headers without a sign-in."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
MAX_PORT = 65535
ELSEWHERE = frozenset({"cross-site", "same-site"})
"""Sec-Fetch-Site of requests from other pages; other ports of this machine are `same-site`."""


_HOST = re.compile(
    r"(?P<name>[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?|\[[0-9a-f:.]{2,45}\])(?::(?P<port>[0-9]{1,5}))?", re.ASCII
)
"""A Host header as browsers send it: name or address, and port. No user, path, zone or non-ASCII."""
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def is_foreign(method: str, host: str, origin: str | None, fetch_site: str | None, *, secure: bool = False) -> bool:
    """Whether a browser sends this state-changing request for another site's page.

    Browsers send Origin with every state-changing request; other programs send neither header and are safe, because
    they have only the cookies that the user gave them.
    """
    if method in SAFE_METHODS:
        return False
    return fetch_site in ELSEWHERE or is_of_another_page(host, origin, secure=secure)


def is_of_another_page(host: str, origin: str | None, *, secure: bool = False) -> bool:
    """Whether the Origin is a page of another host or port. Browsers always send it with websockets, which the
    same-origin policy does not protect.

    `secure`: the browser uses https; an http origin, which anyone on the network may have forged, is then foreign. An
    https origin is accepted on http: a TLS proxy in front of ours need not announce itself.
    """
    if origin is None:
        return False
    scheme, place = _parts(origin)
    if scheme not in _DEFAULT_PORTS or (secure and scheme != "https"):
        return True
    return place != host.strip().lower().removesuffix(_DEFAULT_PORTS[scheme])


def is_known_host(host: str, names: Collection[str]) -> bool:
    """Whether a server without a sign-in accepts that Host header.

    Another site can resolve its own name to this machine (DNS rebinding) and is then same-origin, but its requests keep
    that name in the Host header. IP addresses cannot be rebound.
    """
    name = _name_of(host)
    if name is None:
        return False
    if name in {"", "localhost"} or name.endswith(".localhost") or name in names:
        return True
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _parts(origin: str) -> tuple[str, str]:
    """(scheme, host and port without the default port) of an Origin; ("", "") if invalid."""
    scheme, _, rest = origin.strip().lower().partition("://")
    if not _HOST.fullmatch(rest):
        return "", ""
    return scheme, rest.removesuffix(_DEFAULT_PORTS.get(scheme, " "))


def _name_of(host: str) -> str | None:
    """The lower-case name in a Host header without port and trailing dot; None if invalid, "" if empty."""
    written = host.strip(" \t").lower()
    if not written:
        return ""
    found = _HOST.fullmatch(written)
    if found is None or int(found["port"] or 0) > MAX_PORT:
        return None
    return found["name"].removesuffix(".")
