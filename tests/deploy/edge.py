"""A real nginx with the configuration of nginx/, of which only place/ is exchanged: addresses, ports, folders."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.deploy.names import NameServer, open_names
from tests.house.loopback_only import find_free_port
from tests.house.missing import require_program
from tests.house.tree import ROOT

START_DEADLINE_S = 10.0
API, DASHBOARD = "model-hunter", "dashboard"
"""The names of the services in docker-compose.yml, and what nginx asks the name server for."""


@dataclass(frozen=True)
class Edge:
    folder: Path
    names: NameServer
    process: asyncio.subprocess.Process
    public_port: int
    api_port: int
    dashboard_port: int
    tls_port: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.public_port}"

    @property
    def switch(self) -> Path:
        return self.folder / "switch" / "maintenance"

    def log(self) -> str:
        return (self.folder / "access.log").read_text(encoding="utf-8")

    def errors(self) -> str:
        return (self.folder / "error.log").read_text(encoding="utf-8")


@asynccontextmanager
async def open_edge(
    folder: Path,
    *,
    api_port: int,
    dashboard_port: int = 1,
    changes: Mapping[str, str] | None = None,
    certificate: tuple[Path, Path] | None = None,
) -> AsyncIterator[Edge]:
    """nginx (waiting for a replica a tenth as long) before whatever `edge.names.addresses` leads to. `changes`: text in the configuration that is replaced,
    to make long times short; each has to be there. `certificate` (and key): with TLS."""
    program = require_program("nginx", "nginx")
    ports = {name: find_free_port() for name in ("public", "api", "dashboard", "tls")}
    async with open_names() as names:
        names.addresses |= {API: [], DASHBOARD: ["127.0.0.1"]}
        lay_out(folder, ports, names.port, api_port, dashboard_port, changes or {})
        if certificate:
            shutil.copy(certificate[0], folder / "tls" / "fullchain.pem")
            shutil.copy(certificate[1], folder / "tls" / "privkey.pem")
            shutil.copy(folder / "tls.conf", folder / "optional" / "tls.conf")
        process = await asyncio.create_subprocess_exec(
            str(program), "-p", str(folder), "-c", "nginx.conf", "-e", str(folder / "error.log"), "-g", "daemon off;"
        )
        edge = Edge(folder, names, process, ports["public"], ports["api"], ports["dashboard"], ports["tls"])
        try:
            async with asyncio.timeout(START_DEADLINE_S):
                await _listens(edge)
            yield edge
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


def lay_out(
    folder: Path,
    ports: Mapping[str, int],
    names_port: int,
    api_port: int,
    dashboard_port: int,
    changes: Mapping[str, str],
) -> None:
    shutil.copytree(ROOT / "nginx", folder, ignore=shutil.ignore_patterns("maintenance", "*.pem"))
    for wanted, instead in changes.items():
        found = [path for path in folder.glob("*.conf") if wanted in path.read_text(encoding="utf-8")]
        assert found, f"nothing in nginx/*.conf says {wanted!r}"
        for path in found:
            path.write_text(path.read_text(encoding="utf-8").replace(wanted, instead), encoding="utf-8")
    waiting = folder / "waiting.conf"
    waits = waiting.read_text(encoding="utf-8")
    assert "auth_delay 1s;" in waits
    waiting.write_text(re.sub(r"auth_delay (\d)s;", r"auth_delay \g<1>00ms;", waits), encoding="utf-8")
    place = folder / "place"
    there = (place / "http.conf").read_text(encoding="utf-8")
    for wanted, instead in {
        " /tmp/": f" {folder}/tmp-",
        "/dev/stdout": f"{folder}/access.log",
        "127.0.0.11 valid=1s": f"127.0.0.1:{names_port} valid=1s",
        f"{API}:8000": f"{API}:{api_port}",
        f"{DASHBOARD}:8001": f"{DASHBOARD}:{dashboard_port}",
    }.items():
        assert wanted in there
        there = there.replace(wanted, instead)
    (place / "http.conf").write_text(there, encoding="utf-8")
    main = (place / "main.conf").read_text(encoding="utf-8")
    main = main.replace("/tmp/nginx.pid", f"{folder}/nginx.pid").replace("/dev/stderr", f"{folder}/error.log")
    (place / "main.conf").write_text(f"user root;\n{main}", encoding="utf-8")
    folders = (place / "folders.conf").read_text(encoding="utf-8")
    folders = folders.replace("/etc/nginx", str(folder)).replace("/tmp/https-port.conf", f"{folder}/https-port.conf")
    (folder / "https-port.conf").write_text(f"set $https_port ':{ports['tls']}';\n")
    (place / "folders.conf").write_text(folders, encoding="utf-8")
    certificate = (place / "certificate.conf").read_text(encoding="utf-8").replace("/etc/nginx", str(folder))
    (place / "certificate.conf").write_text(certificate, encoding="utf-8")
    for name, port in ports.items():
        extra = " ssl http2" if name == "tls" else ""
        (place / f"listen-{name}.conf").write_text(f"listen 127.0.0.1:{port}{extra} default_server;\n")


async def _listens(edge: Edge) -> None:
    while True:
        assert edge.process.returncode is None, edge.errors()
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", edge.public_port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return
