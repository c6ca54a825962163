"""`make run`: the API and the dashboard side by side, started together and ended together.

Loads .env where there is one (what the environment already says wins), looks whether the ports are free
before it starts anything, greets when both answer, and ends both on Ctrl-C. Exit code 0 when a person ended
it, 1 when something could not start or ended by itself.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from core.env_file import load_env_file
from core.errors import BadSettings
from core.settings import Settings, read_settings
from tools.greeting import greeting
from tools.parts import CannotStart, parts_of, require_free_ports
from tools.side_by_side import Ended, run_side_by_side

ROOT = Path(__file__).resolve().parent.parent
START_DEADLINE_S = 90.0  # far above any start that still deserves the name
STOP_SLACK_S = 5.0  # on top of DRAIN_TIMEOUT, the time that hunts get to finish
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def run_until_stopped(settings: Settings) -> None:
    """Returns when a person asked it to stop; raises CannotStart or Ended."""
    settings.reject_open_access(settings.server.api_host, "API_HOST")
    settings.reject_open_access(settings.server.dashboard_host, "DASHBOARD_HOST")
    parts = parts_of(settings.server)
    require_free_ports(parts)

    async def greet() -> None:
        print(await greeting(*parts), flush=True)

    running = asyncio.create_task(
        run_side_by_side(
            parts, greet, start_deadline_s=START_DEADLINE_S, stop_grace_s=settings.server.drain_timeout_s + STOP_SLACK_S
        ),
        name="make run",
    )

    def end() -> None:  # a second time while stopping cuts the grace short
        if not running.cancelling():
            print(
                f"\nStopping: running hunts have {settings.server.drain_timeout_s:g} s to finish. "
                "Ctrl-C again stops at once.",
                flush=True,
            )
        running.cancel()

    for number in STOP_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, end)
    try:
        await running
    except asyncio.CancelledError:
        print("\nStopped.", flush=True)


def main() -> int:
    os.chdir(ROOT)
    try:
        load_env_file()
        asyncio.run(run_until_stopped(read_settings()))
    except BadSettings as problem:
        print(f"\n{problem.message}\n{problem.hint}", file=sys.stderr)
        return 1
    except (CannotStart, Ended) as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
