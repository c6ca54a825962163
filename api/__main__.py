"""`python -m api` serves the API and the hunting page."""

from __future__ import annotations

import signal
import sys

# In a container this is process 1, and the kernel drops signals that process 1 does not handle: a SIGTERM during
# start-up would be lost, and the process killed at the end of the grace period. run_server installs its own handlers.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

from core.garbage import collect_rarely, collection_paused

with collection_paused():
    import structlog
    import uvloop

    from api.server import run_server
    from core.env_file import load_env_file
    from core.errors import BadInput
    from core.logs import configure_logs
    from core.settings import read_settings, settings_warnings

log = structlog.get_logger(__name__)


def main() -> int:
    try:
        load_env_file()
        settings = read_settings()
        configure_logs(settings)
        for warning in settings_warnings(settings):
            log.warning(warning.text, variable=warning.variable, meant=warning.meant)
        collect_rarely()
        uvloop.run(run_server(settings))
    except BadInput as error:
        sys.stderr.write(f"{error.message} {error.hint}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
