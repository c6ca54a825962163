"""The API process: opens the runtime, serves it with Hypercorn, and shuts down gracefully.

Shutdown order: readiness returns 503 and event streams send `reconnect`; new connections are refused and pending ones
accepted; Hypercorn finishes its requests; the runtime drains its hunts and closes.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import signal
import socket

import structlog
from hypercorn.asyncio import serve
from hypercorn.config import Config

from api.app import create_app
from api.listening_socket import ACCEPT_GRACE_S, bind_port, refuse_new_connections
from api.warm_up import warm_up
from core.runtime import Runtime, open_runtime
from core.settings import Settings
from core.supervise import running

log = structlog.get_logger(__name__)
REQUEST_GRACE_S = 5.0
"""Maximum time for running requests after shutdown begins."""
REQUEST_GRACE_SLACK_S = 2.0
"""Additional time until Hypercorn is cancelled: on Python 3.12 and later its graceful_timeout does not bound the wait
for open connections (its issue 308), except on uvloop."""
MAX_KEEP_ALIVE = 1_000_000
"""Requests per connection; Hypercorn's default of 1,000 closes connections under nginx."""


async def run_server(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises BadSettings if the port is in use, or if the server would be open without
    tokens."""
    settings.reject_open_access(settings.server.api_host, "API_HOST")
    listener = bind_port(settings.server)
    shutdown = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, shutdown.set)
    with listener:
        await _serve(settings, listener, shutdown)
    log.info("server.stopped")


async def _serve(settings: Settings, listener: socket.socket, shutdown: asyncio.Event) -> None:
    async with open_runtime(settings) as runtime:
        log.info(
            "server.started",
            host=settings.server.api_host,
            port=settings.server.api_port,
            sessions=runtime.store.state().backend,
        )
        end = functools.partial(_end, shutdown, runtime, listener)
        server = serve(create_app(runtime), _config(listener), shutdown_trigger=end)
        serving: asyncio.Task[None] = asyncio.create_task(server, name="hypercorn")
        limit = asyncio.create_task(_cancel_when_overdue(serving, shutdown), name="shutdown limit")
        try:
            async with running(runtime.activity.record_unexpected_error, warm_up=warm_up):
                await asyncio.wait([serving])
        finally:
            serving.cancel()
            limit.cancel()
        if serving.cancelled():
            log.warning("server.connections_cut", after_s=REQUEST_GRACE_S + REQUEST_GRACE_SLACK_S)
        else:
            serving.result()


async def _cancel_when_overdue(serving: asyncio.Task[None], shutdown: asyncio.Event) -> None:
    await shutdown.wait()
    await asyncio.sleep(ACCEPT_GRACE_S + REQUEST_GRACE_S + REQUEST_GRACE_SLACK_S)
    serving.cancel()


async def _end(shutdown: asyncio.Event, runtime: Runtime, listener: socket.socket) -> None:
    await shutdown.wait()
    log.info("server.stopping")
    runtime.draining.set()
    await refuse_new_connections(listener)
    listener.close()  # this handle; Hypercorn closes its own when this returns


def _config(listener: socket.socket) -> Config:
    config = Config()
    config.bind = [f"fd://{os.dup(listener.fileno())}"]
    config.graceful_timeout = REQUEST_GRACE_S
    config.keep_alive_max_requests = MAX_KEEP_ALIVE
    config.h11_max_incomplete_size = 64 * 1024
    config.include_server_header = False
    config.accesslog = None
    config.errorlog = logging.getLogger("hypercorn.error")  # its own handler would log everything twice
    return config
