"""deploy.sh in a folder of its own, with a docker that only remembers and an nginx that answers from its world."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.deploy.fake_docker import World, engine, serving
from tests.house.missing import require_program
from tests.house.tree import ROOT


@dataclass(frozen=True)
class Server:
    """One server as an operator has it."""

    folder: Path
    environment: dict[str, str]

    @property
    def world(self) -> World:
        return World(self.folder / "world.json")

    def change(self, **changes: object) -> None:
        world = self.world
        for name, value in changes.items():
            setattr(world, name, value)
        world.save()

    def command(self, *words: str, **variables: str) -> tuple[list[str], dict[str, str]]:
        return ["bash", str(self.folder / "deploy.sh"), *words], self.environment | variables

    def start(self, *words: str, **variables: str) -> subprocess.Popen[str]:
        command, environment = self.command(*words, **variables)
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True, start_new_session=True)

    def run(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        command, environment = self.command(*words, **variables)
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30)

    def revisions(self, service: str = "model-hunter") -> list[str]:
        return [one["image"] for one in self.world.of(service)]

    def current(self) -> str:
        path = self.folder / ".deploy" / "current"
        return path.read_text().strip() if path.exists() else ""

    def releases(self) -> list[str]:
        return [line.split()[0] for line in (self.folder / ".deploy" / "releases").read_text().splitlines()]


@contextmanager
def open_server(folder: Path) -> Iterator[Server]:
    tools = folder / "bin"
    tools.mkdir(parents=True)
    # Releases are named after the second; here every call is a second of its own. Git tells a new revision each time.
    clock, revision = folder / "clock", folder / "revision"
    script(tools / "date", f'echo x >>"{clock}"; printf "20260101-%06d\\n" "$(wc -l <"{clock}")"')
    # Revisions are as old as their names sort.
    older = 'printf "%s\\n" "$3" "$4" | sort -c 2>/dev/null'
    script(tools / "git", f'case $1 in rev-parse) cat "{revision}" ;; merge-base) {older} ;; esac')
    # The script looks again every second; here nothing takes that long.
    script(tools / "sleep", f"exec {require_program('sleep', 'coreutils')} 0.05")
    revision.write_text("rev1\n")
    for name in ("deploy.sh", "docker-compose.yml"):
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / "deploy", folder / "deploy")
    (folder / "nginx" / "switch").mkdir(parents=True)
    with answering(folder) as port, engine(folder) as program:
        for name in ("docker", "docker-compose"):
            script(tools / name, program)
        environment = {
            "PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(folder),
            "HUNTER_API_PORT": str(port), "HUNTER_NAMES_WAIT": "0", "HUNTER_READY_WAIT": "2", "HUNTER_PROOFS": "2",
        }  # fmt: skip
        server, world = Server(folder, environment), World(folder / "world.json")
        world.start("nginx")  # it answers from the beginning, as what stands in its place does
        world.save()
        yield server


def script(path: Path, body: str) -> None:
    path.write_text(body if body.startswith("#!") else f"#!/usr/bin/env bash\n{body}\n")
    path.chmod(0o755)


@contextmanager
def answering(folder: Path) -> Iterator[int]:
    """Simulates nginx: the health of the newest API container, or 503 during maintenance."""

    class Edge(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            world = World(folder / "world.json")
            containers = world.of("model-hunter")
            closed = (folder / "nginx" / "switch" / "maintenance").exists() and not self.path.startswith("/api/health")
            revision = containers[-1]["image"] if containers else ""
            told = {"revision": "another" if revision == world.bad else revision}
            body = json.dumps(told, separators=(",", ":"))
            self.send_response(503 if closed else 200 if containers else 502)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with serving(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Edge)) as port:
        yield port
