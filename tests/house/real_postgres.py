"""A real PostgreSQL of our own for tests: one cluster per test session, on a free loopback port, in a temporary folder,
and a new database for each test.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.house.loopback_only import find_free_port
from tests.house.missing import skip_missing

START_DEADLINE_S = 30.0
USER = "postgres"


def find_programs() -> Path:
    """The folder of Debian's newest PostgreSQL; skips if there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if not found:
        skip_missing("postgres (sudo apt-get install -y postgresql)")
    return found[-1].parent


def identity() -> dict[str, Any]:
    """PostgreSQL does not run as root; Debian's package brings a user of its own."""
    if os.getuid() != 0:
        return {}
    try:
        user = pwd.getpwnam(USER)
    except KeyError:
        skip_missing(f"the user {USER} (sudo apt-get install -y postgresql)")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@dataclass
class PostgresServer:
    """One cluster. A test that stops or pauses it starts or resumes it again."""

    programs: Path
    folder: Path
    port: int = field(default_factory=find_free_port)
    process: subprocess.Popen[bytes] | None = None
    numbers: Iterator[int] = field(default_factory=count)

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def create_cluster(self) -> None:
        command = [self.programs / "initdb", "-D", self.folder / "data", "-U", USER, "-A", "trust", "-E", "UTF8"]
        self._run([*command, "--no-sync", "--locale=C.UTF-8"])

    def start(self) -> None:
        assert self.process is None, "this PostgreSQL runs already"
        options = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
            "shared_buffers": "32MB",
        }
        command = [str(self.programs / "postgres"), "-D", str(self.folder / "data"), "-p", str(self.port)]
        command += [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "postgres.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **identity())
        deadline = time.monotonic() + START_DEADLINE_S
        while not self._is_ready():
            assert time.monotonic() < deadline, f"postgres did not start; see {self.folder}/postgres.log"
            time.sleep(0.05)

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """Ends the process and disconnects its clients; its data is there again after `start`. SIGQUIT: at once, as a
        power cut does."""
        if self.process is not None:
            process, self.process = self.process, None
            process.send_signal(number)
            process.wait(START_DEADLINE_S)

    def new_database(self) -> str:
        """The address of a new, empty database."""
        name = f"test_{next(self.numbers)}"
        self._run([self.programs / "createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", USER, name])
        return self.url(name)

    def _is_ready(self) -> bool:
        command = [self.programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(command, check=False).returncode == 0

    def _run(self, command: list[Any]) -> None:
        done = subprocess.run([str(word) for word in command], capture_output=True, check=False, **identity())
        assert done.returncode == 0, done.stderr.decode()


@contextmanager
def open_postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL apart from the shared one: to break for good."""
    programs = find_programs()
    folder = Path(tempfile.mkdtemp(prefix="hunter-postgres-"))
    if owner := identity():
        os.chown(folder, owner["user"], owner["group"])
    server = PostgresServer(programs, folder)
    try:
        server.create_cluster()
        server.start()
        yield server
    finally:
        server.stop(signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_process() -> Iterator[PostgresServer]:
    with open_postgres() as server:
        yield server


@pytest.fixture
def postgres_server(postgres_process: PostgresServer) -> PostgresServer:
    """The shared PostgreSQL, running, whatever the test before did to it."""
    if postgres_process.process is None:
        postgres_process.start()
    return postgres_process
