"""The API's process dies with kill -9 while Redis is away: what it acknowledged is there when it starts again."""

import json
import os
import subprocess
import sys
import time

import httpx
import pytest

from core.domain.run import RunStatus
from tests.house.loopback_only import find_free_port
from tests.house.real_redis import open_redis
from tests.house.tree import ROOT

pytestmark = [pytest.mark.chaos, pytest.mark.e2e, pytest.mark.timeout(120)]

TASK = {
    "prompt": "Name the capital of France.",
    "response": "Paris",
    "criteria": [{"id": f"C{n}", "text": f"Says thing {n}."} for n in (1, 2, 3)],
}


class Api:
    """One API process of its own."""

    def __init__(self, redis_url, folder):
        self.port = find_free_port()
        script = {"seed": 7, "target_latency_ms": 30, "judge_latency_ms": 5}
        self.environment = {
            **os.environ, "API_PORT": str(self.port), "REDIS_URL": redis_url, "TELEMETRY_DIR": f"{folder}/t",
            "JOURNAL_DIR": f"{folder}/j", "SIMULATED_SCRIPT": json.dumps(script), "REDIS_PROBE": "0.1",
        }  # fmt: skip
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}/api", trust_env=False, timeout=5)
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "api"], cwd=ROOT, env=self.environment, stderr=subprocess.DEVNULL
        )
        self.wait_for(lambda: self.health() is not None)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        self.http.close()

    def health(self):
        try:
            return self.http.get("/health").json()["status"]
        except httpx.TransportError:
            return None

    def wait_for(self, what, deadline_s=30):
        until = time.monotonic() + deadline_s
        while not what():
            assert time.monotonic() < until, "it did not come true in time"
            assert self.process.poll() is None, "the API ended"
            time.sleep(0.05)

    def hunts(self, sid):
        return self.http.get(f"/sessions/{sid}/hunts?limit=500").json()["hunts"]


def test_every_acknowledged_reply_and_edit_is_there_again(tmp_path):
    with open_redis() as server:
        api = Api(server.url, tmp_path)
        try:
            assert api.health() == "healthy"
            sid = api.http.post("/sessions", json={"task": TASK}).json()["session_id"]
            server.kill()
            run = api.http.post(f"/sessions/{sid}/runs", json={"models": ["simulated/hasty"], "hunts": 300}).json()
            version = api.http.get(f"/sessions/{sid}").json()["version"]
            edited = api.http.patch(f"/sessions/{sid}/task", json={"version": version, "prompt": "Edited."})
            assert edited.status_code == 200
            api.wait_for(lambda: sum(h["status"] == "done" for h in api.hunts(sid)) > 20)
            assert api.health() == "degraded"
            acknowledged = {h["hunt_id"]: h for h in api.hunts(sid) if h["status"] == "done"}
            api.kill()

            api.start()  # Redis is still away
            assert api.health() == "degraded"
            snapshot = api.http.get(f"/sessions/{sid}").json()
            assert (snapshot["task"]["prompt"], snapshot["runs"][0]["run_id"]) == ("Edited.", run["run_id"])
            found = {h["hunt_id"]: h for h in api.hunts(sid)}
            assert acknowledged.items() <= found.items()

            server.start()  # empty
            api.wait_for(lambda: api.health() == "healthy")
            assert acknowledged.items() <= {h["hunt_id"]: h for h in api.hunts(sid)}.items()
            assert list((tmp_path / "j").glob("*")) == []
            api.kill()

            api.start()  # nothing but Redis to know it from
            assert acknowledged.items() <= {h["hunt_id"]: h for h in api.hunts(sid)}.items()
            assert api.http.get(f"/sessions/{sid}").json()["task"]["prompt"] == "Edited."
        finally:
            api.stop()


@pytest.mark.long
@pytest.mark.parametrize("redis_returns", ["before", "after"])
def test_a_run_that_it_started_alone_is_completed(tmp_path, redis_returns):
    with open_redis() as server:
        api = Api(server.url, tmp_path)
        try:
            sid = api.http.post("/sessions", json={"task": TASK}).json()["session_id"]
            server.kill()
            order = {"models": ["simulated/hasty"], "hunts": 300}
            here = f"/sessions/{sid}/runs/{api.http.post(f'/sessions/{sid}/runs', json=order).json()['run_id']}"
            api.wait_for(lambda: sum(h["status"] == "done" for h in api.hunts(sid)) > 5)
            api.kill()
            if redis_returns == "before":
                server.start()
            api.start()
            api.wait_for(lambda: api.http.get(here).json()["finished_at"], deadline_s=60)
            if redis_returns == "after":
                server.start()
                api.wait_for(lambda: api.health() == "healthy")
            run = api.http.get(here).json()
            assert (run["status"], run["counts"]["done"]) == (RunStatus.COMPLETED, 300)
        finally:
            api.stop()
