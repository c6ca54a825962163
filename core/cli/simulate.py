"""`python -m core simulate`: the simulated provider as an HTTP server, until Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
import sys

import uvloop

from core.cli.output import to_stdout
from core.settings import read_settings
from core.simulator.script import DESCRIPTIONS, Script, read_script
from core.simulator.server import SimulatedServer, open_server


def simulate(host: str, port: int, script: str = "") -> int:
    """Serve `script` (JSON; without one, SIMULATED_SCRIPT) on `host` and `port` (0: any free one) until stopped.

    Returns the exit code: 0 after Ctrl-C, 1 if it cannot listen. Raises BadSettings for an invalid script.
    """
    read = read_script(script or read_settings().providers.simulated_script)
    try:
        uvloop.run(_serve(read, host, port))
    except OSError as error:
        print(f"Cannot listen on {host}:{port}: {error}. Choose another port with --port.", file=sys.stderr)
        return 1
    return 0


async def _serve(script: Script, host: str, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with open_server(script, host, port) as server:
        with to_stdout():
            print(greeting(host, server))
        await stop.wait()
    calls = server.counters.total.calls
    with to_stdout():
        print(f"\nStopped after {calls} simulated call{'' if calls == 1 else 's'}.")


def greeting(host: str, server: SimulatedServer) -> str:
    """Usage instructions for the server."""
    shown_host = "127.0.0.1" if host in {"0.0.0.0", "::", ""} else f"[{host}]" if ":" in host else host  # noqa: S104 – to name it
    base = f"http://{shown_host}:{server.port}"
    default = server.script.behavior_of("any other")
    models = "\n".join(f"  {name:<8} {about}" for name, about in DESCRIPTIONS.items())
    return f"""\
SIMULATED provider on {base} – replies come from no real model and cost nothing.

To use it instead of a real provider, start Model Hunter with:
  OPENROUTER_BASE_URL={base}/v1 OPENROUTER_API_KEY=simulated make run
  (or OPENAI_, FIREWORKS_)

Models:
{models}
  any other name answers after {default.target_latency_ms:g} ms, as a judge after {default.judge_latency_ms:g} ms

  curl {base}/sim/counters    its counters: calls and maximum in flight, per model and account
  Ctrl-C stops it. docs/simulated.md lists the --script options."""
