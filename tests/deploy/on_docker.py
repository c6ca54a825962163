"""The repository as an operator has it on a server with a Docker engine: a clone of its own, .env, and a shell."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.house.loopback_only import find_free_port
from tests.house.missing import could_not_be_had
from tests.house.tree import ROOT

BUILD_ON_THE_HOSTS_NETWORK = "services: {model-hunter: {build: {network: host}}, dashboard: {build: {network: host}}}\n"
"""For machines whose containers reach no package index; elsewhere it changes nothing."""
SCRIPT = {"seed": 5, "target_latency_ms": 700, "judge_latency_ms": 20, "chunk_chars": 200}
GIT = ("git", "-c", "user.name=operator", "-c", "user.email=operator@localhost")


@dataclass(frozen=True)
class Server:
    folder: Path
    environment: dict[str, str]
    address: str
    api_port: int

    def run(self, *words: str, within_s: float = 300.0) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=within_s
        )

    def must(self, *words: str) -> str:
        done = self.run(*words)
        assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    async def begin(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The same, while the test does other things."""
        return await asyncio.to_thread(self.run, *words)

    def compose(self, *words: str) -> str:
        return self.must("docker-compose", *words)

    def containers(self, service: str) -> list[str]:
        return self.compose("ps", "-q", service).split()

    def commit(self, name: str, text: str) -> str:
        """A new revision with that file in it; its short name."""
        (self.folder / name).write_text(text, encoding="utf-8")
        self.must(*GIT, "add", "-A")
        self.must(*GIT, "commit", "-qm", name)
        return self.must("git", "rev-parse", "--short=12", "HEAD").strip()


@contextmanager
def open_server(folder: Path) -> Iterator[Server]:
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode != 0:
        could_not_be_had("a Docker engine (DOCKER_HOST, or a running dockerd)")
    ports = [find_free_port() for _ in range(3)]
    environment = os.environ | {
        "COMPOSE_PROJECT_NAME": f"hunter{os.getpid()}", "COMPOSE_FILE": "docker-compose.yml:compose.local.yml",
    }  # fmt: skip
    server = Server(folder, environment, f"http://127.0.0.1:{ports[0]}", ports[1])
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, names.stdout.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((ROOT / name).read_bytes())
        (folder / name).chmod((ROOT / name).stat().st_mode)
    (folder / "compose.local.yml").write_text(BUILD_ON_THE_HOSTS_NETWORK)
    settings = {
        "HUNTER_HTTP_PORT": ports[0], "HUNTER_API_PORT": ports[1], "HUNTER_DASHBOARD_PORT": ports[2],
        "HUNTER_REPLICAS": 2, "SIMULATED_SCRIPT": json.dumps(SCRIPT), "SIMULATED_CONCURRENCY": 6,
        # Builds and tests share the machine with the stack: a busy Redis is not one that went away.
        "REDIS_TIMEOUT": 5,
    }  # fmt: skip
    (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    server.must("git", "init", "-q")
    try:
        yield server
    finally:
        server.run("docker-compose", "down", "-v", "--remove-orphans", "-t", "5")
