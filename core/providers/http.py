"""The one place where an HTTP client to providers is made. Its owner is whoever enters `open_http`."""

from __future__ import annotations

import re
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path

import httpx
from pyreqwest.client import Client, ClientBuilder

from core.errors import BadSettings
from core.providers.transport import PyreqwestTransport
from core.settings import CallSettings, Settings

PING_S = 30.0
"""Between HTTP/2 pings while calls are in flight: a dead connection is noticed before its calls fall silent."""
BACKSTOP_S = 1.0
"""After the call's own deadline the client ends what that left behind; later, so that the deadline's error is told."""
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class ProviderHttp(httpx.AsyncClient):
    """httpx's client, and a short way through it for requests that are whole already."""

    short_way: httpx.AsyncBaseTransport | None = None
    """A transport that minds proxies itself; None: the client's own way is the only one."""

    async def send_bare(self, request: httpx.Request) -> httpx.Response:
        """The answer to `request`, its body not read yet; to be closed. Raises httpx.RequestError.

        Without the client's cookies, redirects, authentication and hooks: a call to a provider uses none of them, and
        they take 0.13 of its 0.39 ms of CPU.
        """
        if self.short_way is None:
            return await self.send(request, stream=True)
        return await self.short_way.handle_async_request(request)


@asynccontextmanager
async def open_http(settings: CallSettings) -> AsyncIterator[ProviderHttp]:
    """A client for calls to providers: HTTP/2 over TLS, HTTP/1.1 otherwise, proxies from the environment.

    Follows no redirect (a key would travel along). Limits the connect, the silence between two bytes and the whole
    call by `settings`; not how many calls are in flight: that is the throttle's.
    Raises BadSettings for a bad TLS_CA_FILE, and for proxies that cannot be used.
    """
    certificates = further_certificates(settings.tls_ca_file)
    client = (
        _on_httpx(settings, certificates)
        if settings.http_transport == "httpx"
        else _on_pyreqwest(settings, certificates)
    )
    async with client:
        yield client


@asynccontextmanager
async def open_fetching(settings: Settings) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    """Two clients for fetches of files: one that goes straight there, and one through the environment's proxies.

    httpx's own transport: it can be told an address and, apart from it, the name that the certificate has to have.
    Neither follows redirects, keeps cookies or connections, or holds a key. Raises BadSettings as `open_http` does.
    """
    trusted = _trusted(further_certificates(settings.calls.tls_ca_file))
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    timeout = httpx.Timeout(settings.notebooks.fetch_timeout_s, connect=settings.calls.connect_timeout_s, pool=None)
    none = CookieJar(policy=DefaultCookiePolicy(allowed_domains=()))
    with _proxies_understood():
        through = httpx.AsyncClient(verify=trusted, limits=limits, timeout=timeout, cookies=none)
    async with (
        httpx.AsyncClient(verify=trusted, limits=limits, timeout=timeout, cookies=none, trust_env=False) as direct,
        through as proxied,
    ):
        yield direct, proxied


@contextmanager
def _proxies_understood() -> Iterator[None]:
    """httpx reads the proxies of the environment when a client is made, and has several ways to say that it cannot."""
    try:
        yield
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        raise BadSettings(
            f"A proxy of the environment cannot be used: {error}".splitlines()[0],
            hint="HTTPS_PROXY, HTTP_PROXY and ALL_PROXY take http://host:port; NO_PROXY takes names and addresses, no "
            "ranges of IPv6.",
        ) from error


def further_certificates(path: str) -> tuple[bytes, ...]:
    """The PEM certificates of a file; none for an empty path. Raises BadSettings when it holds none."""
    if not path:
        return ()
    try:
        found = tuple(_CERTIFICATE.findall(Path(path).read_bytes()))
    except OSError as error:
        raise BadSettings(
            f"TLS_CA_FILE: {path} cannot be read ({error.strerror}).", hint="Correct the path or leave it empty."
        ) from error
    if not found:
        raise BadSettings(
            f"TLS_CA_FILE: {path} holds no certificate.", hint="It must be a PEM file with BEGIN CERTIFICATE lines."
        )
    for certificate in found:
        try:
            trust(certificate, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        except ssl.SSLError as error:
            raise BadSettings(
                f"TLS_CA_FILE: {path} holds a damaged certificate ({error.reason or error}).", hint="Export it anew."
            ) from error
    return found


def trust(certificate: bytes, context: ssl.SSLContext) -> None:
    """Add a PEM certificate. Raises ssl.SSLError when it is none."""
    context.load_verify_locations(cadata=certificate.decode("ascii", "replace"))


def _on_pyreqwest(settings: CallSettings, certificates: tuple[bytes, ...]) -> ProviderHttp:
    def build() -> Client:
        builder = (
            ClientBuilder()
            .http2(True)
            .connect_timeout(timedelta(seconds=settings.connect_timeout_s))
            .read_timeout(timedelta(seconds=settings.silence_timeout_s))
            .timeout(timedelta(seconds=settings.timeout_s + BACKSTOP_S))
            .pool_idle_timeout(timedelta(seconds=settings.http_keepalive_s))
            .http2_keep_alive_interval(timedelta(seconds=PING_S))
            .http2_keep_alive_timeout(timedelta(seconds=PING_S))
            .tcp_user_timeout(timedelta(seconds=PING_S))
            .follow_redirects(False)
            .referer(False)
        )
        for certificate in certificates:
            builder = builder.add_root_certificate_pem(certificate)
        return builder.build()

    transport = PyreqwestTransport(build)
    client = ProviderHttp(transport=transport, timeout=None)
    client.short_way = transport
    return client


def _trusted(certificates: tuple[bytes, ...]) -> ssl.SSLContext:
    trusted = ssl.create_default_context()
    for certificate in certificates:
        trust(certificate, trusted)
    return trusted


def _on_httpx(settings: CallSettings, certificates: tuple[bytes, ...]) -> ProviderHttp:
    trusted = _trusted(certificates)
    with _proxies_understood():
        return ProviderHttp(
            http2=True,
            verify=trusted,
            # max_connections=None: with a limit, httpx 0.28's pool loses places for good when calls are cancelled
            limits=httpx.Limits(max_connections=None, keepalive_expiry=settings.http_keepalive_s),
            timeout=httpx.Timeout(settings.silence_timeout_s, connect=settings.connect_timeout_s, pool=None),
        )
