"""Whatever is thrown at the API over real HTTP, the answer has the one shape, and nothing counts as a bug."""

import asyncio
import json

import httpx
import pytest
import pytest_asyncio

from core.hunting import open_session as opening
from core.notebooks.write_cells import blank_notebook
from tests.api.conftest import TASK
from tests.builders import a_task
from tests.e2e.api_process import open_api

JSON = {"Content-Type": "application/json"}
DEEP = b"[" * 50_000 + b"]" * 50_000
BODY_MAX = 200_000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api(tmp_path_factory):
    folder = tmp_path_factory.mktemp("attacked")
    async with open_api(
        folder, MAX_BODY_BYTES=str(BODY_MAX), MAX_NOTEBOOK_BYTES="100000", BODY_TIMEOUT="0.5"
    ) as running:
        yield running
        with httpx.Client(base_url=running.address) as client:
            assert client.get("/api/admin/status").json()["bugs"] == 0
        assert "Traceback" not in running.said()


@pytest.fixture
def http(api):
    with httpx.Client(base_url=api.address, timeout=10) as client:
        yield client


@pytest.fixture
def sid(http):
    return http.post("/api/sessions", json={"task": TASK}).json()["session_id"]


def refused(answer):
    """(status, code) of an answer that has the one shape and helps its reader."""
    assert answer.headers["content-type"] == "application/json"
    error = answer.json()["error"]
    assert set(answer.json()) == {"error"}
    assert set(error) == {"code", "message", "hint", "details"}
    assert error["message"]
    assert error["hint"]
    assert len(answer.content) < 5_000
    return answer.status_code, error["code"]


NOT_JSON = {
    "cut": b'{"version": 1',
    "empty": b"",
    "invalid UTF-8": b'{"version": 1, "prompt": "\xff\xfe"}',
    "UTF-16": '{"version": 1}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"version": 1}',
    "very deep": b'{"version": ' + DEEP + b"}",
    "NaN": b'{"version": NaN}',
    "infinite": b'{"version": 1e999999}',
    "a huge number": b'{"version": ' + b"9" * 5_000 + b"}",
    "a raw null byte": b'{"version": 1, "prompt": "a\x00b"}',
    "half a surrogate pair": b'{"version": 1, "prompt": "\\ud800"}',
    "a list": b"[]",
    "a text": b'"x"',
    "null": b"null",
    "a key twice": b'{"version": 1, "version": 2}',
    "an unknown field": b'{"version": 1, "promt": "x"}',
    "a bool for a number": b'{"version": true}',
    "a text for a number": b'{"version": "1"}',
    "a fraction": b'{"version": 1.5}',
    "a number beyond all": b'{"version": 99999999999999999999999999}',
    "a criterion id that is none": b'{"version": 1, "criteria": [{"id": "X", "text": "a"}]}',
}


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_an_invalid_body_is_a_400_and_changes_nothing(http, sid, body):
    status, code = refused(http.patch(f"/api/sessions/{sid}/task", content=body, headers=JSON))
    assert status == 400
    assert code == "bad_input"
    assert http.get(f"/api/sessions/{sid}").json()["version"] == 1


HEAPS = {
    "values that are wrong": b'{"version": 1, "criteria": [' + b"{}," * 40_000 + b"{}]}",
    "fields that are unknown": b'{"version": 1' + b"".join(b',"%x":0' % n for n in range(20_050)) + b"}",
    "empty lists": b"[" + b"[]," * 40_000 + b"[]]",
}


@pytest.mark.parametrize("body", HEAPS.values(), ids=HEAPS.keys())
def test_a_heap_is_refused_before_its_problems_are_listed(http, sid, body):
    for method, path in (("PATCH", f"/{sid}/task"), ("POST", "")):
        answer = http.request(method, f"/api/sessions{path}", content=body, headers=JSON)
        assert refused(answer) == (400, "bad_input")
        assert "more than 20,000 values" in answer.json()["error"]["message"]


def test_a_heap_under_one_name_is_refused_too(http):
    body = b'{"blank": true' + b',"k":0' * 25_000 + b"}"
    answer = http.post("/api/sessions", content=body, headers=JSON)
    assert refused(answer) == (400, "bad_input")
    assert "Duplicate JSON key: k." in answer.json()["error"]["message"]


def test_neither_a_notebook_nor_a_text_is_a_heap(http, sid):
    many = http.post("/api/sessions", json={"notebook": {"cells": [], "metadata": {"a": [0] * 25_000}, "nbformat": 4}})
    assert many.status_code == 413, "it is looked at as a notebook, and too large for this server"
    prompt = '{[,"\\' * 8_000
    edited = http.patch(f"/api/sessions/{sid}/task", json={"version": 1, "prompt": prompt})
    assert (edited.status_code, edited.json()["task"]["prompt"]) == (200, prompt)


