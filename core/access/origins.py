"""Which requests come from a page of another site, and under which names a server without a sign-in answers."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
MAX_PORT = 65535
ELSEWHERE = frozenset({"cross-site", "same-site"})
"""Sec-Fetch-Site of requests that another page makes; other ports of this machine are `same-site`."""


_HOST = re.compile(
    r"(?P<name>[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?|\[[0-9a-f:.]{2,45}\])(?::(?P<port>[0-9]{1,5}))?", re.ASCII
)
"""A Host header as browsers send it: a name or an address, and a port. No user, path, zone or other alphabet."""
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def is_foreign(method: str, host: str, origin: str | None, fetch_site: str | None, *, secure: bool = False) -> bool:
    """Whether a browser sends this for a page that is not ours, and it would change something.

    Every browser says Origin with what can change something; other programs say neither header and are no danger: they
    have no cookie that the user did not give them.
    """
    if method in SAFE_METHODS:
        return False
    return fetch_site in ELSEWHERE or is_of_another_page(host, origin, secure=secure)


def is_of_another_page(host: str, origin: str | None, *, secure: bool = False) -> bool:
    """Whether a browser says that a page of another host or port asks. With websockets, which no rule of the browser
    keeps from reading, it always says who asks.

    `secure`: the browser reached us over https; then a page of http, which anybody on the way may have written, is
    another one. The other way round nothing is told: a proxy that ends TLS before ours need not say so.
    """
    if origin is None:
        return False
    scheme, place = _parts(origin)
    if scheme not in _DEFAULT_PORTS or (secure and scheme != "https"):
        return True
    return place != host.strip().lower().removesuffix(_DEFAULT_PORTS[scheme])


def is_known_host(host: str, names: Collection[str]) -> bool:
    """Whether a server without a sign-in may answer to that Host header.

    A page of another site can have its own name lead to this machine (DNS rebinding) and is then no foreign origin; it
    cannot make the browser send another name. Addresses in digits cannot be rebound.
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
    """(scheme, host and port without the scheme's own) of an Origin; ("", "") of what is none."""
    scheme, _, rest = origin.strip().lower().partition("://")
    if not _HOST.fullmatch(rest):
        return "", ""
    return scheme, rest.removesuffix(_DEFAULT_PORTS.get(scheme, " "))


def _name_of(host: str) -> str | None:
    """The name in a Host header, small and without port and closing dot; None when it is none. "" stands for none."""
    written = host.strip(" \t").lower()
    if not written:
        return ""
    found = _HOST.fullmatch(written)
    if found is None or int(found["port"] or 0) > MAX_PORT:
        return None
    return found["name"].removesuffix(".")
