"""A key that is set goes to its provider and nowhere else: not to output, telemetry, status, events, hunts or exports."""

import asyncio

import httpx
import pytest

from core.simulator.script import read_script
from core.simulator.server import open_server
from tests.api.conftest import TASK
from tests.e2e.api_process import open_api

SCRIPT = read_script(
    '{"seed": 5, "target_latency_ms": 1, "judge_latency_ms": 1, "server_error": 0.3, "error_in_200": 0.2}'
)
KEY, OTHER_KEY = "canary-of-openrouter-7c1f", "canary-of-the-lab-93ab"
LAB = '[{"name": "lab", "base_url": "http://127.0.0.1:%d/v1", "key_variable": "LAB_KEY"}]'


async def hunt(http, here, models):
    await http.post(f"{here}/runs", json={"models": models, "hunts": 12, "judge_model": "lab/judge"})
    async with asyncio.timeout(40):
        while not (snapshot := (await http.get(here)).json())["runs"] or not snapshot["runs"][0]["finished_at"]:
            await asyncio.sleep(0.05)


@pytest.mark.e2e
async def test_a_key_goes_to_its_provider_and_nowhere_else(tmp_path):
    async with open_server(SCRIPT) as server:
        address = f"http://127.0.0.1:{server.port}/v1"
        async with (
            open_api(
                tmp_path, OPENROUTER_API_KEY=KEY, OPENROUTER_BASE_URL=address, OPENAI_COMPATIBLE=LAB % server.port,
                LAB_KEY=OTHER_KEY, LOG_LEVEL="debug", MAX_CALL_ATTEMPTS="2", RETRY_WAIT="0.01", MAX_SAME_FAILURES="1000",
            ) as api,
            httpx.AsyncClient(base_url=api.address, timeout=20) as http,
        ):  # fmt: skip
            opened = await http.post("/api/sessions", json={"task": TASK})
            here = f"/api/sessions/{opened.json()['session_id']}"
            await http.post(f"{here}/reference-check", json={"judge_model": "lab/judge"})
            await hunt(http, here, ["openrouter/hasty", "lab/hasty"])
            hunts = (await http.get(f"{here}/hunts")).json()["hunts"]
            assert {"error"} < {h["outcome"] for h in hunts}
            urls = [
                "/api/admin/status",
                "/metrics",
                "/api/models",
                "/api/health",
                "/openapi.json",
                here,
                f"{here}/hunts",
                f"{here}/export",
            ]
            urls += [f"{here}/events?format=json&limit=5000", *(f"{here}/hunts/{h['hunt_id']}" for h in hunts)]
            answers = {url: (await http.get(url)).text for url in urls}
            assert await api.end(within_s=30) == 0
            written = {str(path): path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    assert any("telemetry" in name for name in written)
    assert "server.started" in api.said()
    assert [name for name, text in (answers | written).items() if KEY in text or OTHER_KEY in text] == []
    assert server.counters.total.calls > 24
