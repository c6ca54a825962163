"""A real Redis of our own for tests: one process per test session, on a free loopback port, nothing on disk
outside its temporary folder, and with levers to break it.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.house.loopback_only import find_free_port
from tests.house.missing import require_program

START_DEADLINE_S = 10.0
STOP_GRACE_S = 5.0


@dataclass
class RedisServer:
    """One redis-server process. A test that stops or pauses it starts or resumes it again."""

    program: Path
    folder: Path
    port: int = field(default_factory=find_free_port)
    process: subprocess.Popen[bytes] | None = None
    options: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        assert self.process is not None, "this Redis is stopped"
        return self.process.pid

    def start(self) -> None:
        """Starts with what `stop(save=True)` left in the folder, or empty, and waits for PONG."""
        assert self.process is None, "this Redis runs already"
        place = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder)]
        quiet = ["--save", "", "--appendonly", "no", "--daemonize", "no", "--logfile", "redis.log"]
        command = [str(self.program), *place, *quiet, *self.options]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + START_DEADLINE_S
        while self._say("PING") != b"+PONG":
            assert time.monotonic() < deadline, f"redis-server did not start; see {self.folder}/redis.log"
            time.sleep(0.02)

    def stop(self, *, save: bool = False) -> None:
        """Ends the process; with `save` its data is there again after `start`."""
        if self.process is None:
            return
        process, self.process = self.process, None
        process.send_signal(signal.SIGCONT)
        if save:
            self._say("SAVE")
        process.terminate()
        try:
            process.wait(STOP_GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def kill(self) -> None:
        """Ends it as a power cut does: nothing saved, nothing said."""
        assert self.process is not None, "this Redis is stopped"
        self.process.kill()
        self.process.wait()
        self.process = None

    def restart(self, *, save: bool = False) -> None:
        self.stop(save=save)
        self.start()

    def pause(self) -> None:
        """Hangs it: connections stay open, nobody answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    @contextmanager
    def paused(self) -> Iterator[None]:
        self.pause()
        try:
            yield
        finally:
            self.resume()

    def empty(self) -> None:
        assert self._say("FLUSHALL") == b"+OK"

    def _say(self, command: str) -> bytes:
        """One plain command over a socket of its own, so that no client library is in the way."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
                connection.sendall(command.encode() + b"\r\n")
                return connection.recv(512).strip()
        except OSError:
            return b""


@contextmanager
def open_redis(*options: str) -> Iterator[RedisServer]:
    """A Redis apart from the shared one: to break for good, or with options (`"--maxmemory", "4mb"`)."""
    program = require_program("redis-server", "redis-server")
    folder = Path(tempfile.mkdtemp(prefix="hunter-redis-"))
    server = RedisServer(program, folder, options=options)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def redis_process() -> Iterator[RedisServer]:
    """The shared process of this test session (of this worker, with xdist)."""
    with open_redis() as server:
        yield server


@pytest.fixture
def redis_server(redis_process: RedisServer) -> RedisServer:
    """The shared Redis, running and empty, whatever the test before did to it."""
    if redis_process.process is None:
        redis_process.start()
    redis_process.resume()
    redis_process.empty()
    return redis_process