async def test_while_a_large_notebook_is_read_others_are_answered(client, runtime, monkeypatch):
    """A process that read it itself would block for minutes."""
    monkeypatch.setattr(opening, "parse_notebook", None)
    large = json.loads(blank_notebook(a_task()))
    large["cells"][0]["source"] += ["x" * 1_100_000]
    opened = asyncio.create_task(client.post("/api/sessions", json={"notebook": large}))
    while not opened.done():
        assert (await client.get("/api/health/live")).status_code == 200
    assert (await opened).status_code == 201


async def test_a_heap_of_a_notebook_is_refused_as_too_large(client):
    body = b'{"notebook": {"cells": [' + b"{}," * 1_100_000 + b"{}]}}"
    answer = await client.post("/api/sessions", data=body, headers=JSON)
    assert (answer.status_code, (await answer.get_json())["error"]["code"]) == (413, "too_large")
    assert "more than 170,000 values" in (await answer.get_json())["error"]["message"]


BAD_OPENINGS = {
    "nothing": {},
    "two sources": {"example": "word-budget", "task": TASK},
    "a deep notebook": b'{"notebook": {"a": ' + DEEP + b"}}",
    "a notebook with NaN": b'{"notebook": {"cells": [], "nbformat": 4, "a": NaN}}',
    "a notebook with a key twice": b'{"notebook": {"cells": [], "cells": [], "nbformat": 4}}',
    "an endless name": {"example": "word-budget", "name": "x" * 300},
    "an endless example": {"example": "x" * 50_000},
    "a file address": {"url": "file:///etc/passwd"},
    "an inner address": {"url": "http://127.0.0.1:6379/"},
    "a login in the address": {"url": "https://raw.githubusercontent.com@127.0.0.1/x.ipynb"},
    "a wrong visibility": {"example": "word-budget", "visibility": "secret"},
}


@pytest.mark.parametrize("body", BAD_OPENINGS.values(), ids=BAD_OPENINGS.keys())
def test_a_session_is_not_opened_from_nonsense(http, body):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    assert refused(http.post("/api/sessions", content=content, headers=JSON))[0] in {400, 404}


@pytest.mark.parametrize(
    "order",
    [{}, {"models": "simulated/hasty"}, {"models": [""]}, {"models": ["simulated/\x00"]}, {"models": ["x" * 301]},
     {"models": ["simulated/hasty"] * 21}, {"hunts": 0}, {"hunts": -1}, {"hunts": 10**40}, {"hunts": "8"}, {"x": 1},
     {"judge_model": 5}, {"stop": {"rule": "breaks", "breaks": 10**30}}, {"stop": {"rule": "cost", "cost_usd": 1e308}}],
)  # fmt: skip
def test_a_run_is_not_started_from_nonsense(http, sid, order):
    order = order if "models" in order or not order else {"models": ["simulated/hasty"], **order}
    assert refused(http.post(f"/api/sessions/{sid}/runs", json=order))[0] == 400
    assert http.get(f"/api/sessions/{sid}").json()["runs"] == []


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""])
def test_what_is_not_json_is_a_415_on_every_route_with_a_body(http, sid, kind):
    for method, path in (
        ("POST", ""),
        ("PATCH", f"/{sid}/task"),
        ("POST", f"/{sid}/runs"),
        ("POST", f"/{sid}/reference-check"),
    ):
        answer = http.request(
            method, f"/api/sessions{path}", content=b"{}", headers={"Content-Type": kind} if kind else {}
        )
        assert refused(answer) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "path",
    ["/api/sessions/" + "x" * 5_000, "/api/sessions/%00", "/api/sessions/%ff%fe", "/api/sessions/%2e%2e%2fetc",
     "/api/sessions/", "//api/health", "/static/%2e%2e/%2e%2e/core/runtime.py", "/static/../core/runtime.py", "/nowhere/%0d%0aX: y",
     "/api/sessions/SID/runs/" + "r" * 3_000, "/api/sessions/SID/runs/%00", "/api/sessions/SID/hunts/%ff"],
)  # fmt: skip
def test_an_odd_address_is_a_404(http, sid, path):
    assert refused(http.get(path.replace("SID", sid)))[0] == 404


