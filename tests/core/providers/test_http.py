"""Certificates and proxies, as production checks and uses them."""

import asyncio
import contextlib
import re
import shlex
import shutil
import ssl
import subprocess

import pytest
import trustme

from core.errors import Advice, BadSettings
from core.providers.causes import certificate_cause
from core.providers.http import open_fetching, open_http
from core.settings import CallSettings
from tests.core.providers.h2_provider import h2_provider
from tests.core.providers.raw_provider import raw_provider, says, stream

REPLY = stream(b'{"choices": [{"delta": {"content": "Hello."}, "finish_reason": "stop"}]}', b"[DONE]")
BOTH = pytest.mark.parametrize("transport", ["pyreqwest", "httpx"])


@BOTH
async def test_a_certificate_that_nobody_vouches_for_is_refused_and_the_setting_is_named(
    certificate, caller, transport
):
    async with (
        h2_provider(certificate) as provider,
        caller(provider.base_url, calls__tls_ca_file="", calls__http_transport=transport, attempts=3) as calls,
    ):
        failed = await calls.failure()
    assert (failed.code, failed.advice, failed.status) == ("unreachable", Advice.NEVER, None)
    assert failed.message.startswith("OpenRouter presents an untrusted certificate: ")
    assert failed.hint == "Set TLS_CA_FILE to the gateway's CA."
    assert (calls.pauses_s, calls.in_flight, provider.seen.calls) == ([], 0, 0)


@BOTH
async def test_a_certificate_for_another_name_is_refused(authority, caller, transport):
    elsewhere = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("elsewhere.example").configure_cert(elsewhere)
    async with h2_provider(elsewhere) as provider, caller(provider.base_url, calls__http_transport=transport) as calls:
        failed = await calls.failure()
    assert (failed.code, failed.advice, provider.seen.calls) == ("unreachable", Advice.NEVER, 0)
    assert "certificate" in failed.message


@BOTH
async def test_a_certificate_of_a_named_authority_is_trusted(certificate, caller, transport):
    async with (
        h2_provider(certificate) as provider,
        caller(provider.base_url, calls__http_transport=transport) as calls,
    ):
        assert (await calls.call()).text == "Hello."


@BOTH
async def test_a_bundle_of_several_authorities_is_trusted_whole(certificate, ca_file, caller, tmp_path, transport):
    bundle = tmp_path / "bundle.pem"
    another = trustme.CA(organization_name="Zwölf Städte").cert_pem.bytes()
    bundle.write_bytes("# ours, wörtlich\n".encode() + another + b"\nours\n" + ca_file.read_bytes())
    async with (
        h2_provider(certificate) as provider,
        caller(provider.base_url, calls__tls_ca_file=str(bundle), calls__http_transport=transport) as calls,
    ):
        assert (await calls.call()).text == "Hello."


