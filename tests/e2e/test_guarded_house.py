"""A whole API with HUNTER_TOKENS: nothing secret leaves it, strangers cost it nothing, an open house does not start."""

import asyncio
import os
import re
import sys

import httpx
import pytest
import redis.asyncio

from api.server import run_server
from core.access.cookies import COOKIE
from core.errors import BadSettings
from core.settings import read_settings
from tests.api.conftest import TASK
from tests.api.signing_in import ENTRIES, TOKENS, bearer, holders
from tests.e2e.api_process import open_api
from tests.house.loopback_only import find_free_port
from tests.house.tree import ROOT
from tools.run import run_until_stopped

pytestmark = pytest.mark.e2e
HEAD = "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n\r\n"


async def everything_in(url):
    """Every key of a Redis with what it holds, as one text."""
    async with redis.asyncio.from_url(url) as client:
        found = []
        async for key in client.scan_iter(count=1000):
            kind = (await client.type(key)).decode()
            reads = {
                "string": lambda k: client.get(k), "hash": lambda k: client.hgetall(k), "set": lambda k: client.smembers(k),
                "zset": lambda k: client.zrange(k, 0, -1), "list": lambda k: client.lrange(k, 0, -1), "stream": lambda k: client.xrange(k),
            }  # fmt: skip
            found.append((key, await reads[kind](key)))
    return repr(found)


async def hunted(http, headers):
    """A session with a run that has ended; its address."""
    opened = await http.post("/api/sessions", json={"task": TASK}, headers={**headers, "Idempotency-Key": "key-1"})
    here = f"/api/sessions/{opened.json()['session_id']}"
    await http.post(f"{here}/runs", json={"models": ["simulated/hasty"], "hunts": 4}, headers=headers)
    async with asyncio.timeout(40):
        while not (await http.get(here, headers=headers)).json()["runs"][0]["finished_at"]:
            await asyncio.sleep(0.05)
    return here


