"""`serve` and `dashboard` start the servers.

The core imports neither: each runs like `python -m`, but in this process, so that it receives signals and no folder
`api` or `core` of the working directory is imported instead.
"""

from __future__ import annotations

import runpy
import sys
from collections.abc import Sequence
from importlib import metadata
from importlib.util import find_spec
from typing import NoReturn

from core.distribution import NAME
from core.env_file import load_env_file
from core.errors import BadInput
from core.settings import ServerSettings, read_settings

DASHBOARD_PACKAGES = ("streamlit", "pandas", "duckdb", "altair")
"""Packages in requirements/dashboard.in that requirements/api.in lacks."""


def serve(command: str) -> NoReturn:
    """Run the API (`serve`) or the dashboard until it is stopped. Raises BadSettings, and BadInput if packages are
    missing."""
    if command == "dashboard":
        sys.argv = ["streamlit", "run", *_dashboard_arguments()]
    runpy.run_module("streamlit" if command == "dashboard" else "api", run_name="__main__", alter_sys=True)
    sys.exit()


def _dashboard_arguments() -> tuple[str, ...]:
    load_env_file()
    settings = read_settings()
    missing = [name for name in DASHBOARD_PACKAGES if find_spec(name) is None]
    if missing:
        raise BadInput(
            f"The dashboard needs packages that are not installed: {', '.join(missing)}.",
            hint=f"Install them: {_install_command(missing)}",
        )
    settings.reject_open_access(settings.server.dashboard_host, "DASHBOARD_HOST")
    return streamlit_arguments(settings.server)


def streamlit_arguments(settings: ServerSettings) -> tuple[str, ...]:
    """Arguments of `streamlit run`; other options are in dashboard_app/.streamlit/config.toml."""
    main = find_spec("dashboard_app.main")
    script = str(main.origin) if main else "dashboard_app/main.py"
    return (script, f"--server.port={settings.dashboard_port}", f"--server.address={settings.dashboard_host}")


def _install_command(missing: Sequence[str]) -> str:
    """Lists the packages instead of `model-hunter[dashboard]`: an index may have another project of that name."""
    try:
        wanted = metadata.requires(NAME) or ()
    except metadata.PackageNotFoundError:
        return "make setup-run"
    packages = (text.partition(";")[0].strip() for text in wanted if text.startswith(tuple(missing)))
    return " ".join(["pip install", *(f"'{package}'" for package in packages)])
