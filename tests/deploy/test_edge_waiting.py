"""While no replica can be reached nginx lets what only reads wait, and never asks twice for what writes."""

import asyncio
import time
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.deploy.edge import API, open_edge
from tests.house.loopback_only import find_free_port

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]
READS = [
    ("GET", "/api/models?x=1&y=%20z"),
    ("HEAD", "/"),
    ("GET", "/"),
    ("GET", "/static/x.js"),
    ("GET", "/api/sessions/abc/events"),
]
WRITES = [
    ("POST", "/api/sessions"),
    ("PUT", "/api/x"),
    ("PATCH", "/api/x"),
    ("DELETE", "/api/x"),
    ("POST", "/api/sessions/x/runs"),
]


@pytest.fixture
async def edge(tmp_path):
    async with open_edge(tmp_path / "edge", api_port=find_free_port()) as edge:
        edge.names.addresses[API] = ["127.0.0.1"]
        yield edge


@pytest.fixture
async def http(edge):
    async with httpx.AsyncClient(base_url=edge.address, timeout=20) as client:
        yield client


@asynccontextmanager
async def replica(edge, answers=True):
    """An API that says what it was asked for; or one that takes a request and breaks off. Yields what it was asked."""
    asked = []

    async def serve(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head.split(b" HTTP/")[0].decode())
        if answers:
            body = asked[-1].encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body))
            await writer.drain()
        writer.close()

    port = int((edge.folder / "place" / "http.conf").read_text().split(f"{API}:")[1].split(";")[0])
    async with await asyncio.start_server(serve, "127.0.0.1", port):
        yield asked


async def test_what_reads_is_answered_when_a_replica_comes_and_what_writes_at_once(edge, http):
    reads = [asyncio.create_task(http.request(*what), name=" ".join(what)) for what in READS]
    writes = await asyncio.gather(*(http.request(*what) for what in WRITES))
    assert {answer.status_code for answer in writes} == {502}
    async with replica(edge) as asked:
        answers = await asyncio.gather(*reads)
    assert [answer.status_code for answer in answers] == [200] * len(READS)
    async with asyncio.timeout(10):
        while edge.log().count('"upstream_status":"502 : ') < len(READS):
            await asyncio.sleep(0.01)  # the log is written a moment after the answer; each was in vain at first
    assert sorted(asked) == sorted(f"{method} {path}" for method, path in READS), "each once"
    assert not any("www-authenticate" in answer.headers for answer in answers)


async def test_when_none_comes_the_answer_is_as_before_after_the_wait(edge, http):
    began = time.monotonic()
    answer = await http.get("/api/models")
    took_s = time.monotonic() - began
    assert (answer.status_code, answer.json()["error"]["code"], answer.headers["retry-after"]) == (
        502,
        "unavailable",
        "5",
    )
    assert took_s >= 1.0
    async with asyncio.timeout(10):
        while '"upstream_status":"502 : 502 : 502 : 502 : 502"' not in edge.log():
            await asyncio.sleep(0.01)
    assert "Just a moment" in (await http.get("/")).text
    edge.switch.touch()
    assert (await http.get("/api/models")).status_code == 503, "closed for maintenance is said at once"


async def test_what_may_have_begun_is_not_asked_again(edge, http):
    async with replica(edge, answers=False) as asked:
        for what in WRITES:
            assert (await http.request(*what)).status_code == 502
        assert asked.count("POST /api/sessions") == 1
        assert asked.count("POST /api/sessions/x/runs") == 1


async def test_the_wait_cannot_be_asked_for(http):
    assert (await http.get("/.wait")).status_code in {404, 502}
