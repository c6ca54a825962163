"""The simulated provider as a process of its own, for measurements: exact latencies, counted by the provider."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

TARGET_S, JUDGE_S = 0.4, 0.1


@contextmanager
def simulated_service(**script: object) -> Iterator[str]:
    """The base address of a running stand-in, ended with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    wanted = {
        "target_latency_ms": TARGET_S * 1000,
        "judge_latency_ms": JUDGE_S * 1000,
        "break_rate": 0.25,
        "chunk_chars": 200,
        "answer_schema": "enforced",  # as the models of all three providers do
    } | script
    command = [sys.executable, "-m", "core", "simulate", "--port", str(port), "--script", json.dumps(wanted)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(address, process)
        yield address
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until and process.poll() is None:
        try:
            httpx.get(f"{address}/v1/models", trust_env=False).raise_for_status()
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the stand-in did not start")
