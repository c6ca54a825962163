"""The simulated provider as a process: it greets, answers, and ends when it is told to."""

import asyncio
import re
import signal
import socket
import sys

import httpx
import pytest

from core.cli.simulate import simulate
from core.errors import BadSettings

START = "import sys; from core.cli.simulate import simulate; sys.exit(simulate('127.0.0.1', 0, sys.argv[1]))"


@pytest.fixture
async def process():
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-c", START, '{"target_latency_ms": 0}', stdout=asyncio.subprocess.PIPE
    )
    yield started
    if started.returncode is None:
        started.kill()
        await started.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_says_that_it_is_simulated_responds_and_stops_on_request(process, number):
    first = (await process.stdout.readline()).decode()
    address = re.search(r"http://127\.0\.0\.1:\d+", first)
    assert first.startswith("SIMULATED provider on ")
    async with httpx.AsyncClient(base_url=address.group()) as client:
        body = {"model": "hasty", "messages": [{"role": "user", "content": "Hello."}]}
        answer = await client.post("/v1/chat/completions", json=body)
    process.send_signal(number)
    rest = (await process.stdout.read()).decode()
    assert (answer.status_code, await process.wait()) == (200, 0)
    assert f"OPENROUTER_BASE_URL={address.group()}/v1" in rest
    assert rest.endswith("Stopped after 1 simulated call.\n")


def test_a_port_in_use_is_reported(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert simulate("127.0.0.1", port, "{}") == 1
    assert "Choose another port with --port." in capsys.readouterr().err


def test_a_bad_script_is_refused_before_anything_listens():
    with pytest.raises(BadSettings, match="SIMULATED_SCRIPT: is not JSON"):
        simulate("127.0.0.1", 0, "{")
