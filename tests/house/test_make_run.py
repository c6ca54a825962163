"""`make run`: starts both or none, ends both, and says in a sentence what is in the way."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from core.settings import ServerSettings
from tests.house.loopback_only import find_free_port
from tests.house.tree import ROOT
from tools.greeting import NO_KEYS, greeting
from tools.parts import CannotStart, Part, parts_of, require_free_ports
from tools.side_by_side import Ended, run_side_by_side

ANSWERS = """
import http.server, json, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps(json.loads(sys.argv[2]).get(self.path)).encode()
        self.send_response(200); self.end_headers(); self.wfile.write(body)
    def log_message(self, *words): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
IGNORES_SIGTERM = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + ANSWERS


def part(name: str = "API", code: str = ANSWERS, answers: str = "{}") -> Part:
    port = find_free_port()
    command = (sys.executable, "-c", code, str(port), answers)
    return Part(name, command, "127.0.0.1", port, f"{name}_PORT", "/health")


def is_listened_on(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def run(*parts: Part, stop_when_up: bool = True, start_deadline_s: float = 20, stop_grace_s: float = 10) -> None:
    """Runs until all answer, then stops them as Ctrl-C does."""
    up = asyncio.Event()

    async def greet() -> None:
        assert all(is_listened_on(part.port) for part in parts)
        up.set()

    task = asyncio.create_task(
        run_side_by_side(parts, greet, start_deadline_s=start_deadline_s, stop_grace_s=stop_grace_s)
    )
    waiting = asyncio.create_task(up.wait())
    await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if stop_when_up and up.is_set():
        task.cancel()
    await task


async def test_both_run_until_they_are_stopped_and_then_neither_is_left() -> None:
    parts = part("API"), part("dashboard")
    with pytest.raises(asyncio.CancelledError):
        await run(*parts)
    assert [is_listened_on(each.port) for each in parts] == [False, False]


async def test_a_part_that_does_not_want_to_end_is_killed_after_the_grace() -> None:
    stubborn = part(code=IGNORES_SIGTERM)
    began = time.monotonic()
    with pytest.raises(asyncio.CancelledError):
        await run(stubborn, stop_grace_s=0.3)
    assert not is_listened_on(stubborn.port)
    assert time.monotonic() - began < 15


async def test_a_part_that_dies_while_starting_ends_the_other_and_is_named() -> None:
    healthy, broken = part("API"), part("dashboard", code="raise SystemExit(3)")
    with pytest.raises(Ended, match=r"The dashboard stopped unexpectedly \(exit code 3\)"):
        await run(healthy, broken)
    assert not is_listened_on(healthy.port)


async def test_a_part_that_dies_later_ends_the_other_and_is_named() -> None:
    dies = "import os, threading; threading.Timer(3, os._exit, [7]).start()\n" + ANSWERS
    healthy, dying = part("dashboard"), part("API", code=dies)
    with pytest.raises(Ended, match=r"The API stopped unexpectedly \(exit code 7\)"):
        await run(healthy, dying, stop_when_up=False)
    assert not is_listened_on(healthy.port)


async def test_a_part_that_never_answers_is_given_up() -> None:
    mute = part("dashboard", code="import time; time.sleep(60)")
    with pytest.raises(CannotStart, match="The dashboard did not answer at"):
        await run(mute, start_deadline_s=0.5)


def test_a_port_in_use_is_named_with_the_variable_to_change(free_port: int) -> None:
    api, dashboard = parts_of(ServerSettings(api_port=find_free_port(), dashboard_port=free_port))
    in_use = pytest.raises(CannotStart, match=rf"^Port {free_port} is in use, .* DASHBOARD_PORT")
    with socket.create_server(("127.0.0.1", free_port)), in_use:
        require_free_ports([api, dashboard])
    require_free_ports([api, dashboard])


def test_one_port_for_both_is_refused() -> None:
    parts = parts_of(ServerSettings(api_port=8000, dashboard_port=8000))
    with pytest.raises(CannotStart, match="API_PORT and DASHBOARD_PORT are both 8000"):
        require_free_ports(parts)


def test_a_foreign_address_is_rejected_with_an_error() -> None:
    parts = parts_of(ServerSettings(api_host="192.0.2.1", api_port=find_free_port()))
    with pytest.raises(CannotStart, match=r"of 192\.0\.2\.1 cannot be used"):
        require_free_ports(parts)


def test_the_address_shown_is_one_that_a_browser_can_open() -> None:
    everywhere, v6 = parts_of(ServerSettings(api_host="0.0.0.0", dashboard_host="::"))
    assert [everywhere.address, v6.address] == ["http://127.0.0.1:8000", "http://[::1]:8001"]


@pytest.mark.parametrize(
    ("answers", "said", "unsaid"),
    [
        ("{}", ["Hunting page", "Dashboard", "Ctrl-C"], ["Sessions", "Providers"]),
        (
            '{"/api/health": {"status": "healthy", "sessions_backend": "memory"},'
            ' "/api/models": {"providers": [{"label": "Simulated", "usable": true, "simulated": true}]}}',
            ["stored in memory", "(set REDIS_URL or LIBRARY_URL to keep them)", NO_KEYS],
            ["degraded"],
        ),
        (
            '{"/api/health": {"status": "healthy", "sessions_backend": "memory"}, "/api/who": {"library": true}}',
            ["stored in the library"],
            ["memory", "REDIS_URL"],
        ),
        (
            '{"/api/health": {"status": "degraded", "reason": "Redis is unreachable", "sessions_backend": "memory"}}',
            ["degraded: Redis is unreachable", "stored in memory until you stop this"],
            ["REDIS_URL"],
        ),
        (
            '{"/api/health": {"status": "degraded", "reason": "Redis is away", "sessions_backend": "redis"},'
            ' "/api/models": {"providers": [{"label": "OpenAI", "usable": true}, {"label": "Fireworks"}]}}',
            ["degraded: Redis is away", "stored in Redis", "OpenAI"],
            ["Fireworks", "simulated"],
        ),
    ],
)
async def test_the_greeting_shows_provider_and_storage(answers: str, said: list[str], unsaid: list[str]) -> None:
    api, greetings = part(answers=answers), []

    async def greet() -> None:
        greetings.append(await greeting(api, api))
        raise Ended("enough")

    with pytest.raises(Ended, match="enough"):
        await run_side_by_side([api], greet, start_deadline_s=20, stop_grace_s=5)
    assert [words for words in said if words not in greetings[0]] == []
    assert [words for words in unsaid if words in greetings[0]] == []


def command_line(**variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    return subprocess.run(
        [sys.executable, "-m", "tools.run"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip


def test_nothing_is_started_when_a_port_is_taken(free_port: int) -> None:
    with socket.create_server(("127.0.0.1", free_port)):
        done = command_line(API_PORT=str(free_port), DASHBOARD_PORT=str(find_free_port()))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.strip().count("\n") == 0
    assert f"Port {free_port} is in use" in done.stderr


def test_an_invalid_setting_is_an_error_message_not_a_traceback() -> None:
    done = command_line(API_PORT="eight thousand")
    assert done.returncode == 1
    assert "API_PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_stops_everything_with_exit_code_0() -> None:
    """The real script, with stand-ins for both halves."""
    ports = {"API_PORT": str(find_free_port()), "DASHBOARD_PORT": str(find_free_port())}
    script = (
        "import sys, dataclasses, tools.run as run\n"
        f"code = {ANSWERS!r}\n"
        "real = run.parts_of\n"
        "def stand_ins(settings):\n"
        "    return tuple(dataclasses.replace(p, command=(sys.executable, '-c', code, str(p.port), '{}'))\n"
        "                 for p in real(settings))\n"
        "run.parts_of = stand_ins\n"
        "sys.exit(run.main())\n"
    )
    environment = {**os.environ, **ports, "PYTHONPATH": str(ROOT)}
    running = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    said = []
    while "Ctrl-C" not in "".join(said):
        said.append(running.stdout.readline())
        assert said[-1], f"it ended: {said}"
    running.send_signal(signal.SIGINT)
    rest, _ = running.communicate(timeout=20)
    assert "Ctrl-C again stops at once." in rest
    assert (running.returncode, rest.strip().splitlines()[-1]) == (0, "Stopped.")
    assert not any(is_listened_on(int(port)) for port in ports.values())