async def test_no_token_hash_or_pass_is_in_anything_that_is_written_or_answered(tmp_path, redis_server):
    variables = {"HUNTER_TOKENS": ENTRIES, "REDIS_URL": redis_server.url, "JOURNAL_DIR": str(tmp_path / "journal")}
    async with (
        open_api(tmp_path, LOG_LEVEL="debug", **variables) as api,
        httpx.AsyncClient(base_url=api.address, timeout=20) as http,
    ):
        await http.post("/api/sign-in", json={"token": TOKENS["bob"] + "x"})
        await http.post("/api/sign-in", json={"tokn": TOKENS["bob"]})
        await http.get(f"/api/sessions/{TOKENS['bob']}", headers={"Authorization": f"Bearer {TOKENS['bob']}x"})
        await http.post("/api/sign-in", json={"token": TOKENS["alice"]})
        given = http.cookies[COOKIE]
        here = await hunted(http, {})
        hunts = (await http.get(f"{here}/hunts")).json()["hunts"]
        urls = ["/api/models", "/api/who", "/openapi.json", "/docs", "/", here, f"{here}/hunts", f"{here}/export",
                f"{here}/events?format=json&limit=5000", *(f"{here}/hunts/{hunt['hunt_id']}" for hunt in hunts)]  # fmt: skip
        told = {url: (await http.get(url)).text for url in urls}
        for url in ("/api/admin/status", "/metrics", "/api/health"):
            answer = await http.get(url, headers=bearer("root"))
            assert answer.status_code == 200
            told[url] = answer.text
        told["redis"] = await everything_in(redis_server.url)
        assert await api.end(within_s=30) == 0
    told |= {str(path): path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    assert "access.signed_in" in api.said()
    assert "access.unknown_token" in api.said()
    canaries = [*TOKENS.values(), *(holder.digest.hex() for holder in holders()), given, given.rpartition(".")[2]]
    canaries += [str(holder.digest) for holder in holders()]
    assert [name for name, text in told.items() for canary in canaries if canary in text] == []
    # Who it was is in the telemetry, the session's head and its answer, and leaves with no other one and no notebook.
    assert '"trainer":"alice"' in "".join(text for name, text in told.items() if "telemetry" in name)
    assert "alice" in told["redis"]
    assert [url for url in urls if "alice" in told[url] and url not in {"/api/who", "/docs", here}] == []


async def asked(api, head, body=b""):
    """The answer to a request that may never become whole."""
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(head.encode() + body)
    async with asyncio.timeout(5):
        answer = await reader.readuntil(b"\r\n\r\n")
        told = re.search(rb"content-length: (\d+)", answer, re.IGNORECASE)
        answer += await reader.readexactly(int(told[1]) if told else 0)
    writer.close()
    return answer


async def test_strangers_are_refused_before_their_bodies_are_read(tmp_path):
    async with open_api(tmp_path, HUNTER_TOKENS=ENTRIES, BODY_TIMEOUT="30", INSTANCE="guarded") as api:
        for method, path in (("POST", "/api/sessions"), ("PUT", "/api/sessions/s_x/selection"), ("PATCH", "/nowhere")):
            answer = await asked(api, HEAD.format(method=method, path=path, size=17_000_000), b"{")
            assert answer.startswith(b"HTTP/1.1 401"), path
            assert b'"code":"not_signed_in"' in answer
            assert b"connection: close" in answer.lower()
        long = HEAD.format(method="POST", path="/api/sign-in", size=17_000_000)
        assert (await asked(api, long, b" " * 4097)).startswith(b"HTTP/1.1 413")
        chunked = long.replace("Content-Length: 17000000", "Transfer-Encoding: chunked")
        assert (await asked(api, chunked, b"1001\r\n" + b" " * 4097 + b"\r\n")).startswith(b"HTTP/1.1 413")
        foreign = HEAD.format(method="POST", path="/api/sign-in", size=100).replace(
            "\r\n\r\n", "\r\nOrigin: https://evil.example\r\n\r\n"
        )
        assert (await asked(api, foreign)).startswith(b"HTTP/1.1 403")
        async with httpx.AsyncClient(base_url=api.address) as http:
            status = (await http.get("/api/admin/status", headers=bearer("root"))).json()
        assert (status["bugs"], status["instance"]) == (0, "guarded")
        assert "Traceback" not in api.said()


async def test_a_sign_in_that_does_not_arrive_ends_in_time(tmp_path):
    async with open_api(tmp_path, HUNTER_TOKENS=ENTRIES, BODY_TIMEOUT="0.3") as api:
        answer = await asked(api, HEAD.format(method="POST", path="/api/sign-in", size=100), b"{")
    assert answer.startswith(b"HTTP/1.1 408")


TRICKS = [
    "/api/sessions/{other}/../{own}", "/api/sessions/{own}/../{other}", "/api/sessions/{own}%2f..%2f{other}",
    "/api/sessions/{own};/{other}", "//api/sessions/{other}", "/api//sessions/{other}", "/api/sessions/{other}/",
    "/api/sessions/{other}%00", "/api/sessions/%73{other}", "/API/sessions/{other}", "/static/../api/sessions/{other}",
    "/static/%2e%2e/%2e%2e/.env", "/static/..%2f..%2f.env", "/static//etc/passwd", "/sign-in/../api/sessions/{other}",
    "/api/health/../sessions/{other}", "/api/health/..%2fadmin/status", "/api/admin/status/", "/api/health/live/../../admin/status",
    "/api/sessions/{other}?sid={own}", "/api/sessions/{other}/hunts?sid={own}", "/api/sessions/{other}#/{own}",
]  # fmt: skip


async def test_path_tricks_lead_to_nobody_elses_session(tmp_path):
    async with open_api(tmp_path, HUNTER_TOKENS=ENTRIES) as api, httpx.AsyncClient(base_url=api.address) as http:
        ids = {}
        for name in ("alice", "bob"):
            opened = await http.post("/api/sessions", json={"task": TASK}, headers=bearer(name))
            ids[name] = opened.json()["session_id"]
        for trick in TRICKS:
            path = trick.format(own=ids["alice"], other=ids["bob"])
            head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKENS['alice']}\r\nConnection: close\r\n\r\n"
            answer = await asked(api, head)
            assert answer[9:12] in {b"400", b"403", b"404", b"308"}, (trick, answer[:300])
            assert b"capital of France" not in answer, trick


