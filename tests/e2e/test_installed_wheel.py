"""The wheel in an empty environment: the command hunts an example, serves the API with the page, and the dashboard."""

import asyncio
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.house.loopback_only import find_free_port
from tests.house.missing import skip_missing
from tests.house.tree import ROOT

LONG_TEXT = "**bold** words\n\n" * 300
"""Rendered in a process of its own, which has to find the installed code."""


def run(*command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command], cwd=ROOT, env={**os.environ, **variables}, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip


def build_wheel(folder: Path) -> Path:
    built = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder)
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(environment: Path, wheel: str, *options: str) -> None:
    """Install it from what there is on this machine."""
    uv = Path(sys.executable).with_name("uv")
    words = [uv, "pip", "install", "--offline", "--quiet", "--python", environment / "bin" / "python", wheel, *options]
    command = " ".join(shlex.quote(str(word)) for word in words)
    done = run("bash", "-c", f". tools/pip_settings.sh; export_pip_settings {shlex.quote(sys.executable)}; {command}")
    if done.returncode and ("offline" in done.stderr or "not found in the cache" in done.stderr):
        skip_missing("the pinned packages in uv's cache, for an empty environment (rm -rf .venv; make setup)")
    assert done.returncode == 0, done.stderr


class Installed:
    """The command of the environment, in a working folder where other projects' `api` and `core` stand, and `.env`."""

    def __init__(self, environment: Path, parent: Path) -> None:
        self.environment, self.folder = environment, parent / "work"
        self.variables = {name: value for name, value in os.environ.items() if name not in {"ENV_FILE", "PYTHONPATH"}}
        self.folder.mkdir()
        (self.folder / ".env").write_text("TELEMETRY_DIR=records\n")
        for name in ("api", "core"):
            (self.folder / name).mkdir()
            (self.folder / name / "__init__.py").write_text("raise RuntimeError('another project')\n")

    async def start(self, *words: str, **variables: str) -> asyncio.subprocess.Process:
        with (self.folder / f"{words[0]}.log").open("wb") as log:
            return await asyncio.create_subprocess_exec(
                self.environment / "bin" / "model-hunter", *words,
                cwd=self.folder, env={**self.variables, **variables}, stdout=log, stderr=log,
            )  # fmt: skip

    def output(self, command: str) -> str:
        return (self.folder / f"{command}.log").read_text(encoding="utf-8")

    async def run(self, *words: str, **variables: str) -> tuple[int, str]:
        process = await self.start(*words, **variables)
        return await process.wait(), self.output(words[0])

    @asynccontextmanager
    async def serving(self, command: str, variable: str, healthy: str) -> AsyncIterator[httpx.AsyncClient]:
        """A client of the server that `command` starts; it has to end by SIGTERM."""
        port = find_free_port()
        process = await self.start(command, **{variable: str(port)})
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=20) as client:
                async with asyncio.timeout(60):
                    while not await self._answers(client, healthy, process):
                        await asyncio.sleep(0.1)
                yield client
            process.terminate()
            async with asyncio.timeout(30):
                assert await process.wait() in {0, -signal.SIGTERM}, self.output(command)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def _answers(self, client: httpx.AsyncClient, path: str, process: asyncio.subprocess.Process) -> bool:
        assert process.returncode is None, self.output(path)
        try:
            return (await client.get(path)).is_success
        except httpx.ConnectError:
            return False


async def hunt_an_example(installed: Installed) -> None:
    code, output = await installed.run("demo")
    assert code == 0, output
    assert "break hunt" in output
    assert list((installed.folder / "records").glob("*.jsonl")), ".env of the working directory names the folder"


async def serve_the_page(installed: Installed) -> None:
    async with installed.serving("serve", "API_PORT", "/api/health") as api:
        page = await api.get("/")
        assert "Model Hunter" in page.text
        script = page.text.partition('src="/static/v/')[2].partition('"')[0]
        assert (await api.get(f"/static/v/{script}")).status_code == 200
        assert "Sessions" in (await api.get("/docs")).text
        opened = await api.post("/api/sessions", json={"example": "nobel-detective"})
        assert (opened.status_code, opened.json()["warnings"]) == (201, [])
        rendered = await api.post("/api/markdown", json={"text": LONG_TEXT})
        assert rendered.json()["html"].count("<strong>bold</strong>") == 300


async def show_the_dashboard(installed: Installed) -> None:
    async with installed.serving("dashboard", "DASHBOARD_PORT", "/_stcore/health") as dashboard:
        assert "<title>Streamlit</title>" in (await dashboard.get("/")).text
        assert "http://127.0.0.1" in installed.output("dashboard")


async def use_everything(installed: Installed) -> None:
    before = files_of(installed.environment)
    await asyncio.gather(hunt_an_example(installed), serve_the_page(installed), show_the_dashboard(installed))
    assert files_of(installed.environment) == before, "nothing is written beside the installed code"


def files_of(environment: Path) -> set[Path]:
    return {path for path in environment.rglob("*") if path.is_file() and "__pycache__" not in path.parts}


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    made = tmp_path / "environment"
    assert run(sys.executable, "-m", "venv", "--without-pip", made).returncode == 0
    return made


@pytest.fixture
def installed(environment: Path, tmp_path: Path) -> Installed:
    return Installed(environment, tmp_path)


@pytest.mark.e2e
@pytest.mark.timeout(240)
async def test_the_wheel_in_an_empty_environment_hunts_serves_and_shows_the_dashboard(
    installed: Installed, tmp_path: Path
) -> None:
    wheel, pins = build_wheel(tmp_path), ("--constraints", "requirements/dev.txt")
    install(installed.environment, str(wheel), *pins)
    code, output = await installed.run("dashboard")
    assert (code, "Install them: pip install" in output, "'streamlit<2" in output) == (2, True, True), output
    install(installed.environment, f"{wheel}[dashboard]", *pins)
    await use_everything(installed)
