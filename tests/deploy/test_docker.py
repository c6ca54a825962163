"""The whole stack on a real Docker engine: replaced under work, broken, brought back, ended: make docker-test."""

import asyncio
import json
import os
import signal
import time

import httpx
import pytest

from tests.deploy.hammering import hammering
from tests.deploy.in_chromium import HUNTS as HUNTS_OF_A_TRAINER
from tests.deploy.in_chromium import hunt_and_look_at_the_dashboard
from tests.deploy.on_docker import open_server
from tests.deploy.test_zero_downtime import caught_up, every_event, finished
from tests.deploy.watching import Watcher

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1500)]
HEALTH = ("GET", "/api/health", None)
RUNS, HUNTS, WATCHERS = 5, 60, 4
SETTINGS = {
    "HUNTER_REPLICAS": 2, "SIMULATED_CONCURRENCY": 6,
    "SIMULATED_SCRIPT": json.dumps({"seed": 5, "target_latency_ms": 700, "judge_latency_ms": 20, "chunk_chars": 200}),
    # Builds and tests share the machine with the stack: a busy Redis is not one that went away.
    "REDIS_TIMEOUT": 5,
}  # fmt: skip
ORDER = {"models": ["simulated/hasty"], "hunts": HUNTS}
LONGER_THAN_NGINX_USUALLY_WAITS_S = 65.0
BROKEN = 'raise SystemExit("this release is broken on purpose")\n'


async def test_the_stack_is_deployed_broken_and_brought_back(tmp_path, chromium_path):
    with open_server(tmp_path, SETTINGS) as server:
        first = server.must("git", "rev-parse", "--short=12", "HEAD").strip()
        print(server.must("./deploy.sh"))
        async with httpx.AsyncClient(base_url=server.address, timeout=60, trust_env=False) as http:
            await everything_answers(server, http, first)
            await a_stream_outlives_a_minute_while_people_work(server, chromium_path)
            sid = await a_deploy_under_work_is_noticed_by_nobody(server, http)
            second = (await http.get("/api/health")).json()["revision"]
            await a_broken_release_never_serves(server, http, second)
            await an_interruption_after_the_switch_changes_nothing(server, http)
            assert server.run("./deploy.sh", "rollback").returncode == 0
            assert (await http.get("/api/health")).json()["revision"] == first
            assert (await http.get(f"/api/sessions/{sid}")).status_code == 200, "sessions outlive a rollback"
            await maintenance_reaches_the_container(server, http)
            await breakdowns_pass(server, http, sid)
        everything_ends_well(server)


async def everything_answers(server, http, revision):
    health = (await http.get("/api/health")).json()
    assert (health["status"], health["sessions_backend"], health["revision"]) == ("healthy", "redis", revision)
    assert len(server.containers("model-hunter")) == 2
    assert server.compose("exec", "-T", "redis", "redis-cli", "ping").strip() == "PONG"
    assert "maxmemory:268435456" in server.compose("exec", "-T", "redis", "redis-cli", "INFO", "memory")
    for path in ("/", "/dashboard/", "/dashboard/_stcore/health", "/docs", "/api/admin/status"):
        assert (await http.get(path)).status_code == 200, path
    large = await http.post("/api/sessions", files={"file": ("big.ipynb", b" " * 20_000_000)})
    assert (large.status_code, large.json()["error"]["code"]) == (413, "too_large")
    for service in ("model-hunter", "dashboard", "nginx", "redis"):
        container = server.containers(service)[0]
        told = json.loads(server.must("docker", "inspect", container))[0]
        assert told["HostConfig"]["ReadonlyRootfs"] is True, service
        assert server.must("docker", "exec", container, "id", "-u").strip() != "0", service
    assert server.must("./deploy.sh", "status")


async def a_stream_outlives_a_minute_while_people_work(server, chromium_path):
    async with httpx.AsyncClient(base_url=server.address, timeout=30, trust_env=False) as http:
        sid = (await http.post("/api/sessions", json={"example": "word-budget"})).json()["session_id"]
        async with http.stream("GET", f"/api/sessions/{sid}/events") as stream:
            began = time.monotonic()
            working = asyncio.create_task(
                asyncio.to_thread(hunt_and_look_at_the_dashboard, chromium_path, server.address), name="people"
            )
            lines = stream.aiter_lines()
            async for line in lines:
                assert line != "event: reconnect"
                if time.monotonic() - began > LONGER_THAN_NGINX_USUALLY_WAITS_S:
                    break
            await http.patch(f"/api/sessions/{sid}/task", json={"version": 1, "pass_rule": "all"})
            async with asyncio.timeout(10):
                while await anext(lines) != "event: session.changed":
                    pass
        assert (await http.get(f"/api/sessions/{await working}")).json()["counts"]["done"] == HUNTS_OF_A_TRAINER


