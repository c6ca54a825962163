"""Fetching a notebook by URL: from allowed hosts only, over https, bounded in size and time, without redirects."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import httpx

from core.errors import BadInput, TooLarge

_GITHUB_PAGE = re.compile(r"https://github\.com/([^/]+/[^/]+)/blob/(.+)")


@dataclass(frozen=True)
class NotebookFetcher:
    http: httpx.AsyncClient
    hosts: Sequence[str]
    max_bytes: int
    timeout_s: float

    async def fetch(self, url: str) -> tuple[bytes, str]:
        """(bytes, file name). A GitHub page of a notebook is read as its raw file. Raises BadInput, TooLarge."""
        if page := _GITHUB_PAGE.fullmatch(url.strip()):
            url = f"https://raw.githubusercontent.com/{page[1]}/{page[2]}"
        parts = urlsplit(url.strip())
        if (
            parts.scheme != "https"
            or parts.hostname not in self.hosts
            or parts.port not in {None, 443}
            or parts.username
        ):
            raise BadInput(
                f"Notebooks can be fetched over https from {', '.join(self.hosts)} only.",
                hint="Download the file and drop it on the page, or have the operator add the host to NOTEBOOK_HOSTS.",
                code="host_not_allowed",
            )
        try:
            async with asyncio.timeout(self.timeout_s):
                return await self._read(url.strip()), unquote(parts.path.rpartition("/")[2]) or "task.ipynb"
        except TimeoutError:
            raise _failed(url, f"it took longer than {self.timeout_s:g} s") from None
        except httpx.HTTPError as error:
            raise _failed(url, str(error) or type(error).__name__) from error

    async def _read(self, url: str) -> bytes:
        found = bytearray()
        async with self.http.stream("GET", url) as response:
            if response.status_code != httpx.codes.OK:
                raise _failed(url, f"the answer was {response.status_code}")
            async for chunk in response.aiter_bytes():
                found += chunk
                if len(found) > self.max_bytes:
                    raise TooLarge(
                        f"The notebook is larger than {self.max_bytes} bytes.",
                        hint="Remove outputs and pictures, or raise NOTEBOOK_MAX_BYTES.",
                    )
        return bytes(found)


def _failed(url: str, why: str) -> BadInput:
    return BadInput(
        f"The notebook at {url} could not be fetched: {why}.", hint="Check the address.", code="fetch_failed"
    )
