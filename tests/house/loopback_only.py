"""Tests talk to this machine only: no paid service, no name server, from whatever test.

Three fences, each alone enough for what it covers:
1. `make test` runs in a network that holds nothing but loopback (tools/offline.py; root on Linux).
2. Python's own sockets refuse every address that is not loopback.
3. Keys are taken out of the environment, and proxies in it lead to a closed port: that holds for started
   processes and for clients written in other languages (pyreqwest) on machines without the first fence.
"""

import ipaddress
import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest

CLOSED_PORT = "http://127.0.0.1:9"  # "discard": nothing listens there
PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
LOOPBACK_NAMES = {"localhost", "localhost.localdomain", "ip6-localhost", socket.gethostname()}


class OutsideWorld(AssertionError):
    """A test tried to leave this machine. Not an OSError: code that retries those must not swallow it."""


def is_here(host: object) -> bool:
    """Whether a host, as given to `connect` or `getaddrinfo`, is this machine."""
    if host is None or host == "":
        return True
    name = host.decode() if isinstance(host, bytes) else str(host)
    try:
        address = ipaddress.ip_address(name.split("%")[0])
    except ValueError:
        return name.lower() in LOOPBACK_NAMES
    return address.is_loopback or address.is_unspecified


def _refuse_outside(host: object) -> None:
    if not is_here(host):
        raise OutsideWorld(f"a test tried to reach {host!r}; tests reach this machine only")


def _guarded_method(name: str) -> Any:
    original = getattr(socket.socket, name)

    def guarded(self: socket.socket, *arguments: Any) -> Any:
        address = arguments[-1] if arguments else None
        if self.family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple):
            _refuse_outside(address[0])
        return original(self, *arguments)

    return guarded


def _guarded_lookup(name: str) -> Any:
    original = getattr(socket, name)

    def guarded(host: Any, *arguments: Any, **named: Any) -> Any:
        _refuse_outside(host)
        return original(host, *arguments, **named)

    return guarded


@pytest.fixture(scope="session", autouse=True)
def loopback_only() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for method in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, method, _guarded_method(method))
        for lookup in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
            patch.setattr(socket, lookup, _guarded_lookup(lookup))
        for variable in PROXY_VARIABLES:
            patch.setenv(variable, CLOSED_PORT)
        for variable in ("NO_PROXY", "no_proxy"):
            patch.setenv(variable, "127.0.0.1,localhost,::1")
        for variable in [name for name in os.environ if name.endswith("_API_KEY")]:
            patch.delenv(variable)
        for variable in (
            "REDIS_URL",
            "OPENAI_COMPATIBLE",
            "HUNTER_TOKENS",
            "PUBLISHED_ON",
            "HUNTER_HOSTS",
            "TRUSTED_PROXIES",
        ):  # a developer's own
            patch.delenv(variable, raising=False)
        yield


@pytest.fixture
def free_port() -> int:
    """A port on 127.0.0.1 that nothing listens on just now."""
    return find_free_port()


def find_free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
