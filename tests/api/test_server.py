"""The API stops within its grace period even if a client has sent only half a request.

On Python 3.12 and later Hypercorn itself would wait for that client forever (its issue 308) with asyncio's own event
loop, so both loops are tested.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time

import pytest

from api.server import REQUEST_GRACE_S, REQUEST_GRACE_SLACK_S
from tests.house.loopback_only import find_free_port
from tests.house.tree import ROOT

HALF_A_REQUEST = (
    b"POST /api/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
)
START_WITHIN_S = 30.0
MACHINE_SLACK_S = 10.0
SERVE = "import asyncio, uvloop; from api.server import run_server; from core.settings import read_settings; {}.run(run_server(read_settings()))"


async def _connected(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    async with asyncio.timeout(START_WITHIN_S):
        while True:
            try:
                return await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"] if sys.version_info >= (3, 12) else ["uvloop"])
async def test_a_request_that_never_ends_does_not_keep_the_process(loop, tmp_path):
    port = find_free_port()
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "API_PORT": str(port), "DRAIN_TIMEOUT": "0", "TELEMETRY_DIR": str(tmp_path),
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVE.format(loop), cwd=tmp_path, env=environment, stdout=subprocess.PIPE
    )
    try:
        _, writer = await _connected(port)
        writer.write(HALF_A_REQUEST)
        await writer.drain()
        reader, other = await _connected(port)  # answered after the half: the server has read that by then
        other.write(b"GET /api/health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert b"200" in await reader.readline()
        asked = time.monotonic()
        process.send_signal(signal.SIGTERM)
        out, _ = await asyncio.wait_for(
            process.communicate(), REQUEST_GRACE_S + REQUEST_GRACE_SLACK_S + MACHINE_SLACK_S
        )
        assert process.returncode == 0
        assert b"server.stopped" in out.splitlines()[-1]
        assert time.monotonic() - asked > REQUEST_GRACE_S - 1, "the request was given its grace"
        writer.close()
        other.close()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
