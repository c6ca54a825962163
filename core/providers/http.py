"""Creates the HTTP clients for providers. The caller that enters `open_http` owns the client."""

from __future__ import annotations

import re
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path

import httpx
from pyreqwest.client import Client, ClientBuilder

from core.errors import BadSettings
from core.providers.base import OnLeft
from core.providers.transport import HttpxResponse, PyreqwestTransport, StreamedResponse
from core.settings import CallSettings

PING_S = 30.0
"""HTTP/2 ping interval while calls are in flight: detects a dead connection before the silence timeout."""
DEADLINE_SLACK_S = 1.0
"""The client's timeout exceeds the call's deadline by this, so that the deadline's error is reported first."""
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class ProviderHttp(httpx.AsyncClient):
    """httpx's client, with a short way for the calls of a hunt."""

    direct: PyreqwestTransport | None = None
    """A transport that handles proxies itself; None: use the client."""

    async def open(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes = b"", on_left: OnLeft | None = None
    ) -> StreamedResponse:
        """Send a request and return its response with an unread body; the caller closes it. Raises httpx.RequestError.
        `on_left` as in `PyreqwestTransport.open`.

        Without the client's cookies, redirects, authentication and hooks, and without an httpx object: provider calls
        use none of them, and they cost more than the call.
        """
        if self.direct is None:
            request = httpx.Request(method, url, headers=headers, content=content)
            return HttpxResponse(await self.send(request, stream=True))
        response = await self.direct.open(method, url, headers, content, on_left)
        return HttpxResponse(response.as_httpx()) if response.is_compressed else response


@asynccontextmanager
async def open_http(settings: CallSettings) -> AsyncIterator[ProviderHttp]:
    """A client for calls to providers: HTTP/2 over TLS, HTTP/1.1 otherwise, proxies from the environment.

    Follows no redirects (they would forward the key). `settings` limits the connect time, the time without receiving a
    byte and the whole call; the throttle limits the concurrency.
    Raises BadSettings for an invalid TLS_CA_FILE or proxy.
    """
    certificates = read_ca_certificates(settings.tls_ca_file)
    client = (
        _httpx_client(settings, certificates)
        if settings.http_transport == "httpx"
        else _pyreqwest_client(settings, certificates)
    )
    async with client:
        yield client


@asynccontextmanager
async def open_fetching(
    settings: CallSettings, timeout_s: float
) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    """Two clients for downloads: a direct one, and one that uses the environment's proxies.

    `timeout_s`: of each read or write. They use httpx's transport, which accepts an IP address and a separate name for
    the certificate. They follow no redirects, keep no cookies or connections, and hold no key.
    Raises BadSettings as `open_http` does.
    """
    trusted = _tls_context(read_ca_certificates(settings.tls_ca_file))
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    timeout = httpx.Timeout(timeout_s, connect=settings.connect_timeout_s, pool=None)
    none = CookieJar(policy=DefaultCookiePolicy(allowed_domains=()))
    with _map_proxy_errors():
        through = httpx.AsyncClient(verify=trusted, limits=limits, timeout=timeout, cookies=none)
    async with (
        httpx.AsyncClient(verify=trusted, limits=limits, timeout=timeout, cookies=none, trust_env=False) as direct,
        through as proxied,
    ):
        yield direct, proxied


@contextmanager
def _map_proxy_errors() -> Iterator[None]:
    """Maps the errors that httpx raises for invalid proxies of the environment when a client is created."""
    try:
        yield
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        raise BadSettings(
            f"Invalid proxy in the environment: {error}".splitlines()[0],
            hint="HTTPS_PROXY, HTTP_PROXY and ALL_PROXY take http://host:port; NO_PROXY takes names and addresses, no "
            "IPv6 ranges.",
        ) from error


def read_ca_certificates(path: str) -> tuple[bytes, ...]:
    """The PEM certificates in a file; empty for an empty path. Raises BadSettings if the file contains none."""
    if not path:
        return ()
    try:
        found = tuple(_CERTIFICATE.findall(Path(path).read_bytes()))
    except OSError as error:
        raise BadSettings(
            f"TLS_CA_FILE: {path} cannot be read ({error.strerror}).", hint="Fix the path, or leave it empty."
        ) from error
    if not found:
        raise BadSettings(
            f"TLS_CA_FILE: {path} contains no certificate.", hint="It must be a PEM file with BEGIN CERTIFICATE lines."
        )
    for certificate in found:
        try:
            trust(certificate, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        except ssl.SSLError as error:
            raise BadSettings(
                f"TLS_CA_FILE: {path} contains an invalid certificate ({error.reason or error}).",
                hint="Export it again.",
            ) from error
    return found


def trust(certificate: bytes, context: ssl.SSLContext) -> None:
    """Add a PEM certificate. Raises ssl.SSLError if it is invalid."""
    context.load_verify_locations(cadata=certificate.decode("ascii", "replace"))


def _pyreqwest_client(settings: CallSettings, certificates: tuple[bytes, ...]) -> ProviderHttp:
    def build() -> Client:
        builder = (
            ClientBuilder()
            .http2(True)
            .connect_timeout(timedelta(seconds=settings.connect_timeout_s))
            .read_timeout(timedelta(seconds=settings.silence_timeout_s))
            .timeout(timedelta(seconds=settings.timeout_s + DEADLINE_SLACK_S))
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
    client.direct = transport
    return client


def _tls_context(certificates: tuple[bytes, ...]) -> ssl.SSLContext:
    trusted = ssl.create_default_context()
    for certificate in certificates:
        trust(certificate, trusted)
    return trusted


def _httpx_client(settings: CallSettings, certificates: tuple[bytes, ...]) -> ProviderHttp:
    trusted = _tls_context(certificates)
    with _map_proxy_errors():
        return ProviderHttp(
            http2=True,
            verify=trusted,
            # max_connections=None: with a limit, httpx 0.28's pool leaks connections when calls are cancelled
            limits=httpx.Limits(max_connections=None, keepalive_expiry=settings.http_keepalive_s),
            timeout=httpx.Timeout(settings.silence_timeout_s, connect=settings.connect_timeout_s, pool=None),
        )
