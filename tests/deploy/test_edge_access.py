"""With HUNTER_TOKENS behind a real nginx: the sign-in over HTTP and HTTPS, other people's streams, what the log holds."""

import asyncio
import ssl
import subprocess

import httpx
import pytest
import trustme

from core.access.cookies import COOKIE
from tests.api.conftest import TASK
from tests.api.signing_in import ENTRIES, TOKENS, bearer
from tests.deploy.edge import API, open_edge
from tests.e2e.api_process import open_api
from tests.house.tree import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]
ALICE = {"token": TOKENS["alice"]}


@pytest.fixture
def authority():
    return trustme.CA()


@pytest.fixture
def pem(authority, tmp_path):
    issued = authority.issue_cert("localhost", "127.0.0.1")
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(key))
    return chain, key


async def test_over_tls_the_cookie_is_for_tls_alone_and_a_client_cannot_say_otherwise(tmp_path, pem, authority):
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    async with (
        open_api(tmp_path, HUNTER_TOKENS=ENTRIES) as api,
        open_edge(tmp_path / "tls-edge", api_port=api.port, certificate=pem) as edge,
        httpx.AsyncClient(verify=trusted, timeout=20) as http,
    ):
        edge.names.addresses[API] = ["127.0.0.1"]
        secure = f"https://localhost:{edge.tls_port}"
        answer = await http.post(f"{secure}/api/sign-in", json=ALICE, headers={"X-Forwarded-Proto": "http"})
        assert answer.status_code == 200
        assert {"Secure", "HttpOnly", "SameSite=Lax"} <= {
            part.strip() for part in answer.headers["Set-Cookie"].split(";")
        }
        assert (await http.get(f"{secure}/api/who")).json()["name"] == "alice"
        plain = f"http://127.0.0.1:{edge.api_port}"
        answer = await http.post(f"{plain}/api/sign-in", json=ALICE, headers={"X-Forwarded-Proto": "https"})
        assert "Secure" not in answer.headers["Set-Cookie"]


async def test_the_house_is_guarded_behind_nginx_too_and_its_log_knows_no_token(tmp_path):
    async with (
        open_api(tmp_path, HUNTER_TOKENS=ENTRIES) as api,
        open_edge(tmp_path / "edge", api_port=api.port) as edge,
        httpx.AsyncClient(base_url=edge.address, timeout=20) as http,
    ):
        edge.names.addresses[API] = ["127.0.0.1"]
        assert (await http.get("/api/health")).json()["status"] == "healthy"
        page = await http.get("/")
        assert (page.status_code, page.headers["location"]) == (303, "/sign-in")
        assert "Sign in" in (await http.get("/sign-in")).text
        for path in ("/api/admin/status", "/metrics", "/api/models"):
            assert (await http.get(path)).status_code == 401, path
        assert (await http.get("/api/admin/status", headers=bearer("root"))).status_code == 200
        foreign = {"Origin": "https://evil.example"}
        assert (await http.post("/api/sign-in", json=ALICE, headers=foreign)).status_code == 403
        ours = {"Origin": edge.address, "Sec-Fetch-Site": "same-origin"}
        assert (await http.post("/api/sign-in", json=ALICE, headers=ours)).status_code == 200
        given = http.cookies[COOKIE]
        assert (await http.get("/")).status_code == 200
        sid = (await http.post("/api/sessions", json={"task": TASK}, headers=ours)).json()["session_id"]
        async with http.stream("GET", f"/api/sessions/{sid}/events") as stream:
            assert (await anext(stream.aiter_text())).startswith("retry:")
        theirs = await http.get(f"/api/sessions/{sid}/events", headers=bearer("bob"))
        assert (theirs.status_code, theirs.json()["error"]["code"]) == (404, "no_session")
        edge.switch.touch()
        closed = [(await http.get(path)).status_code for path in ("/", "/sign-in", "/api/who", "/api/health")]
        assert closed == [503, 503, 503, 200]
        assert (await http.get("/api/admin/status", headers=bearer("root"))).status_code == 200
        async with asyncio.timeout(10):
            while edge.log().count("/api/health") < 2:
                await asyncio.sleep(0.02)
        said = edge.log() + edge.errors() + api.said()
        assert [secret for secret in (*TOKENS.values(), given) if secret in said] == []
        assert sid not in edge.log()