@pytest.mark.parametrize(
    "query",
    ["hunts?after=-1", "hunts?after=nan", "hunts?after=" + "9" * 60, "hunts?limit=0", "hunts?limit=1&limit=2", "hunts?x=1",
     "hunts?texts=maybe", "events?format=xml", "events?after=x", "events?after=-1-0&format=json", "events?limit=0",
     "events?after=1-2-3&format=json", "export?hunt_ids=%00,a", "export?hunt_id=a"],
)  # fmt: skip
def test_an_odd_question_is_a_400(http, sid, query):
    assert refused(http.get(f"/api/sessions/{sid}/{query}"))[0] == 400


def test_bodies_over_the_limit_are_refused_however_they_come(http):
    def chunks():
        for _ in range(BODY_MAX // 10_000 + 5):
            yield b"x" * 10_000

    multipart = {"Content-Type": "multipart/form-data; boundary=x"}
    for headers in (JSON, multipart):
        assert refused(http.post("/api/sessions", content=b"x" * (BODY_MAX + 1), headers=headers)) == (413, "too_large")
        assert refused(http.post("/api/sessions", content=chunks(), headers=headers)) == (413, "too_large")
    notebook = ("big.ipynb", b"[" + b"1," * 60_000 + b"1]")
    assert refused(http.post("/api/sessions", files={"file": notebook})) == (413, "too_large")


def test_a_form_that_is_not_right_is_refused(http):
    empty = ("a.ipynb", b"{}")
    forms = [
        {"content": b"abc", "headers": {"Content-Type": "multipart/form-data"}},
        {"content": b"--x\r\nabc", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
        {"files": [("file", empty), ("file", empty)]},
        {"files": {"other": empty}},
        {"files": {"file": empty}, "data": {"require_check": "perhaps"}},
        {"files": {"file": empty}, "data": {"exampel": "x"}},
        {"files": {"file": ("a.ipynb", b"\x00\xff")}},
    ]
    for form in forms:
        answer = http.post("/api/sessions", **form)
        assert refused(answer)[0] == 400, form
        assert answer.headers["connection"] == "close", "what is left of the body would be read as the next request"


def test_a_key_for_repeating_is_short(http):
    headers = {"Idempotency-Key": "x" * 201}
    assert refused(http.post("/api/sessions", json={"example": "word-budget"}, headers=headers)) == (400, "bad_input")


def test_other_methods_are_answered_by_the_rules_of_http(http, sid):
    for path in ("/api/health", f"/api/sessions/{sid}", "/docs", "/openapi.json"):
        whole, head = http.get(path), http.head(path)
        assert (head.status_code, head.content, head.headers["content-type"]) == (
            200,
            b"",
            whole.headers["content-type"],
        )
        options = http.options(path)
        assert (options.status_code, "GET" in options.headers["allow"], options.content) == (200, True, b"")
        for method in ("TRACE", "PROPFIND"):
            answer = http.request(method, path)
            assert refused(answer) == (405, "method_not_allowed")
            assert "GET" in answer.headers["allow"]
    assert http.head(f"/api/sessions/{sid}/events").status_code == 200


def test_null_bytes_and_odd_characters_in_a_task_come_back_as_they_were(http):
    prompt = "a\x00b\u2028c\u202fd  \n\U0001f480"
    opened = http.post("/api/sessions", json={"task": {**TASK, "prompt": prompt}}).json()
    assert opened["task"]["prompt"] == prompt
    export = http.get(f"/api/sessions/{opened['session_id']}/export")
    again = http.post("/api/sessions", files={"file": ("x.ipynb", export.content)})
    assert again.json()["task"]["prompt"] == prompt


async def connected(api):
    host, _, port = api.address.removeprefix("http://").partition(":")
    return await asyncio.open_connection(host, int(port))


HEAD = (
    b"POST /api/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
)


async def test_a_body_that_does_not_arrive_is_a_408(api):
    reader, writer = await connected(api)
    writer.write(HEAD + b'{"task": ')
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    assert head.startswith(b"HTTP/1.1 408")
    assert b'"code":"timeout"' in await asyncio.wait_for(reader.read(2_000), 10)
    writer.close()


async def test_a_client_that_goes_away_in_mid_upload_or_stream_is_no_bug(api):
    async with httpx.AsyncClient(base_url=api.address) as client:
        opened = await client.post("/api/sessions", json={"task": TASK})
        stream = f"GET /api/sessions/{opened.json()['session_id']}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        for request in (HEAD + b'{"task": ', stream):
            reader, writer = await connected(api)
            writer.write(request)
            await writer.drain()
            if request is stream:
                await reader.readuntil(b"retry:")
            writer.transport.abort()
        async with asyncio.timeout(10):
            while (status := (await client.get("/api/admin/status")).json())["event_streams"]["open"]:
                await asyncio.sleep(0.02)
    assert status["bugs"] == 0
    assert '"level": "error"' not in api.said()
