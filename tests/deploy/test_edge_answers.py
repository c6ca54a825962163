"""What comes through nginx: the page, the API, the headers; what is compressed; what nginx says by itself."""

import asyncio
import json

import httpx
import pytest
import pytest_asyncio

from core.settings import Settings
from tests.deploy.edge import API, open_edge
from tests.e2e.api_process import open_api
from tests.house.tree import ROOT

HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "SAMEORIGIN",
    "cross-origin-opener-policy": "same-origin",
}


pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def edge(tmp_path_factory):
    """One API and one nginx for the whole file; who changes them puts them back."""
    folder = tmp_path_factory.mktemp("edge")
    async with open_api(folder) as api, open_edge(folder / "nginx", api_port=api.port) as edge:
        edge.names.addresses[API] = ["127.0.0.1"]
        yield edge


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def http(edge):
    async with httpx.AsyncClient(base_url=edge.address, timeout=20) as client:
        yield client


async def test_page_and_api_come_through_with_security_headers_once(http, edge):
    for path, status in (("/", 200), ("/api/health", 200), ("/static/scripts/main.js", 200), ("/api/nothing", 404)):
        answer = await http.get(path)
        assert answer.status_code == status, path
        assert {name: answer.headers.get_list(name) for name in HEADERS} == {n: [v] for n, v in HEADERS.items()}, path
    page = await http.get("/")
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert "server" not in page.headers or "/" not in page.headers["server"]
    assert (await http.get(f"http://127.0.0.1:{edge.api_port}/api/health")).json()["status"] == "healthy"


async def test_files_are_compressed_and_asked_for_again_only_when_they_changed(http):
    packed = await http.get("/static/scripts/main.js", headers={"Accept-Encoding": "gzip"})
    plain = await http.get("/static/scripts/main.js", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    again = await http.get("/static/scripts/main.js", headers={"If-None-Match": plain.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_page_of_another_site_is_distinguished_from_our_own(http, edge):
    body = {"example": "word-budget"}
    ours = await http.post("/api/sessions", json=body, headers={"Origin": edge.address})
    theirs = await http.post("/api/sessions", json=body, headers={"Origin": "https://evil.example"})
    assert (ours.status_code, theirs.status_code) == (201, 403)


async def test_without_a_replica_people_get_a_page_and_programs_json(http, edge):
    edge.names.addresses[API] = ["127.0.0.9"]  # nobody listens there
    answer = await until(http, "/api/health", 502)
    assert answer.json()["error"]["code"] == "unavailable"
    assert answer.headers["retry-after"] == "5"
    page = await http.get("/")
    assert (page.status_code, page.headers["content-type"]) == (502, "text/html; charset=utf-8")
    assert "Just a moment" in page.text
    edge.names.addresses[API] = ["127.0.0.1"]
    assert (await until(http, "/api/health", 200)).json()["status"] == "healthy"


async def until(http, path, status):
    """The first answer with that status: the name is asked for again every second."""
    async with asyncio.timeout(20):
        while (answer := await http.get(path)).status_code != status:
            await asyncio.sleep(0.1)
    return answer


async def test_the_log_holds_no_session_id_and_no_question(http, edge):
    sid = (await http.post("/api/sessions", json={"example": "word-budget"})).json()["session_id"]
    await http.get(f"/api/sessions/{sid}/hunts?after=0&secret=abc")
    async with asyncio.timeout(10):
        while "/hunts" not in edge.log():
            await asyncio.sleep(0.02)
    assert sid not in edge.log()
    assert "abc" not in edge.log()
    assert '"path":"/api/sessions/…/hunts"' in edge.log()


async def test_the_maintenance_switch_closes_and_opens_without_a_restart(http, edge):
    sid = (await http.post("/api/sessions", json={"example": "word-budget"})).json()["session_id"]
    edge.switch.touch()
    for method, path in (("GET", f"/api/sessions/{sid}"), ("POST", "/api/sessions"), ("GET", "/api/models")):
        closed = await http.request(method, path)
        assert (closed.status_code, closed.headers["retry-after"]) == (503, "60"), path
        assert closed.json()["error"]["code"] == "maintenance"
    page = await http.get("/")
    assert (page.status_code, page.headers["retry-after"]) == (503, "60")
    assert "Down for maintenance" in page.text
    for path in ("/api/health", "/api/health/ready", "/api/admin/status", "/metrics"):
        assert (await http.get(path)).status_code == 200, path
    edge.switch.unlink()
    assert (await http.get(f"/api/sessions/{sid}")).status_code == 200


async def test_too_large_a_body_is_refused_in_words_and_a_usual_notebook_is_taken(http):
    refused = await http.post("/api/sessions", files={"file": ("big.ipynb", b" " * 20_000_000)})
    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "too_large")
    assert "16 MiB" in refused.json()["error"]["hint"]
    taken = await http.post("/api/sessions", files={"file": ("task.ipynb", notebook_of(5_000_000))})
    assert taken.status_code == 201, taken.text


async def test_the_limit_of_nginx_is_the_limit_of_the_api(http):
    limits = (ROOT / "nginx" / "limits.conf").read_text(encoding="utf-8")
    assert f"client_max_body_size {Settings().server.max_body_bytes};" in limits


def notebook_of(size):
    """An example whose outputs were forgotten in it, as they are."""
    notebook = json.loads((ROOT / "examples" / "word-budget.ipynb").read_text(encoding="utf-8"))
    output = {"output_type": "stream", "name": "stdout", "text": "x" * size}
    code = {"cell_type": "code", "execution_count": 1, "metadata": {}, "source": "print()", "outputs": [output]}
    return json.dumps(notebook | {"cells": [*notebook["cells"], code]})


async def test_nobody_gets_a_tunnel_past_nginx(edge):
    offer = (
        "GET /api/who HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: {}\r\n"
        "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    for wanted in ("h2c", "websocket"):
        reader, writer = await asyncio.open_connection("127.0.0.1", edge.public_port)
        writer.write(offer.format(wanted).encode())
        async with asyncio.timeout(10):
            assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 200"), wanted
        writer.close()


async def test_starting_runs_is_counted_with_and_without_a_key(edge, tmp_path):
    few = {"rate=200r/s": "rate=1r/m", "burst=800": "burst=1"}
    runs = "/api/sessions/s_x/runs"
    async with open_edge(tmp_path / "few", api_port=edge.public_port, changes=few) as slow:
        slow.names.addresses[API] = ["127.0.0.1"]
        async with httpx.AsyncClient(base_url=slow.address, timeout=20) as http:
            for headers in ({"Idempotency-Key": "k"}, {}):
                answers = [await http.post(runs, json={}, headers=headers) for _ in range(3)]
                assert answers[-1].status_code == 429
                assert answers[-1].json()["error"]["code"] == "busy"
