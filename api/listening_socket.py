"""The listening socket, closed without failing requests that are just arriving (decision 0051).

A plain close resets every connection that the kernel has completed and the server has not accepted yet, and a proxy
must not repeat a POST. So new connections are refused first, then the pending ones are accepted, then the socket is
closed.
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
ACCEPT_GRACE_S = 0.1
"""From refusing new connections to closing the socket: many event loop iterations, each accepts pending connections."""


def bind_port(settings: ServerSettings) -> socket.socket:
    """Binds the port without listening: connections are refused until the process can serve, so that a proxy uses
    another replica. Raises BadSettings if the port cannot be bound.
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
            hint="Stop the program that uses the port, or change API_PORT or API_HOST.",
        ) from error
    listener.setblocking(False)
    return listener


async def refuse_new_connections(listener: socket.socket) -> None:
    """Stops completing new connections; the server accepts the completed ones. Open connections are not affected.

    Linux only (no other system is deployed to), and not on kernels that restrict packet filters to privileged
    processes: there a warning is logged and the socket is closed at once.
    """
    if sys.platform != "linux":
        return
    program = ctypes.create_string_buffer(DROP_EVERYTHING, len(DROP_EVERYTHING))
    try:
        listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", 1, ctypes.addressof(program)))
    except PermissionError:
        log.warning("server.socket_filter_denied", consequence="connections arriving now are reset")
        return
    await asyncio.sleep(ACCEPT_GRACE_S)
