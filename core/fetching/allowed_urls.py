"""Which URLs notebooks are fetched from: https, an allowed host, and only public addresses of that host."""

from __future__ import annotations

import asyncio
import re
import socket
import urllib.request
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import SplitResult, urlsplit

from core.errors import BadInput

HTTPS_PORT = 443
Resolve = Callable[[str], Awaitable[Sequence[str]]]
"""Resolves a host to its IP addresses. Raises OSError when it has none."""
_GITHUB_PAGE = re.compile(r"https://github\.com/([^/]+/[^/]+)/blob/(.+)")


def raw_file_url(url: str) -> str:
    """The URL of the raw file if `url` is a notebook's page on GitHub, else `url`."""
    page = _GITHUB_PAGE.fullmatch(url)
    return f"https://raw.githubusercontent.com/{page[1]}/{page[2]}" if page else url


def parse_allowed_url(url: str, hosts: Sequence[str]) -> SplitResult:
    """Parse `url`. Raises BadInput unless it uses https, has no user name, and names one of `hosts`."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _not_allowed(hosts) from error
    if parts.scheme != "https" or parts.hostname not in hosts or port not in {None, HTTPS_PORT} or parts.username:
        raise _not_allowed(hosts)
    return parts


def _not_allowed(hosts: Sequence[str]) -> BadInput:
    return BadInput(
        f"Notebooks can be fetched over https from {', '.join(hosts)} only.",
        hint="Download the file and drop it on the page, or ask your operator to add the host to NOTEBOOK_HOSTS.",
        code="host_not_allowed",
    )


async def public_address(host: str, resolve: Resolve, is_public: Callable[[str], bool]) -> str:
    """Resolve `host` and return one of its addresses. Raises BadInput unless all of them are public."""
    addresses = await resolve(host)
    if not addresses or not all(is_public(address) for address in addresses):
        raise BadInput(
            f"{host} has a private address; notebooks are fetched from public addresses only.",
            hint="Download the file and drop it on the page.",
            code="host_not_allowed",
        )
    return addresses[0]


async def resolve(host: str) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, HTTPS_PORT, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def uses_proxy(host: str) -> bool:
    """Whether requests to `host` use the environment's proxy, which then resolves the name."""
    proxies = urllib.request.getproxies()
    return ("https" in proxies or "all" in proxies) and not urllib.request.proxy_bypass(host)
