"""A real `python -m api` on loopback: its address, its output, its end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.house.loopback_only import find_free_port
from tests.house.tree import ROOT

QUICK = json.dumps({"seed": 7, "target_latency_ms": 1, "judge_latency_ms": 1, "chunk_chars": 200})
START_DEADLINE_S = 30.0


@dataclass(frozen=True)
class ApiProcess:
    address: str
    process: asyncio.subprocess.Process
    output: Path

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8")

    async def end(self, *, within_s: float) -> int:
        """SIGTERM, and the exit code. Raises TimeoutError when it is not gone in time."""
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), within_s)


@asynccontextmanager
async def open_api(
    folder: Path, *, host: str = "127.0.0.1", port: int | None = None, **variables: str
) -> AsyncIterator[ApiProcess]:
    """The API with the simulated provider, quick; `variables` are further settings of its environment."""
    port, output = port or find_free_port(), folder / "output.log"
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "API_HOST": host, "API_PORT": str(port), "LOG_FORMAT": "json", "DRAIN_TIMEOUT": "0.5",
        "TELEMETRY_DIR": str(folder / "telemetry"), "SIMULATED_SCRIPT": QUICK, "TELEMETRY_FLUSH": "0.05",
        **variables,
    }  # fmt: skip
    with output.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "api", cwd=folder, env=environment, stdout=log, stderr=log
        )
    running = ApiProcess(f"http://{host}:{port}", process, output)
    try:
        async with asyncio.timeout(START_DEADLINE_S):
            await _answers(running)
        yield running
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _answers(running: ApiProcess) -> None:
    async with httpx.AsyncClient(base_url=running.address, trust_env=False) as client:
        while True:
            assert running.process.returncode is None, running.said()
            try:
                await client.get("/api/health/live")
            except httpx.ConnectError:
                await asyncio.sleep(0.05)
            else:
                return
