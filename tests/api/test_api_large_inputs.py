"""Notebooks and bodies at the size limits stop nobody: they are read in processes of their own, in a second of CPU.

The short form looks at the event loop of this process; the long one at a server's liveness and at its CPU time.
"""

import os
import threading
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from api.app import create_app
from core.runtime import open_runtime
from core.settings import Settings
from tests.api.conftest import QUICK, TASK
from tests.e2e.api_process import open_api
from tests.hostile_bodies import BODIES, NOTEBOOKS
from tests.lateness import TRIES, latest_s, on_reference_machine
from tests.settings import make_settings

LATEST_S = 0.1
LIVENESS_S = 0.25
CPU_S = 1.0
"""On the reference machine (`tests/lateness.py`)."""
POLL_S = 0.025
"""A liveness request costs about a millisecond of the CPU that is measured."""
MIB = 1024 * 1024
JSON = {"Content-Type": "application/json"}
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


async def use(client, notebook: bytes) -> None:
    opened = await client.post("/api/sessions", data=b'{"notebook": ' + notebook + b"}", headers=JSON)
    assert opened.status_code < 500
    if opened.status_code == 201:
        place = f"/api/sessions/{(await opened.get_json())['session_id']}"
        for path in ("", "/export/preview", "/export", "/hunts"):
            assert (await client.get(place + path)).status_code < 500
        await client.delete(place)


async def ask(client, place: str, method: str, path: str, body: bytes) -> None:
    address = "/api/sessions" if path == "/" else f"{place}/{path}"
    answer = await client.open(address, method=method, data=body, headers=JSON)
    assert answer.status_code < 500


@pytest.fixture
async def quick_client(tmp_path):
    settings = make_settings(telemetry__directory=str(tmp_path), providers__simulated_script=QUICK)
    async with open_runtime(settings, seed=1) as runtime:
        yield create_app(runtime).test_client()


@pytest.mark.timeout(180)
async def test_no_notebook_makes_the_event_loop_late(quick_client):
    late = {}
    for name, make in NOTEBOOKS.items():
        notebook = make(25_000, 400_000)
        late[name] = await latest_s(lambda notebook=notebook: use(quick_client, notebook), LATEST_S)
    assert {name: round(seconds, 3) for name, seconds in late.items() if seconds >= LATEST_S} == {}


@pytest.mark.timeout(120)
async def test_no_body_makes_the_event_loop_late(quick_client):
    opened = await quick_client.post("/api/sessions", json={"task": TASK})
    place, late = f"/api/sessions/{(await opened.get_json())['session_id']}", {}
    for name, (method, path, make) in BODIES.items():
        body = make(400_000)
        late[name] = await latest_s(lambda asked=(method, path, body): ask(quick_client, place, *asked), LATEST_S)
    assert {name: round(seconds, 3) for name, seconds in late.items() if seconds >= LATEST_S} == {}


# -- the long form


class Watch:
    """The slowest liveness response of a server, and the CPU time of it and its children for the most expensive
    request."""

    def __init__(self, address: str, pid: int):
        self._http, self._pid = httpx.Client(base_url=address, timeout=60), pid
        self.liveness_s = self.cpu_s = 0.0

    def __enter__(self):
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()
        self._http.close()

    def _look(self):
        while not self._ended.is_set():
            before = time.monotonic()
            assert self._http.get("/api/health/live").status_code == 200
            self.liveness_s = max(self.liveness_s, time.monotonic() - before)
            self._ended.wait(POLL_S)

    def asked(self, send) -> httpx.Response:
        before = cpu_s(self._pid)
        answer = send()
        self.cpu_s = max(self.cpu_s, cpu_s(self._pid) - before)
        assert answer.status_code < 500, answer.text[:500]
        return answer


def cpu_s(pid: int) -> float:
    """Of a process and its children, those that have ended included."""
    fields = dict(_stats())
    own = sum(map(int, fields[str(pid)][11:15]))
    return (own + sum(int(f[11]) + int(f[12]) for f in fields.values() if f[1] == str(pid))) / CLOCK_TICKS


def _stats():
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            yield path.parent.name, path.read_text().rpartition(")")[2].split()


def look(http: httpx.Client, watch: Watch, notebook: bytes, *, upload: bool) -> None:
    """Open the notebook and use the session, if there is one."""
    sent = {"files": {"file": ("a.ipynb", notebook)}}
    if not upload:
        sent = {"content": b'{"notebook": ' + notebook + b"}", "headers": JSON}
    opened = watch.asked(lambda: http.post("/api/sessions", **sent))
    if opened.status_code != 201:
        return
    place = f"/api/sessions/{opened.json()['session_id']}"
    for path in ("", "/export/preview", "/export", "/hunts?limit=1000", "/insights", "/selection/proposal"):
        watch.asked(lambda path=path: http.get(place + path))
    watch.asked(lambda: http.patch(f"{place}/task", json={"version": 1, "judge_prompt_template": "{criterion}"}))
    watch.asked(lambda: http.get(place + "/export"))
    watch.asked(lambda: http.delete(place))


def measure(api, name: str, send) -> tuple[float, float] | None:
    """What exceeds a limit when `send` is called with a watch, at the best of some tries; None if nothing does."""
    for _ in range(TRIES):
        with Watch(api.address, api.process.pid) as watch:
            send(watch)
        print(f"{name}: liveness {1000 * watch.liveness_s:.0f} ms, CPU {watch.cpu_s:.2f} s", flush=True)
        if watch.liveness_s < LIVENESS_S and on_reference_machine(watch.cpu_s, CPU_S) < CPU_S:
            return None
    return watch.liveness_s, watch.cpu_s


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("upload", [True, False], ids=["uploads", "in JSON"])
async def test_no_notebook_at_the_limits_stops_anybody(tmp_path, upload):
    limits, exceeded = Settings().notebooks, {}
    async with open_api(tmp_path) as api:
        with httpx.Client(base_url=api.address, timeout=60) as http:
            for name, make in NOTEBOOKS.items():
                notebook = make(limits.max_values, limits.max_bytes - 10_000)
                exceeded[name] = measure(
                    api, name, lambda watch, notebook=notebook: look(http, watch, notebook, upload=upload)
                )
    assert {name: figures for name, figures in exceeded.items() if figures} == {}


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_no_body_at_the_limits_stops_anybody(tmp_path):
    exceeded, max_bytes = {}, Settings().server.max_body_bytes - 100
    async with open_api(tmp_path) as api:
        with httpx.Client(base_url=api.address, timeout=60) as http:
            place = f"/api/sessions/{http.post('/api/sessions', json={'task': TASK}).json()['session_id']}"
            for name, (method, path, make) in BODIES.items():
                address, body = "/api/sessions" if path == "/" else f"{place}/{path}", make(max_bytes)[:max_bytes]
                request = http.build_request(method, address, content=body, headers=JSON)
                exceeded[name] = measure(
                    api, name, lambda watch, request=request: watch.asked(lambda: http.send(request))
                )
    assert {name: figures for name, figures in exceeded.items() if figures} == {}


def test_there_are_many_shapes():
    assert len(NOTEBOOKS) + len(BODIES) >= 60
