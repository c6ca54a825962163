"""Fetch a notebook by URL: over https, from allowed hosts at public addresses, with limits on size and time.

A host name is resolved once. All its addresses must be public, and the connection uses one of them, so DNS rebinding
has no effect. Redirects are checked like the first URL. With a proxy from the environment, the proxy resolves names;
then only https and the allowed hosts protect private addresses.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urljoin

import httpx

from core.access.addresses import is_public
from core.errors import BadInput, TooLarge
from core.fetching.allowed_urls import (
    HTTPS_PORT,
    Resolve,
    parse_allowed_url,
    public_address,
    raw_file_url,
    resolve,
    uses_proxy,
)

MAX_REDIRECTS = 3
UNCOMPRESSED = {"Accept-Encoding": "identity"}
"""No compression: a compressed body may expand a thousandfold."""
MAX_SHOWN_CHARS = 200


@dataclass(frozen=True)
class NotebookFetcher:
    direct: httpx.AsyncClient
    """Uses no proxy and follows no redirects."""
    proxied: httpx.AsyncClient
    """Uses the environment's proxies and follows no redirects."""
    hosts: Sequence[str]
    max_bytes: int
    timeout_s: float
    resolve: Resolve = resolve
    is_public: Callable[[str], bool] = is_public
    uses_proxy: Callable[[str], bool] = uses_proxy
    port: int = HTTPS_PORT

    async def fetch(self, url: str) -> tuple[bytes, str]:
        """(bytes, file name). Raises BadInput, TooLarge."""
        url = raw_file_url(url.strip())
        name = unquote(parse_allowed_url(url, self.hosts).path.rpartition("/")[2]) or "task.ipynb"
        try:
            async with asyncio.timeout(self.timeout_s):
                return await self._follow(url), name
        except TimeoutError:
            raise _fetch_error(url, f"timed out after {self.timeout_s:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise _fetch_error(url, str(error) or type(error).__name__) from error

    async def _follow(self, url: str) -> bytes:
        for _ in range(MAX_REDIRECTS + 1):
            async with self._request(parse_allowed_url(url, self.hosts)) as response:
                if not response.has_redirect_location:
                    return await self._read_body(url, response)
                url = _redirect_url(url, response.headers["Location"])
        raise _fetch_error(url, f"more than {MAX_REDIRECTS} redirects")

    @asynccontextmanager
    async def _request(self, parts: SplitResult) -> AsyncIterator[httpx.Response]:
        host = parts.hostname or ""
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if self.uses_proxy(host):
            async with self.proxied.stream("GET", f"https://{host}{path}", headers=UNCOMPRESSED) as response:
                yield response
            return
        address = await public_address(host, self.resolve, self.is_public)
        netloc = f"[{address}]" if ":" in address else address
        # The certificate is checked against the host name, not the address.
        request = self.direct.build_request(
            "GET",
            f"https://{netloc}:{self.port}{path}",
            headers={"Host": host, **UNCOMPRESSED},
            extensions={"sni_hostname": host},
        )
        response = await self.direct.send(request, stream=True)
        try:
            yield response
        finally:
            await response.aclose()

    async def _read_body(self, url: str, response: httpx.Response) -> bytes:
        if response.status_code != httpx.codes.OK:
            raise _fetch_error(url, f"HTTP status {response.status_code}")
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise _fetch_error(url, "the response is compressed despite Accept-Encoding: identity")
        found = bytearray()
        async for chunk in response.aiter_raw():
            found += chunk
            if len(found) > self.max_bytes:
                raise TooLarge(
                    f"The notebook is larger than {self.max_bytes} bytes.",
                    hint="Remove outputs and pictures, or raise MAX_NOTEBOOK_BYTES.",
                )
        return bytes(found)


def _redirect_url(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise _fetch_error(url, "the redirect has an invalid URL") from error


def _fetch_error(url: str, why: str) -> BadInput:
    return BadInput(
        f"Couldn't fetch the notebook at {url[:MAX_SHOWN_CHARS]}: {why}.", hint="Check the URL.",
        code="fetch_failed",
    )  # fmt: skip
