"""The two parts that `make run` starts: how each is started, where it answers, and whether it can start."""

import errno
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from core.cli.serving import streamlit_arguments
from core.settings import ServerSettings

REACHED_AT = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound


class CannotStart(Exception):
    """The problem, and what the reader can do about it."""


@dataclass(frozen=True)
class Part:
    """One process of ours that answers HTTP."""

    name: str
    command: tuple[str, ...]
    host: str
    port: int
    port_variable: str
    health_path: str
    prints: bool = True  # False drops its standard output; what goes wrong is on standard error anyway

    @property
    def address(self) -> str:
        """Where a person on this machine reaches it, without a closing slash."""
        host = REACHED_AT.get(self.host, self.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def health_url(self) -> str:
        return self.address + self.health_path


def parts_of(settings: ServerSettings) -> tuple[Part, Part]:
    """The API and the dashboard, in this order."""
    api = Part(
        name="API",
        command=(sys.executable, "-m", "api"),
        host=settings.api_host,
        port=settings.api_port,
        port_variable="API_PORT",
        health_path="/api/health",
    )
    dashboard = Part(
        name="dashboard",
        command=(sys.executable, "-m", "streamlit", "run", *streamlit_arguments(settings)),
        host=settings.dashboard_host,
        port=settings.dashboard_port,
        port_variable="DASHBOARD_PORT",
        health_path="/_stcore/health",
        prints=False,  # Streamlit's own greeting names addresses that are not ours
    )
    return api, dashboard


def require_free_ports(parts: Sequence[Part]) -> None:
    """Raises CannotStart if a part cannot listen on its configured address."""
    taken: dict[int, Part] = {}
    for part in parts:
        if part.port == 0:
            raise CannotStart(f"{part.port_variable} is 0: make run needs a port that it can name.")
        if part.port in taken:
            both = f"{taken[part.port].port_variable} and {part.port_variable}"
            raise CannotStart(f"{both} are both {part.port}: give one of them another port.")
        taken[part.port] = part
        _require_free_port(part)


def _require_free_port(part: Part) -> None:
    family = socket.AF_INET6 if ":" in part.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port just left is free
        try:
            probe.bind((part.host, part.port))
        except OSError as problem:
            in_use = problem.errno == errno.EADDRINUSE
            words = "is in use" if in_use else f"of {part.host} cannot be used ({problem.strerror or problem})"
            raise CannotStart(
                f"Port {part.port} {words}, so the {part.name} cannot start. Set {part.port_variable} "
                f"to another port, for example: {part.port_variable}={part.port % 60000 + 100} make run"
            ) from problem
