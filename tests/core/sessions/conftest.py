"""A runtime whose Redis the test may stop."""

import pytest

from core.runtime import open_runtime
from tests.core.sessions.outages import settings_for


@pytest.fixture
async def runtime(redis_server, tmp_path):
    async with open_runtime(settings_for(redis_server, tmp_path)) as opened:
        assert opened.store.state().backend == "redis"
        yield opened


@pytest.fixture
def store(runtime):
    return runtime.store
