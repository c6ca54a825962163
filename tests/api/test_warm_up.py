"""A start imports what it needs; the rest is loaded right after it, before the first session needs it."""

import os
import subprocess
import sys

from api.warm_up import MODULES, build_schemas, warm_up
from core.domain.value import Value
from tests.house.tree import ROOT

NOT_AT_START = (
    *MODULES, "alembic", "duckdb", "httpx2", "markdown_it", "numpy", "pandas", "prometheus_client", "redis", "scipy",
    "sqlalchemy", "streamlit",
)  # fmt: skip
FIRST_SESSION = """
import asyncio, sys
from api.app import create_app
from api.warm_up import warm_up
from core.runtime import open_runtime
from tests.settings import make_settings

async def main():
    settings = make_settings(library__url="off")
    async with open_runtime(settings) as runtime:
        client = create_app(runtime).test_client()
        await client.get("/api/health/ready")
        await warm_up()
        before = set(sys.modules)
        opened = await (await client.post("/api/sessions", json={"example": "word-budget"})).json
        runs = f"/api/sessions/{opened['session_id']}/runs"
        started = await client.post(runs, json={"models": ["simulated/hasty"], "hunts": 2})
        assert started.status_code == 202, await started.json
        assert (await client.post("/api/markdown", json={"text": "**a**"})).status_code == 200
        while (await (await client.get(f"/api/sessions/{opened['session_id']}")).json)["counts"]["done"] < 2:
            await asyncio.sleep(0.02)
        print(sorted(set(sys.modules) - before))

asyncio.run(main())
"""


def run_python(script, folder):
    command, environment = [sys.executable, "-c", script], {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()[-1]


def test_a_start_does_not_import_what_few_processes_need(tmp_path):
    script = f"import api.__main__, sys; print([name for name in {NOT_AT_START!r} if name in sys.modules])"
    assert run_python(script, tmp_path) == "[]"


def test_the_first_session_and_run_import_nothing(tmp_path):
    assert run_python(FIRST_SESSION, tmp_path) == "[]"


async def test_everything_left_out_is_loaded_and_every_schema_can_be_built():
    class Broken(Value, defer_build=True):
        number: int

    assert not Broken.__pydantic_complete__
    await warm_up()
    assert set(MODULES) <= set(sys.modules)
    assert Broken.__pydantic_complete__
    build_schemas(Broken)
