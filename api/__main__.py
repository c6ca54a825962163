"""`python -m api` serves the API and the hunting page alone."""

from __future__ import annotations

import sys

import uvloop

from api.server import run_server
from core.errors import BadInput
from core.garbage import collect_rarely
from core.logs import configure_logs
from core.settings import read_settings


def main() -> int:
    try:
        settings = read_settings()
        configure_logs(settings)
        collect_rarely()
        uvloop.run(run_server(settings))
    except BadInput as error:
        sys.stderr.write(f"{error.message} {error.hint}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
