"""Whole API processes on one Redis and one simulated provider that counts: to kill, stop and start again."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.benchmarks.simulated_service import simulated_service
from tests.house.loopback_only import find_free_port
from tests.house.real_redis import RedisServer, open_redis

TARGET, JUDGE = "openrouter/simulated-target", "openai/judge"
TASK = {
    "prompt": "Which atomic number has Krypton?",
    "response": "36",
    "criteria": [{"id": f"C{n}", "text": f"Explains point {n} well."} for n in range(1, 4)],
}


@dataclass
class ApiProcess:
    """One `python -m api`."""

    environment: dict[str, str]
    port: int = field(default_factory=find_free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        environment = {**self.environment, "API_PORT": str(self.port)}
        self.process = subprocess.Popen([sys.executable, "-m", "api"], env=environment, stdin=subprocess.DEVNULL)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            assert self.process.poll() is None, "the API did not start"
            try:
                httpx.get(f"{self.address}/api/health/live", trust_env=False, timeout=1)
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError("the API did not answer")

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        """As kill -9 does."""
        self.signal(signal.SIGKILL)
        self.process.wait()

    def end(self) -> float:
        """As a deploy does: seconds until it had ended."""
        began = time.monotonic()
        self.signal(signal.SIGTERM)
        self.process.wait(30)
        return time.monotonic() - began

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()


@dataclass
class Cluster:
    redis: RedisServer
    provider: str
    apis: list[ApiProcess]

    def counters(self) -> dict:
        return httpx.get(f"{self.provider}/sim/counters", trust_env=False).json()

    def calls(self, purpose: str) -> int:
        return self.counters()["by_purpose"].get(purpose, {}).get("calls", 0)


@contextmanager
def start_cluster(n: int, *, script: dict | None = None, provider: str = "", **settings: object) -> Iterator[Cluster]:
    """`n` API processes, started. `settings` by variable, such as OPENROUTER_CONCURRENCY.

    `provider`: the address of a provider that runs already, instead of a simulated one.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis = stack.enter_context(open_redis())
        provider = provider or stack.enter_context(simulated_service(**(script or {})))
        apis = []
        for index in range(n):
            environment = {
                **{k: v for k, v in os.environ.items() if not k.endswith("_API_KEY")},
                "REDIS_URL": redis.url,
                "OPENROUTER_BASE_URL": f"{provider}/v1", "OPENROUTER_API_KEY": "key-target",
                "OPENAI_BASE_URL": f"{provider}/v1", "OPENAI_API_KEY": "key-judge",
                "TELEMETRY_DIR": str(folder / "telemetry"), "JOURNAL_DIR": str(folder / f"journal-{index}"),
                "INSTANCE": f"api-{index}", "LOG_LEVEL": "warning",
                **{name: str(value) for name, value in settings.items()},
            }  # fmt: skip
            api = ApiProcess(environment)
            stack.callback(api.close)
            api.start()
            apis.append(api)
        yield Cluster(redis, provider, apis)


class Trainer:
    """Somebody with a session, at one of the processes or another."""

    def __init__(self, client: httpx.AsyncClient, api: ApiProcess) -> None:
        self.client = client
        self.api = api
        self.sid = self.rid = ""

    async def ask(self, method: str, path: str, api: ApiProcess | None = None, **more) -> dict:
        response = await self.client.request(method, f"{(api or self.api).address}/api/{path}", **more)
        assert response.is_success, response.text
        return response.json() if response.content else {}

    async def start(self, hunts: int, api: ApiProcess | None = None, **order: object) -> None:
        self.sid = (await self.ask("POST", "sessions", api, json={"task": TASK}))["session_id"]
        order = {"models": [TARGET], "judge_model": JUDGE} | order | {"hunts": hunts}
        self.rid = (await self.ask("POST", f"sessions/{self.sid}/runs", api, json=order))["run_id"]

    async def run(self, api: ApiProcess | None = None) -> dict:
        return await self.ask("GET", f"sessions/{self.sid}/runs/{self.rid}", api)

    async def hunts(self, api: ApiProcess | None = None) -> list[dict]:
        return (await self.ask("GET", f"sessions/{self.sid}/hunts?limit=1000", api))["hunts"]

    async def until(self, holds, api: ApiProcess | None = None, within_s: float = 60.0) -> dict:
        """The run, as soon as it holds."""
        async with asyncio.timeout(within_s):
            while not holds(run := await self.run(api)):
                await asyncio.sleep(0.1)
        return run


def ended(run: dict) -> bool:
    return run["status"] in {"completed", "cancelled", "failed"}


def status(api: ApiProcess) -> dict:
    return json.loads(httpx.get(f"{api.address}/api/admin/status", trust_env=False).text)
