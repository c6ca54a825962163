"""The real application on a real runtime with the simulated provider, quick, in this process."""

import json
from datetime import timedelta

import pytest

from api.app import create_app
from core.clock import SystemClock
from core.runtime import open_runtime
from tests.settings import make_settings

QUICK = json.dumps({"seed": 7, "target_latency_ms": 1, "judge_latency_ms": 1, "chunk_chars": 200})


class LaterClock(SystemClock):
    """The time of day, moved on by a test."""

    later = timedelta()

    def now(self):
        return super().now() + self.later


@pytest.fixture
def changes():
    """Settings that a test module has of its own."""
    return {}


@pytest.fixture
async def runtime(tmp_path, changes):
    settings = make_settings(
        telemetry__directory=str(tmp_path),
        providers__simulated_script=QUICK,
        server__sse_keepalive_s=0.2,
        server__drain_timeout_s=2.0,
        **changes,
    )
    async with open_runtime(settings, clock=LaterClock(), seed=1) as opened:
        yield opened


@pytest.fixture
def client(runtime):
    return create_app(runtime).test_client()


TASK = {
    "prompt": "In exactly one word: what is the capital of France?",
    "response": "Paris",
    "criteria": [
        {"id": "C1", "text": 'Mentions "Paris".'},
        {"id": "C2", "text": "Is at most 1 word long."},
        {"id": "C3", "text": 'Does not mention "London".'},
    ],
}


@pytest.fixture
def task():
    return json.loads(json.dumps(TASK))


@pytest.fixture
async def sid(client, task):
    opened = await client.post("/api/sessions", json={"task": task})
    return (await opened.get_json())["session_id"]
