"""What is no request of HTTP/1.1 is rejected in one sentence: websockets, HTTP/2. Nothing of it is a bug of ours."""

import asyncio

import pytest
import pytest_asyncio

from api.app import create_app
from tests.api.signing_in import ENTRIES
from tests.e2e.api_process import open_api

PATHS = ["/", "/api/health", "/api/sessions", "/api/sessions/s_x/events", "/api/admin/status", "/metrics", "/static/x", "/nowhere",
         "/_stcore/stream", "/%00", "/docs?x=1"]  # fmt: skip
HANDSHAKE = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
H2C = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api(tmp_path_factory):
    async with open_api(tmp_path_factory.mktemp("protocols"), HUNTER_TOKENS=ENTRIES) as running:
        yield running
        assert "Traceback" not in running.said()
        assert '"level": "error"' not in running.said()


async def answered(api, request: bytes, *, until: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(request)
    said = b""
    try:
        async with asyncio.timeout(10):
            while until not in said and (more := await reader.read(65536)):
                said += more
    finally:
        writer.close()
    return said


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("origin", ["", "Origin: https://evil.example\r\n"])
@pytest.mark.asyncio(loop_scope="module")
async def test_a_websocket_is_rejected_on_every_path_from_every_origin(api, path, origin):
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{origin}{HANDSHAKE}\r\n".encode()
    said = await answered(api, request, until=b"}}")
    assert said.startswith(b"HTTP/1.1 404")
    assert b"Websockets are not supported." in said


@pytest.mark.asyncio(loop_scope="module")
async def test_http_2_is_rejected_by_upgrade_and_by_prior_knowledge(api):
    upgrade = f"GET /api/health HTTP/1.1\r\nHost: localhost\r\n{H2C}\r\n".encode()
    said = await answered(api, upgrade + PREFACE, until=b"HTTP/1.1 only")
    assert b"HTTP/1.1 only" in said
    assert b"healthy" not in said


UNREADABLE = ["Host: localhost..", "Host: .localhost", "Host: ..", f"Host: {'a' * 64}", f"Host: {'a' * 64}.localhost:80",
              "Authorization: Basic \xff", "Authorization: Bearer \xff", "Authorization: \xff"]  # fmt: skip


@pytest.mark.parametrize("header", UNREADABLE)
@pytest.mark.asyncio(loop_scope="module")
async def test_a_header_that_cannot_be_read_is_rejected_with_a_sentence(api, header):
    host = "" if header.startswith("Host") else "Host: localhost\r\n"
    request = f"POST /api/sign-in HTTP/1.1\r\n{host}{header}\r\nContent-Length: 9\r\n\r\n".encode("latin-1")
    said = await answered(api, request, until=b"}}")
    assert said.startswith(b"HTTP/1.1 400")
    assert f"Invalid header {header.partition(':')[0]}.".encode() in said
    assert b"connection: close" in said.lower()


RANGES = ["bytes=0-5", "bytes=-5", "bytes=-", "bytes=5-1", "bytes=0-0,2-3", "bytes=999999-", "items=1-2", "\xb2"]


@pytest.mark.parametrize("asked", RANGES)
@pytest.mark.asyncio(loop_scope="module")
async def test_a_range_is_answered_with_the_whole_file(api, asked):
    request = f"GET /static/favicon.svg HTTP/1.1\r\nHost: localhost\r\nRange: {asked}\r\n\r\n".encode("latin-1")
    said = await answered(api, request, until=b"</svg>")
    assert said.startswith(b"HTTP/1.1 200")
    assert said.rstrip().endswith(b"</svg>")


async def test_scopes_that_nobody_knows_and_servers_without_the_extension_end_quietly(runtime):
    app, sent = create_app(runtime), []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "websocket.connect"}

    await app.asgi_app({"type": "webtransport"}, receive, send)
    await app.asgi_app({"type": "websocket", "path": "/"}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008, "reason": ""}]
