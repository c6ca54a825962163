"""Our client as production makes it, aimed at stand-ins on loopback."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme

from tests.core.providers.calling import Caller, open_caller

__all__ = ["Caller"]


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Who vouches for the stand-ins; nobody else trusts it."""
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
def certificate(authority: trustme.CA) -> ssl.SSLContext:
    """A server's certificate for localhost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def caller(ca_file: Path) -> Callable[..., contextlib.AbstractAsyncContextManager[Caller]]:
    """`async with caller(base_url, calls__timeout_s=1) as calls`: settings of production, but for what is named."""

    @asynccontextmanager
    async def opened(base_url: str, **changes: object) -> AsyncIterator[Caller]:
        async with open_caller(base_url, **{"calls__tls_ca_file": str(ca_file), **changes}) as calls:
            yield calls

    return opened