async def test_no_log_of_nginx_holds_a_session_or_a_query_whatever_goes_wrong(tmp_path):
    """A replica that refuses, one that is silent, too many requests, a body and a line that are too long, bad requests."""
    sid, query = "s_SECRETSECRETSECRET", "q=PRIVATEPRIVATE"
    changes = {"rate=200r/s": "rate=1r/s", "zone=requests burst=800": "zone=requests burst=1"}
    async with (
        open_edge(tmp_path / "edge", api_port=1, changes=changes) as edge,
        httpx.AsyncClient(base_url=edge.address, timeout=20) as http,
    ):
        path = f"/api/sessions/{sid}/hunts?{query}"
        edge.names.addresses[API] = ["127.0.0.1"]  # where nobody listens
        answers = [got.status_code for got in await asyncio.gather(*(http.get(path) for _ in range(20)))]
        edge.names.addresses[API] = []
        answers.append((await http.get(path)).status_code)
        answers.append((await http.get(path + "x" * 40_000)).status_code)
        answers.append((await http.get(f"/api/sessions/{sid}/%00?{query}")).status_code)
        for odd in (
            f"GET {path} HTTP/9.9\r\nHost: x y\r\n\r\n",
            f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", edge.public_port)
            writer.write(odd.encode())
            await reader.read(1000)
            writer.close()
        async with asyncio.timeout(10):
            while edge.log().count("\n") < len(answers):
                await asyncio.sleep(0.02)
        said = edge.log() + edge.errors()
    assert {429, 502} <= set(answers) or {429, 503} <= set(answers), answers
    assert [secret for secret in (sid, query) if secret in said] == []


async def test_plain_http_sends_people_to_the_port_on_which_https_is_published(tmp_path, pem):
    async with (
        open_edge(tmp_path / "tls-edge", api_port=1, certificate=pem) as edge,
        httpx.AsyncClient(timeout=20) as http,
    ):
        moved = await http.get(f"{edge.address}/sign-in?next=%2Fx", headers={"Host": "hunter.example:8080"})
        assert moved.status_code == 301
        assert moved.headers["location"] == f"https://hunter.example:{edge.tls_port}/sign-in?next=%2Fx"


@pytest.mark.parametrize(
    ("given", "written", "code"),
    [({}, "set $https_port '';", 0), ({"HTTPS_PORT": "443"}, "set $https_port '';", 0), ({"HTTPS_PORT": ""}, "set $https_port '';", 0),
     ({"HTTPS_PORT": "8443"}, "set $https_port ':8443';", 0), ({"HTTPS_PORT": "8443; x"}, "", 1)],
)  # fmt: skip
def test_the_container_passes_the_port_to_nginx(given, written, code, tmp_path):
    """start.sh with another folder than /tmp, and with nginx replaced by a program that shows its words."""
    (tmp_path / "nginx").write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / "nginx").chmod(0o755)
    script = (ROOT / "nginx" / "start.sh").read_text(encoding="utf-8").replace("/tmp/", f"{tmp_path}/")
    started = subprocess.run(
        ["sh", "-c", script, "start.sh", "-t", "-q"], env={"PATH": f"{tmp_path}:/usr/bin:/bin", **given},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert started.returncode == code
    if code:
        assert "HUNTER_HTTPS_PORT must be a port number" in started.stderr
    else:
        assert started.stdout == "-t -q\n"
        assert (tmp_path / "https-port.conf").read_text() == f"{written}\n"