async def a_deploy_under_work_is_noticed_by_nobody(server, http):
    server.commit("VERSION_NOTE", "two")
    runs = []
    for n in range(RUNS):
        sid = (await http.post("/api/sessions", json={"example": "word-budget"})).json()["session_id"]
        order = await http.post(f"/api/sessions/{sid}/runs", json=ORDER, headers={"Idempotency-Key": f"run-{n}"})
        runs.append((f"/api/sessions/{sid}", order.json()["run_id"]))
    watchers = [Watcher(f"{here}/events") for here, _ in runs for _ in range(WATCHERS)]
    async with httpx.AsyncClient(base_url=server.address, timeout=60, trust_env=False) as apart:
        following = [asyncio.create_task(w.follow(apart), name="watcher") for w in watchers]
        async with hammering(server.address, HEALTH, clients=1, pause_s=0.05) as asked:
            deployed = await server.begin("./deploy.sh")
        assert deployed.returncode == 0, deployed.stdout + deployed.stderr
        told = [await finished(http, here, rid) for here, rid in runs]
        events = [await every_event(http, here) for here, _ in runs]
        wanted = [ids for ids in events for _ in range(WATCHERS)]
        await caught_up(watchers, wanted)
        for task in following:
            task.cancel()
        await asyncio.wait(following)
    assert (asked.failed(), asked.broken) == ({}, [])
    for run, hunts in told:
        assert (run["status"], run["counts"]["done"], run["counts"]["interrupted"]) == ("completed", HUNTS, 0)
        assert sorted(hunt["number"] for hunt in hunts) == list(range(1, HUNTS + 1))
    for watcher, ids in zip(watchers, wanted, strict=True):
        assert (watcher.ids, watcher.refused, watcher.cut, watcher.failed) == (ids, [], 0, [])
    print(f"{asked.answers} answers during the deploy; {sum(w.farewells for w in watchers)} farewells")
    return runs[0][0].rpartition("/")[2]


async def a_broken_release_never_serves(server, http, revision):
    good = (server.folder / "api" / "__main__.py").read_text(encoding="utf-8")
    server.commit("api/__main__.py", BROKEN)
    async with hammering(server.address, HEALTH, clients=1, pause_s=0.05) as asked:
        done = await server.begin("./deploy.sh")
    assert done.returncode == 1
    assert "broken on purpose" in done.stdout + done.stderr
    assert (asked.failed(), asked.broken) == ({}, [])
    assert (await http.get("/api/health")).json()["revision"] == revision
    assert len(server.containers("model-hunter")) == 2
    server.commit("api/__main__.py", good)


async def an_interruption_after_the_switch_changes_nothing(server, http):
    revision = server.commit("VERSION_NOTE", "three")
    running = server.start("./deploy.sh")
    try:
        said = []
        for line in running.stdout:
            said.append(line)
            if line.startswith("Stopping the old containers"):
                os.killpg(running.pid, signal.SIGINT)
        assert running.wait(60) == 0, said
    finally:
        running.kill()
    assert (await http.get("/api/health")).json()["revision"] == revision
    assert len(server.containers("model-hunter")) == 2
    assert server.run("./deploy.sh", "rollback").returncode == 0


async def maintenance_reaches_the_container(server, http):
    server.must("./deploy.sh", "maintenance", "on")
    closed = await http.get("/api/models")
    assert (closed.status_code, closed.headers["retry-after"]) == (503, "60")
    assert (await http.get("/api/health")).status_code == 200
    server.must("./deploy.sh", "maintenance", "off")
    assert (await http.get("/api/models")).status_code == 200


async def breakdowns_pass(server, http, sid):
    server.must("docker", "kill", server.containers("redis")[0])
    async with asyncio.timeout(60):
        while (health := (await http.get("/api/health")).json())["status"] != "degraded":
            await asyncio.sleep(0.2)
    assert health["reason"]
    server.compose("up", "-d", "--no-recreate", "redis")
    async with asyncio.timeout(60):
        while (await http.get("/api/health")).json()["status"] != "healthy":
            await asyncio.sleep(0.2)
    assert (await http.get(f"/api/sessions/{sid}")).status_code == 200, "what Redis held is on its volume"
    server.must("docker", "kill", server.containers("model-hunter")[0])
    assert {(await http.get("/api/health")).status_code for _ in range(20)} == {200}
    server.compose("up", "-d", "--scale", "model-hunter=3")
    assert len(server.containers("model-hunter")) == 3


def everything_ends_well(server):
    every = server.compose("ps", "-q").split()
    began = time.monotonic()
    server.compose("stop")
    took_s = time.monotonic() - began
    form = '{{index .Config.Labels "com.docker.compose.service"}} {{.State.ExitCode}}'
    codes = [server.must("docker", "inspect", "-f", form, one).strip() for one in every]
    assert sorted(codes) == ["dashboard 0", *["model-hunter 0"] * 3, "nginx 0", "redis 0"], server.compose(
        "logs", "model-hunter"
    )
    assert took_s < 45
    print(f"stopped in {took_s:.1f} s")
