"""What `python -m api` says of its settings when it starts."""

import asyncio
import json
import os
import sys

import pytest

from tests.e2e.api_process import open_api
from tests.house.tree import ROOT

pytestmark = pytest.mark.e2e


async def test_a_default_judge_that_is_none_is_refused_at_the_start(tmp_path):
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "API_PORT": "0", "TELEMETRY_DIR": str(tmp_path), "DEFAULT_JUDGE": "foo",
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "api", cwd=tmp_path, env=environment, stderr=asyncio.subprocess.PIPE
    )
    _, err = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 2
    assert err.decode().splitlines()[-1].startswith('DEFAULT_JUDGE: "foo" is not a known model.')
    assert b"Traceback" not in err


async def test_a_misspelt_setting_is_one_warning_in_the_log(tmp_path):
    async with open_api(tmp_path, OPENROUTER_CONCURENCY="9") as api:
        said = [json.loads(line) for line in api.said().splitlines() if "CONCURENCY" in line]
    assert [(line["level"], line["event"]) for line in said] == [
        ("warning", "Unknown setting OPENROUTER_CONCURENCY ignored; did you mean OPENROUTER_CONCURRENCY?")
    ]
