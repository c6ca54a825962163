"""The listening socket, and how it is closed without failing a request that is just arriving (decision 0051).

A plain close resets every connection that the system has completed and that nobody has accepted yet; a proxy may not
repeat a POST that it has sent there. So first no new connection is completed any more, then those that wait are
accepted, then the socket goes.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import socket
import struct
import sys

import structlog

from core.errors import BadSettings
from core.settings import ServerSettings

log = structlog.get_logger(__name__)
SO_ATTACH_FILTER = 26  # <asm-generic/socket.h>
DROP_EVERYTHING = struct.pack("=HBBI", 0x06, 0, 0, 0)  # one instruction of classic BPF: return 0 bytes
LAST_ARRIVALS_S = 0.1
"""From the closed door to the closed socket: many rounds of the event loop, each of which accepts what waits."""


def take_port(settings: ServerSettings) -> socket.socket:
    """A socket that has the port but does not listen yet: until the process can serve, connections are refused, so
    that a proxy asks elsewhere. Raises BadSettings when the port cannot be had.
    """
    host, port = settings.api_host, settings.api_port
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise BadSettings(
            f"Cannot listen on {host}:{port} ({os.strerror(error.errno or 0)}).",
            hint="Stop the program that has the port, or set API_PORT (or API_HOST) to another.",
        ) from error
    listener.setblocking(False)
    return listener


async def turn_away(listener: socket.socket) -> None:
    """No new connection is completed; those that were are accepted by whoever serves the socket.

    Linux only (elsewhere, nothing is deployed this way), and not on kernels that keep packet filters for privileged
    processes: there the socket is closed at once, which is said in the log. Open connections are not touched.
    """
    if sys.platform != "linux":
        return
    program = ctypes.create_string_buffer(DROP_EVERYTHING, len(DROP_EVERYTHING))
    try:
        listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", 1, ctypes.addressof(program)))
    except PermissionError:
        log.warning("this kernel lets no unprivileged process filter its own socket: who arrives this instant is reset")
        return
    await asyncio.sleep(LAST_ARRIVALS_S)
