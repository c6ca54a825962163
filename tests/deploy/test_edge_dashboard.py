"""The dashboard under /dashboard/ of nginx: a real Streamlit, its page, its files, its websocket."""

import asyncio
import json
import os
import re
import ssl
import sys
from contextlib import asynccontextmanager

import httpx
import pytest
import trustme
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from core.access.cookies import COOKIE
from tests.api.signing_in import ENTRIES, TOKENS
from tests.deploy.edge import API, open_edge
from tests.e2e.api_process import open_api
from tests.house.loopback_only import find_free_port
from tests.house.tree import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


def command():
    """As Dockerfile.dashboard says it."""
    said = re.search(r"^CMD (\[.*\])$", (ROOT / "Dockerfile.dashboard").read_text(encoding="utf-8"), re.MULTILINE)
    return json.loads(said[1])[1:]


@asynccontextmanager
async def dashboard(folder, port, **settings):
    words = [str(port) if word == "8001" else "127.0.0.1" if word == "0.0.0.0" else word for word in command()]
    environment = {
        **os.environ,
        "TELEMETRY_DIR": str(folder),
        "HOME": str(folder),
        "API_URL": "http://127.0.0.1:9",
        **settings,
    }
    with (folder / "dashboard.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *words, cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


async def test_the_dashboard_comes_through_with_its_websocket_and_not_to_foreign_pages(tmp_path):
    port = find_free_port()
    async with (
        dashboard(tmp_path, port),
        open_edge(tmp_path / "nginx", api_port=1, dashboard_port=port) as edge,
        httpx.AsyncClient(base_url=edge.address, timeout=20) as http,
    ):
        async with asyncio.timeout(60):
            while (await http.get("/dashboard/_stcore/health")).status_code != 200:
                await asyncio.sleep(0.2)
        page = await http.get("/dashboard/")
        assert (page.status_code, page.headers.get_list("x-content-type-options")) == (200, ["nosniff"])
        moved = await http.get("/dashboard")
        assert (moved.status_code, moved.headers["location"]) == (302, "/dashboard/")
        local = await http.get(f"http://127.0.0.1:{edge.dashboard_port}/")
        assert (local.status_code, local.headers["location"]) == (302, "/dashboard/")
        stream = f"ws://127.0.0.1:{edge.public_port}/dashboard/_stcore/stream"
        async with websockets.connect(stream, origin=edge.address, proxy=None, subprotocols=["streamlit"]) as socket:
            await socket.ping()
            assert socket.response.status_code == 101
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with websockets.connect(
                stream, origin="https://evil.example", proxy=None, subprotocols=["streamlit"]
            ):
                pass
        assert refused.value.response.status_code == 403
        for address in (f"{edge.address}/dashboard", f"http://127.0.0.1:{port}/dashboard"):
            await fills_no_memory(http, address)
        edge.switch.touch()
        opened = [(await http.get(path)).status_code for path in ("/dashboard/", "/dashboard/_stcore/health", "/")]
        assert opened == [200, 200, 503], "the operator looks here during maintenance"
        assert (await http.get(f"http://127.0.0.1:{edge.dashboard_port}/")).status_code == 302


OPEN_IN_STREAMLIT = ("_stcore/metrics", "_stcore/agent/schema", "_stcore/script-health-check", "component/x/y", "auth/login",
                     "%5fstcore/metrics", "/_stcore/metrics", "x/../_stcore/metrics")  # fmt: skip


async def fills_no_memory(http, address):
    """As somebody does who has not signed in: a session's id from the websocket, a token from the health, then files."""
    stream = f"{address.replace('http', 'ws', 1)}/_stcore/stream"
    async with websockets.connect(stream, proxy=None, subprotocols=["streamlit"]) as socket:
        rerun = BackMsg()
        rerun.rerun_script.query_string = ""
        await socket.send(rerun.SerializeToString())
        news = ForwardMsg()
        news.ParseFromString(await socket.recv())
        session = news.new_session.initialize.session_id
        assert session
        token = (await http.get(f"{address}/_stcore/health")).cookies["_streamlit_xsrf"]
        for path in (f"_stcore/upload_file/{session}/1", f"/_stcore/upload_file/{session}/1"):
            sent = await http.put(
                f"{address}/{path}",
                headers={"X-Xsrftoken": token, "Cookie": f"_streamlit_xsrf={token}"},
                files={"file": b"x" * 100_000},
            )
            assert sent.status_code in {403, 404, 405, 413}, path
    assert [path for path in OPEN_IN_STREAMLIT if (await http.get(f"{address}/{path}")).status_code != 404] == []


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


@pytest.mark.parametrize("secure", [False, True])
async def test_a_sign_in_and_a_sign_out_count_for_page_and_dashboard(tmp_path, pem, authority, secure):
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    port = find_free_port()
    async with (
        dashboard(tmp_path, port, HUNTER_TOKENS=ENTRIES),
        open_api(tmp_path, HUNTER_TOKENS=ENTRIES) as api,
        open_edge(
            tmp_path / "nginx", api_port=api.port, dashboard_port=port, certificate=pem if secure else None
        ) as edge,
        httpx.AsyncClient(
            base_url=f"https://localhost:{edge.tls_port}" if secure else edge.address, verify=trusted, timeout=20
        ) as http,
    ):
        edge.names.addresses[API] = ["127.0.0.1"]
        async with asyncio.timeout(60):
            while (await http.get("/dashboard/_stcore/health")).status_code != 200:
                await asyncio.sleep(0.2)
        ours = {"Origin": str(http.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
        assert (await http.get("/dashboard/overview?period=30d")).status_code == 401
        assert await websocket_status(http, trusted) == 403
        await http.post("/api/sign-in", json={"token": TOKENS["root"]}, headers=ours)
        assert (await http.get("/dashboard/who")).text == "root"
        assert (await http.get("/dashboard/")).status_code == 200
        assert await websocket_status(http, trusted) == 101
        for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
            assert (await http.post("/dashboard/sign-out", headers=headers)).status_code == 403
        left = await http.post("/dashboard/sign-out", headers=ours)
        assert (left.status_code, "Secure" in left.headers["Set-Cookie"]) == (204, secure)
        assert (await http.get("/api/who")).json()["name"] == ""
        assert (await http.get("/dashboard/who")).status_code == 401
        came = await http.post("/dashboard/sign-in", content=TOKENS["root"], headers=ours)
        assert (came.text, "Secure" in came.headers["Set-Cookie"]) == ("root", secure)
        assert (await http.get("/api/who")).json()["name"] == "root"
        for path in ("/dashboard/sign-in", "/dashboard/sign-out"):
            assert (await http.put(path)).status_code == 403
        assert (await http.post("/dashboard/sign-in", content=b"x" * 9000, headers=ours)).status_code == 413
        assert (await http.post("/dashboard/", headers=ours)).status_code == 403


async def websocket_status(http, trusted):
    stream = f"{http.base_url}/dashboard/_stcore/stream".replace("http", "ws", 1).replace("//dashboard", "/dashboard")
    cookie = http.cookies.get(COOKIE, "")
    try:
        async with websockets.connect(
            stream, origin=str(http.base_url).rstrip("/"), proxy=None, subprotocols=["streamlit"],
            additional_headers={"Cookie": f"{COOKIE}={cookie}"}, ssl=trusted if stream.startswith("wss") else None,
        ) as socket:  # fmt: skip
            return socket.response.status_code
    except websockets.InvalidStatus as refused:
        return refused.response.status_code