ODD_NAMES = [
    'a"; filename=evil.exe', "a\r\nSet-Cookie: model_hunter=x", "../../etc/passwd", "..\\..\\x", "ünïcödé 名.ipynb", "\u202egnp.exe",
    "a\x00b", "%0d%0aX-Evil: 1", "x" * 250, "", ".", "a;b,c'd", "=?utf-8?q?x?=",
]  # fmt: skip


@pytest.mark.parametrize("name", ODD_NAMES)
async def test_a_file_name_adds_nothing_to_the_headers_of_a_download(client, task, name):
    opened = await client.post("/api/sessions", json={"task": task, "name": name})
    sid = (await opened.get_json())["session_id"]
    export = await client.get(f"/api/sessions/{sid}/export")
    assert export.status_code == 200
    (told,) = export.headers.getlist("Content-Disposition")
    assert told.isascii()
    assert told.isprintable()
    plain, _, encoded = told.removeprefix('attachment; filename="').partition("\"; filename*=UTF-8''")
    assert all(c not in plain for c in '";\\/%\r\n')
    assert encoded.endswith(".ipynb")
    assert all(c not in encoded for c in "\"';/\\ ")
    assert {name.lower() for name, _ in export.headers} <= {
        "content-type", "content-length", "content-disposition", "cache-control", "x-content-type-options", "referrer-policy",
        "x-model-hunter-version", "cross-origin-resource-policy",
    }  # fmt: skip


@pytest.fixture
async def client(tmp_path):
    from api.app import create_app
    from core.runtime import open_runtime
    from tests.settings import make_settings

    async with open_runtime(make_settings(telemetry__directory=str(tmp_path))) as runtime:
        yield create_app(runtime).test_client()


@pytest.fixture
def task():
    return TASK


OPEN_HOUSES = [
    ({"API_HOST": "0.0.0.0"}, "API_HOST=0.0.0.0 exposes the server"),
    ({"API_HOST": "::"}, "API_HOST=:: exposes the server"),
    ({"PUBLISHED_ON": "0.0.0.0"}, "HUNTER_BIND=0.0.0.0 exposes the server"),
    ({"API_HOST": "0.0.0.0", "HUNTER_BIND": "127.0.0.1"}, "API_HOST=0.0.0.0 exposes the server"),
    ({"API_HOST": "0.0.0.0", "PUBLISHED_ON": "10.1.2.3"}, "HUNTER_BIND=10.1.2.3 exposes the server"),
]


@pytest.mark.parametrize(("variables", "said"), OPEN_HOUSES)
@pytest.mark.parametrize("serve", [run_server, run_until_stopped])
async def test_an_open_house_without_tokens_is_rejected(monkeypatch, tmp_path, variables, said, serve):
    for name, value in {"TELEMETRY_DIR": str(tmp_path), "API_PORT": str(find_free_port()), **variables}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings) as rejected:
        await serve(read_settings())
    assert said in rejected.value.message
    assert "python -m core token NAME" in rejected.value.hint


@pytest.mark.parametrize(("variables", "said"), OPEN_HOUSES[-1:])
@pytest.mark.parametrize("program", [("-m", "api"), ("-m", "tools.run")], ids=["api", "make run"])
async def test_an_open_house_without_tokens_does_not_start_and_says_what_to_do(tmp_path, variables, said, program):
    environment = {
        **os.environ,
        "TELEMETRY_DIR": str(tmp_path),
        "API_PORT": str(find_free_port()),
        "PYTHONPATH": str(ROOT),
        **variables,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *program,
        cwd=ROOT,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode != 0
    assert said in output.decode()
    assert "python -m core token NAME" in output.decode()


async def test_behind_an_nginx_on_loopback_it_may_listen_everywhere(tmp_path):
    async with (
        open_api(tmp_path, API_HOST="0.0.0.0", PUBLISHED_ON="127.0.0.1") as api,
        httpx.AsyncClient(base_url=api.address) as http,
    ):
        assert (await http.get("/api/health")).status_code == 200
