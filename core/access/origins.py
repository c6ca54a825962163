"""Which requests come from a page of another site, and under which names a server without a sign-in answers."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
ELSEWHERE = frozenset({"cross-site", "same-site"})
"""Sec-Fetch-Site of requests that another page makes; other ports of this machine are `same-site`."""


def is_foreign(method: str, host: str, origin: str | None, fetch_site: str | None) -> bool:
    """Whether a browser sends this for a page that is not ours, and it would change something.

    Every browser says Origin with what can change something; other programs say neither header and are no danger: they
    have no cookie that the user did not give them.
    """
    if method in SAFE_METHODS:
        return False
    return fetch_site in ELSEWHERE or is_of_another_page(host, origin)


def is_of_another_page(host: str, origin: str | None) -> bool:
    """Whether a browser says that a page of another host or port asks. With websockets, which no rule of the browser
    keeps from reading, it always says who asks."""
    return origin is not None and _place(origin) != host.strip().lower()


def is_known_host(host: str, names: Collection[str]) -> bool:
    """Whether a server without a sign-in may answer to that Host header.

    A page of another site can have its own name lead to this machine (DNS rebinding) and is then no foreign origin; it
    cannot make the browser send another name. Addresses in digits cannot be rebound.
    """
    name = _name_of(host)
    if name in {"", "localhost"} or name.endswith(".localhost") or name in names:
        return True
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _place(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:  # no address at all: nobody's page
        return ""


def _name_of(host: str) -> str:
    name = host.strip().lower()
    if not name.endswith("]"):  # of [::1] the colons belong to the address
        name = name.rpartition(":")[0] if name.rpartition(":")[2].isdecimal() and ":" in name else name
    return name.rstrip(".")
