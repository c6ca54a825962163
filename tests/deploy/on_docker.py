"""The repository as an operator has it on a server with a Docker engine: a clone of its own, .env, and a shell."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.house.loopback_only import find_free_port
from tests.house.missing import skip_missing
from tests.house.tree import ROOT

BUILD_ON_THE_HOSTS_NETWORK = "services: {model-hunter: {build: {network: host}}, dashboard: {build: {network: host}}}\n"
"""For machines whose containers reach no package index; elsewhere it changes nothing."""
PORTS = ("HUNTER_HTTP_PORT", "HUNTER_API_PORT", "HUNTER_DASHBOARD_PORT", "HUNTER_HTTPS_PORT")
GIT = ("git", "-c", "user.name=operator", "-c", "user.email=operator@localhost")


@dataclass(frozen=True)
class Server:
    folder: Path
    environment: dict[str, str]

    def port(self, name: str) -> int:
        """One of PORTS."""
        return int(self.environment[name])

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port('HUNTER_HTTP_PORT')}"

    def run(self, *words: str, within_s: float = 300.0) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=within_s
        )

    def must(self, *words: str) -> str:
        done = self.run(*words)
        assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def start(self, *words: str) -> subprocess.Popen[str]:
        """In a session of its own, so that it can be interrupted as from a keyboard."""
        pipe, out = subprocess.PIPE, subprocess.STDOUT
        return subprocess.Popen(
            words, cwd=self.folder, env=self.environment, stdout=pipe, stderr=out, text=True, start_new_session=True
        )

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
def open_server(folder: Path, env_file: Mapping[str, object]) -> Iterator[Server]:
    """A server with this checkout in a repository of its own, `env_file` in its .env, and free ports."""
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode != 0:
        skip_missing("a Docker engine (DOCKER_HOST, or a running dockerd)")
    ports = {name: str(find_free_port()) for name in PORTS}
    apart = f"hunter-test-{os.getpid()}"
    server = Server(folder, os.environ | ports | {"COMPOSE_PROJECT_NAME": apart, "HUNTER_IMAGE": apart})
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, names.stdout.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((ROOT / name).read_bytes())
        (folder / name).chmod((ROOT / name).stat().st_mode)
    (folder / "docker-compose.override.yml").write_text(BUILD_ON_THE_HOSTS_NETWORK)
    if env_file:
        (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in env_file.items()))
    server.must("git", "init", "-q", "-b", "main")
    server.commit("VERSION_NOTE", "one")
    try:
        yield server
    finally:
        server.run("docker-compose", "down", "-v", "--remove-orphans", "-t", "5")
        made = server.must(
            "docker", "images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", f"reference={apart}-*"
        )
        server.run("docker", "rmi", *made.split())
