"""Ten thousand event streams through one nginx: each gets what is sent to it, and others are answered meanwhile."""

import asyncio
import contextlib
import json
import re
import resource
import sys
import time

import httpx
import pytest

from tests.deploy.edge import API, open_edge
from tests.house.loopback_only import find_free_port

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(300)]
STREAMS, AT_ONCE, OF_ONE_ADDRESS = 10_000, 100, 1_900
FILES = STREAMS + 1_000
BAD = re.compile(r"\[(error|crit|alert|emerg)\]")
STAND_IN = """
import asyncio, sys
streams = []
HEAD = b"HTTP/1.1 200 OK\\r\\nContent-Type: text/event-stream\\r\\nConnection: close\\r\\n\\r\\n: alive\\n\\n"
async def answer(reader, writer):
    asked = (await reader.readuntil(b"\\r\\n\\r\\n")).split(b"\\r\\n", 1)[0]
    if b"/events" in asked:
        writer.write(HEAD)
        streams.append(writer)
        return
    if b"/tell" in asked:
        for stream in streams:
            stream.write(b"id: 1\\nevent: session.changed\\ndata: {}\\n\\n")
    body = str(len(streams)).encode()
    writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Type: text/plain\\r\\nContent-Length: %d\\r\\nConnection: close\\r\\n\\r\\n%b" % (len(body), body))
    await writer.drain()
    writer.close()
async def main():
    server = await asyncio.start_server(answer, "127.0.0.1", int(sys.argv[1]), backlog=4096)
    async with server:
        await server.serve_forever()
asyncio.run(main())
"""


@pytest.fixture
async def replica():
    """Simulates the API: its streams cost nothing, so that nginx is measured. Returns its port."""
    port = find_free_port()
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", STAND_IN, str(port))
    try:
        yield port
    finally:
        process.kill()
        await process.wait()


@pytest.fixture
def enough_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < FILES:
        pytest.skip(f"this machine allows {hard} open files, not {FILES}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, FILES), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_ten_thousand_watch_and_everybody_is_answered(tmp_path, replica, enough_files):
    unlimited = {"rate=200r/s": "rate=100000r/s"}
    async with (
        open_edge(tmp_path / "nginx", api_port=replica, changes=unlimited) as edge,
        httpx.AsyncClient(base_url=edge.address, timeout=20) as http,
        contextlib.AsyncExitStack() as open_streams,
    ):
        edge.names.addresses[API] = ["127.0.0.1"]
        doors = asyncio.Semaphore(AT_ONCE)
        began = time.monotonic()
        readers = await asyncio.gather(*(watch(edge.public_port, n, doors, open_streams) for n in range(STREAMS)))
        opened_s = time.monotonic() - began
        took_s = [await asked(http) for _ in range(50)]
        assert (await http.get("/tell")).text == str(STREAMS)
        began = time.monotonic()
        async with asyncio.timeout(60):
            await asyncio.gather(*(reader.readuntil(b"event: session.changed\n") for reader in readers))
        told_s = time.monotonic() - began
        said = edge.errors()
    assert [line for line in said.splitlines() if BAD.search(line) and "setrlimit" not in line] == []
    assert sorted(took_s)[-2] < 1
    print(json.dumps({"opened_s": opened_s, "told_s": told_s, "asked_median_s": sorted(took_s)[25]}))


async def watch(port, n, doors, open_streams):
    """A stream that has received its first keep-alive. Clients use several addresses, because each may have 2,000
    streams."""
    async with doors:
        here = f"127.0.0.{2 + n // OF_ONE_ADDRESS}"
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(here, 0), limit=4096)
        open_streams.callback(writer.close)
        writer.write(b"GET /api/sessions/abcdefgh/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        head = await reader.readuntil(b": alive\n\n")
        assert head.startswith(b"HTTP/1.1 200 "), head
        return reader


async def asked(http):
    began = time.monotonic()
    assert (await http.get("/api/models")).status_code == 200
    return time.monotonic() - began