def serving(cert, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


async def test_a_ca_used_as_a_server_certificate_is_distinguished_from_an_untrusted_one(caller, tmp_path):
    """TLS_CA_FILE names it already: to say so again would send people in a circle."""
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    mistaken = trustme.CA()
    mistaken.cert_pem.write_to_path(str(cert))
    mistaken.private_key_pem.write_to_path(str(key))
    async with (
        h2_provider(serving(cert, key)) as provider,
        caller(provider.base_url, calls__tls_ca_file=str(cert), attempts=3) as calls,
    ):
        failed = await calls.failure()
    assert (failed.code, failed.advice, calls.pauses_s) == ("unreachable", Advice.NEVER, [])
    assert failed.message.startswith("OpenRouter presents a CA certificate as its own")
    assert "basicConstraints=critical,CA:FALSE" in failed.hint


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl here")
@BOTH
async def test_the_certificate_that_the_hint_makes_is_trusted(caller, tmp_path, transport):
    hint = certificate_cause("CaUsedAsEndEntity").hint
    command = re.search(r"openssl req .+?DNS:HOST", hint.partition("for example: ")[2])[0].replace("HOST", "localhost")
    subprocess.run(shlex.split(command), cwd=tmp_path, check=True, capture_output=True, timeout=30)
    cert = tmp_path / "cert.pem"
    async with (
        h2_provider(serving(cert, tmp_path / "key.pem")) as provider,
        caller(provider.base_url, calls__tls_ca_file=str(cert), calls__http_transport=transport) as calls,
    ):
        assert (await calls.call()).text == "Hello."


@pytest.mark.parametrize(
    ("holds", "says_what"),
    [(None, "cannot be read"), (b"", "contains no certificate"), (b"\x00 no PEM", "no certificate")],
)
async def test_a_bad_file_of_certificates_is_a_sentence_at_the_start(tmp_path, holds, says_what):
    path = tmp_path / "ca.pem"
    if holds is not None:
        path.write_bytes(holds)
    with pytest.raises(BadSettings, match=says_what):
        async with open_http(CallSettings(tls_ca_file=str(path))):
            pass


@BOTH
async def test_a_damaged_certificate_is_a_sentence_at_the_start(tmp_path, transport):
    path = tmp_path / "ca.pem"
    path.write_bytes(b"-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n")
    with pytest.raises(BadSettings, match="TLS_CA_FILE"):
        async with open_http(CallSettings(tls_ca_file=str(path), http_transport=transport)):
            pass


@contextlib.asynccontextmanager
async def proxy(asked):
    """An HTTP proxy on loopback that notes what it is asked for; tunnels really, answers plain requests itself."""

    async def serve(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head.split(b"\r\n")[0].decode())
        if not head.startswith(b"CONNECT"):
            writer.write(REPLY)
            return
        port = int(head.split(b" ")[1].rpartition(b":")[2])
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.gather(pipe(reader, far_writer), pipe(far_reader, writer))

    async def pipe(reader, writer):
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def only(monkeypatch, **variables):
    """The environment's proxies are these."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        for written in (name, name.lower()):
            monkeypatch.delenv(written, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


@BOTH
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
async def test_https_goes_through_the_proxy_of_the_environment(monkeypatch, certificate, caller, transport, variable):
    asked = []
    async with h2_provider(certificate) as provider, proxy(asked) as address:
        only(monkeypatch, **{variable: address})
        async with caller(provider.base_url, calls__http_transport=transport) as calls:
            assert (await calls.call()).text == "Hello."
    assert asked == [f"CONNECT localhost:{provider.port} HTTP/1.1"]


@BOTH
async def test_plain_http_goes_through_its_own_proxy(monkeypatch, caller, transport):
    asked = []
    async with proxy(asked) as address:
        only(monkeypatch, HTTP_PROXY=address, HTTPS_PROXY="http://127.0.0.1:9")
        async with caller("http://gateway.invalid/v1", calls__http_transport=transport) as calls:
            assert (await calls.call()).text == "Hello."
    assert asked == ["POST http://gateway.invalid/v1/chat/completions HTTP/1.1"]


@BOTH
async def test_what_no_proxy_names_is_reached_directly(monkeypatch, caller, transport):
    async with raw_provider(says(REPLY)) as provider:
        only(monkeypatch, HTTP_PROXY="http://127.0.0.1:9", NO_PROXY="127.0.0.1,localhost")
        async with caller(provider.base_url, calls__http_transport=transport) as calls:
            assert (await calls.call()).text == "Hello."


@BOTH
async def test_a_proxy_that_is_not_there_reads_unreachable(monkeypatch, certificate, caller, transport):
    async with h2_provider(certificate) as provider:
        only(monkeypatch, HTTPS_PROXY="http://127.0.0.1:9")
        async with caller(provider.base_url, calls__http_transport=transport) as calls:
            failed = await calls.failure()
    assert (failed.code, failed.advice, provider.seen.connections) == ("unreachable", Advice.LATER, 0)
    assert "proxy" in failed.hint


async def test_httpx_as_transport_speaks_http2_and_reuses_its_connection(certificate, caller):
    async with h2_provider(certificate) as provider, caller(provider.base_url, calls__http_transport="httpx") as calls:
        for _ in range(3):
            assert (await calls.call()).text == "Hello."
        response = await calls.http.post(provider.base_url + "/chat/completions", content=b"{}")
        assert response.extensions["http_version"] == b"HTTP/2"
    assert provider.seen.connections == 1


@BOTH
async def test_a_key_never_travels_along_a_redirect(certificate, caller, transport):
    moved = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n"
    async with (
        raw_provider(says(REPLY)) as other,
        raw_provider(says(moved % other.base_url.encode())) as provider,
        caller(provider.base_url, calls__http_transport=transport, attempts=3) as calls,
    ):
        failed = await calls.failure()
    assert (failed.code, failed.advice, failed.status) == ("bad_request", Advice.NEVER, 307)
    assert failed.message.startswith("OpenRouter redirects to another URL (307)")
    assert (other.requests, len(provider.requests)) == ([], 1)


@BOTH
async def test_the_systems_own_variable_for_authorities_is_honoured(
    monkeypatch, certificate, ca_file, caller, transport
):
    monkeypatch.setenv("SSL_CERT_FILE", str(ca_file))
    async with (
        h2_provider(certificate) as provider,
        caller(provider.base_url, calls__tls_ca_file="", calls__http_transport=transport) as calls,
    ):
        assert (await calls.call()).text == "Hello."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALL_PROXY", "socks5://127.0.0.1:9"), ("HTTPS_PROXY", "http://127.0.0.1:nope"), ("HTTPS_PROXY", "foo://x:1"),
        ("NO_PROXY", "fe80::/10"),
    ],
)  # fmt: skip
async def test_an_unusable_proxy_is_reported(monkeypatch, name, value):
    monkeypatch.setenv(name.lower(), value)
    for opened in (open_fetching(CallSettings(), 20.0), open_http(CallSettings(http_transport="httpx"))):
        with pytest.raises(BadSettings, match="Invalid proxy in the environment: ") as refused:
            async with opened:
                pass
        assert "NO_PROXY takes names" in refused.value.hint
