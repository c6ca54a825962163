"""Event streams through nginx: at once, whole, longer than anything else may take; and a client's limits."""

import asyncio
import signal
import time

import httpx
import pytest

from tests.deploy.edge import API, open_edge
from tests.e2e.api_process import open_api
from tests.e2e.streaming_provider import JUDGE, TARGET, streaming_provider
from tests.house.missing import require_program

pytestmark = pytest.mark.e2e
SHORT = {"proxy_read_timeout 120s": "proxy_read_timeout 1s"}
"""What other requests may take, made short; a stream whose signs of life are further apart has to outlive it."""
HEARTBEAT_S = 2.5


@pytest.fixture
async def edge(tmp_path):
    async with (
        open_api(tmp_path, SSE_KEEPALIVE=str(HEARTBEAT_S)) as api,
        open_edge(tmp_path / "nginx", api_port=api.port, changes=SHORT) as edge,
    ):
        edge.names.addresses[API] = ["127.0.0.1"]
        yield edge


async def test_a_stream_is_forwarded_at_once_and_outlives_every_other_limit(edge):
    async with httpx.AsyncClient(base_url=edge.address, timeout=20) as http:
        opened = (await http.post("/api/sessions", json={"example": "word-budget"})).json()
        here = f"/api/sessions/{opened['session_id']}"
        asked = {"Accept": "text/event-stream", "Accept-Encoding": "gzip"}
        async with http.stream("GET", f"{here}/events", headers=asked) as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            assert "content-encoding" not in stream.headers
            lines = stream.aiter_lines()
            began = time.monotonic()
            signs = 0
            async for line in lines:
                signs += line == ": alive"
                if signs == 2:
                    break
            assert time.monotonic() - began > HEARTBEAT_S * 1.5
            changed = time.monotonic()
            await http.patch(f"{here}/task", json={"version": 1, "pass_rule": "all"})
            async with asyncio.timeout(10):
                async for line in lines:
                    if line == "event: session.changed":
                        break
            assert time.monotonic() - changed < HEARTBEAT_S, "it came only with the next sign of life: it was held back"


async def test_a_stream_whose_replica_says_nothing_any_more_is_ended(tmp_path):
    silence = {"proxy_read_timeout 60s": "proxy_read_timeout 2s"}
    async with (
        open_api(tmp_path, SSE_KEEPALIVE="0.5") as api,
        open_edge(tmp_path / "nginx", api_port=api.port, changes=silence) as edge,
        httpx.AsyncClient(base_url=edge.address, timeout=20) as http,
    ):
        edge.names.addresses[API] = ["127.0.0.1"]
        sid = (await http.post("/api/sessions", json={"example": "word-budget"})).json()["session_id"]
        async with http.stream("GET", f"/api/sessions/{sid}/events", headers={"Accept": "text/event-stream"}) as stream:
            lines = stream.aiter_lines()
            while await anext(lines) != ": alive":
                pass
            api.process.send_signal(signal.SIGSTOP)
            try:
                async with asyncio.timeout(15):
                    with pytest.raises(httpx.RemoteProtocolError):
                        await to_the_end(lines)
            finally:
                api.process.send_signal(signal.SIGCONT)


async def to_the_end(lines):
    async for _ in lines:
        pass


async def test_a_client_over_its_limits_gets_429_and_static_files_are_not_counted(tmp_path):
    narrow = {"rate=200r/s": "rate=1r/s", "burst=800": "burst=3"}
    async with (
        open_api(tmp_path) as api,
        open_edge(tmp_path / "nginx", api_port=api.port, changes=narrow) as edge,
        httpx.AsyncClient(base_url=edge.address, timeout=20) as http,
    ):
        edge.names.addresses[API] = ["127.0.0.1"]
        answers = await asyncio.gather(*(http.get("/api/models") for _ in range(12)))
        files = await asyncio.gather(*(http.get("/static/scripts/main.js") for _ in range(12)))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert [a.status_code for a in answers if a not in refused] == [200] * (12 - len(refused))
    assert len(refused) >= 6
    assert refused[0].json()["error"]["code"] == "busy"
    assert refused[0].headers["retry-after"] == "1"
    assert {answer.status_code for answer in files} == {200}


async def test_nginx_takes_the_configuration_with_tls_and_speaks_http2(tmp_path):
    require_program("openssl", "openssl")
    folder = tmp_path / "nginx"
    async with open_api(tmp_path) as api:
        pem = await certificate(tmp_path)
        async with open_edge(folder, api_port=api.port, certificate=pem) as edge:
            edge.names.addresses[API] = ["127.0.0.1"]
            async with httpx.AsyncClient(http2=True, verify=False) as http:
                answer = await http.get(f"https://127.0.0.1:{edge.tls_port}/api/health")
                plain = await http.get(f"{edge.address}/api/health")
                local = await http.get(f"http://127.0.0.1:{edge.api_port}/api/health")
                (folder / "optional" / "tls.conf").rename(folder / "optional" / "https.conf")
                tried = [
                    await http.get(f"{place}/api/health")
                    for place in (edge.address, f"https://127.0.0.1:{edge.tls_port}")
                ]
    assert (answer.status_code, answer.http_version) == (200, "HTTP/2")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert (plain.status_code, plain.headers["location"]) == (301, f"https://127.0.0.1:{edge.tls_port}/api/health")
    assert (local.status_code, "strict-transport-security" in local.headers) == (200, False)
    assert [one.status_code for one in tried] == [200, 200], "under another name it only adds HTTPS"


async def certificate(folder):
    """(certificate, key), self-signed."""
    found = folder / "fullchain.pem", folder / "privkey.pem"
    words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=x"]
    made = await asyncio.create_subprocess_exec(
        "openssl", *words, "-out", str(found[0]), "-keyout", str(found[1]), stderr=asyncio.subprocess.DEVNULL
    )
    assert await made.wait() == 0
    return found


async def test_text_is_passed_on_while_it_is_written(tmp_path):
    async with (
        streaming_provider() as provider,
        open_api(tmp_path, SSE_KEEPALIVE="30", **provider.settings) as api,
        open_edge(tmp_path / "nginx", api_port=api.port) as edge,
        httpx.AsyncClient(base_url=edge.address, timeout=20) as http,
    ):
        edge.names.addresses[API] = ["127.0.0.1"]
        here = (
            f"/api/sessions/{(await http.post('/api/sessions', json={'example': 'word-budget'})).json()['session_id']}"
        )
        order = {"models": [TARGET], "hunts": 1, "judge_model": JUDGE, "override_check": True}
        hunt_id = (await http.post(f"{here}/runs", json=order)).json()["run_id"] + ".1"
        async with http.stream("GET", f"{here}/events", params={"text": hunt_id}) as stream, asyncio.timeout(30):
            lines = stream.aiter_lines()
            call = await provider.next_call()
            for word in ("Paris", "London", "Rome"):
                await call.write(word)
                while not (line := await anext(lines)).startswith("data:") or f'"response":"{word}"' not in line:
                    pass
