"""Servers that others wrote, on loopback: llama.cpp with a small model, and the LiteLLM proxy in front of it."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from core.runtime import Runtime, open_runtime
from core.settings import read_settings
from tests.house.loopback_only import find_free_port
from tests.house.missing import skip_missing
from tests.house.tree import ROOT

MODEL = "smollm2"
KEY = f"sk-{secrets.token_hex(32)}"
"""The proxy does not start without a strong key; llama.cpp asks for none."""
START_DEADLINE_S = 120.0


def require_environment(name: str) -> Path:
    """The programs of an environment that tools/setup.sh prepares, or a skip."""
    programs = ROOT / f".venv.{name}" / "bin"
    if not (programs / "python").exists():
        skip_missing(f".venv.{name} (bash tools/setup.sh {name})")
    return programs


@asynccontextmanager
async def open_llama(folder: Path) -> AsyncIterator[str]:
    """llama.cpp's server with SmolLM2-135M; its base URL."""
    python = require_environment("model_server") / "python"
    port = find_free_port()
    script = Path(__file__).with_name("serve_model.py")
    async with _process(folder / "llama.log", str(python), str(script), str(port)) as process:
        url = f"http://127.0.0.1:{port}"
        await _wait_until_ready(f"{url}/health", process, folder / "llama.log")
        yield f"{url}/v1"


@asynccontextmanager
async def open_gateway(folder: Path, upstream: str) -> AsyncIterator[str]:
    """The LiteLLM proxy that forwards every model to `upstream`; its base URL."""
    program = require_environment("gateway") / "litellm"
    port = find_free_port()
    forwarded = {"model": "openai/*", "api_base": upstream, "api_key": "none"}
    config = folder / "gateway.yaml"
    config.write_text(json.dumps({"model_list": [{"model_name": "*", "litellm_params": forwarded}]}))
    words = (str(program), "--config", str(config), "--host", "127.0.0.1", "--port", str(port))
    async with _process(
        folder / "gateway.log", *words, LITELLM_LOCAL_MODEL_COST_MAP="True", LITELLM_MASTER_KEY=KEY
    ) as process:
        url = f"http://127.0.0.1:{port}"
        await _wait_until_ready(f"{url}/health/liveliness", process, folder / "gateway.log")
        yield f"{url}/v1"


@asynccontextmanager
async def runtime_with(folder: Path, account: str, url: str) -> AsyncIterator[Runtime]:
    """A runtime with one OpenAI-compatible account."""
    row = {
        "name": account, "base_url": url, "key_variable": "LOCAL_KEY", "models": [MODEL], "concurrency": 2,
        "target_max_output_tokens": 64,
    }  # fmt: skip
    variables = {"OPENAI_COMPATIBLE": json.dumps([row]), "LOCAL_KEY": KEY, "TELEMETRY_DIR": str(folder / "telemetry")}
    async with open_runtime(read_settings(variables), seed=1) as runtime:
        yield runtime


@asynccontextmanager
async def _process(log: Path, *words: str, **variables: str) -> AsyncIterator[asyncio.subprocess.Process]:
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *words, env={**os.environ, **variables}, stdin=asyncio.subprocess.PIPE, stdout=output, stderr=output
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _wait_until_ready(url: str, process: asyncio.subprocess.Process, log: Path) -> None:
    async with asyncio.timeout(START_DEADLINE_S), httpx.AsyncClient(trust_env=False) as client:
        while True:
            assert process.returncode is None, log.read_text(errors="replace")[-2000:]
            try:
                if (await client.get(url)).is_success:
                    return
            except httpx.RequestError:
                pass
            await asyncio.sleep(0.1)
