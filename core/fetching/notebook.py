"""Fetching a notebook by URL: from allowed hosts only, over https, bounded in size and time, never from inside.

A host's name is resolved once, every address that it has must be a public one, and the connection goes to an address
that was looked at: a name that leads elsewhere a moment later does not matter. Redirects are checked like the first
address. Through a proxy of the environment names are the proxy's: https and the allowed hosts guard alone then.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urljoin

import httpx

from core.access.addresses import is_outside
from core.errors import BadInput, TooLarge
from core.fetching.addresses import HTTPS_PORT, Resolve, allowed_place, goes_by_proxy, raw_address, resolve

MAX_REDIRECTS = 3
PLAIN = {"Accept-Encoding": "identity"}
"""What is compressed may become a thousand times as large while it is read."""
SHOWN_CHARS = 200


@dataclass(frozen=True)
class NotebookFetcher:
    direct: httpx.AsyncClient
    """Takes no proxy and follows no redirect."""
    proxied: httpx.AsyncClient
    """Takes the environment's proxies and follows no redirect."""
    hosts: Sequence[str]
    max_bytes: int
    timeout_s: float
    resolve: Resolve = resolve
    is_outside: Callable[[str], bool] = is_outside
    goes_by_proxy: Callable[[str], bool] = goes_by_proxy
    port: int = HTTPS_PORT

    async def fetch(self, url: str) -> tuple[bytes, str]:
        """(bytes, file name). Raises BadInput, TooLarge."""
        url = raw_address(url.strip())
        name = unquote(allowed_place(url, self.hosts).path.rpartition("/")[2]) or "task.ipynb"
        try:
            async with asyncio.timeout(self.timeout_s):
                return await self._follow(url), name
        except TimeoutError:
            raise _failed(url, f"it took longer than {self.timeout_s:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise _failed(url, str(error) or type(error).__name__) from error

    async def _follow(self, url: str) -> bytes:
        for _ in range(MAX_REDIRECTS + 1):
            async with self._asked(allowed_place(url, self.hosts)) as response:
                if not response.has_redirect_location:
                    return await self._body(url, response)
                url = _sent_on(url, response.headers["Location"])
        raise _failed(url, f"it was sent on more than {MAX_REDIRECTS} times")

    @asynccontextmanager
    async def _asked(self, place: SplitResult) -> AsyncIterator[httpx.Response]:
        host = place.hostname or ""
        path = (place.path or "/") + (f"?{place.query}" if place.query else "")
        if self.goes_by_proxy(host):
            async with self.proxied.stream("GET", f"https://{host}{path}", headers=PLAIN) as response:
                yield response
            return
        address = await self._outside_address(host)
        shown = f"[{address}]" if ":" in address else address
        # The certificate is still the name's, not the address's.
        request = self.direct.build_request(
            "GET",
            f"https://{shown}:{self.port}{path}",
            headers={"Host": host, **PLAIN},
            extensions={"sni_hostname": host},
        )
        response = await self.direct.send(request, stream=True)
        try:
            yield response
        finally:
            await response.aclose()

    async def _outside_address(self, host: str) -> str:
        addresses = await self.resolve(host)
        if not addresses or not all(self.is_outside(address) for address in addresses):
            raise BadInput(
                f"{host} is inside a network: notebooks are not fetched from there.",
                hint="Download the file and drop it on the page.",
                code="host_not_allowed",
            )
        return addresses[0]

    async def _body(self, url: str, response: httpx.Response) -> bytes:
        if response.status_code != httpx.codes.OK:
            raise _failed(url, f"the answer was {response.status_code}")
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise _failed(url, "the answer is compressed, although a plain one was asked for")
        found = bytearray()
        async for chunk in response.aiter_raw():
            found += chunk
            if len(found) > self.max_bytes:
                raise TooLarge(
                    f"The notebook is larger than {self.max_bytes} bytes.",
                    hint="Remove outputs and pictures, or raise MAX_NOTEBOOK_BYTES.",
                )
        return bytes(found)


def _sent_on(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise _failed(url, "it was sent on to what is no address") from error


def _failed(url: str, why: str) -> BadInput:
    return BadInput(
        f"The notebook at {url[:SHOWN_CHARS]} could not be fetched: {why}.", hint="Check the address.",
        code="fetch_failed",
    )  # fmt: skip
