"""The API process: opens the runtime, serves it with Hypercorn, and ends in order when asked to.

Order: readiness red and event streams told to reconnect · the door closes, who stands in it is let in · Hypercorn
finishes its requests · the runtime drains its hunts and closes.
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
from api.listening import LAST_ARRIVALS_S, take_port, turn_away
from core.runtime import Runtime, open_runtime
from core.settings import Settings

log = structlog.get_logger(__name__)
REQUEST_GRACE_S = 5.0
"""How long requests that were begun may take once the process is asked to end."""
REQUEST_GRACE_SLACK_S = 2.0
"""On top of it, until Hypercorn itself is cancelled: on Python 3.12 and later its own grace does not bound the wait for
open connections (its issue 308), unless the event loop is uvloop."""
MAX_KEEP_ALIVE = 1_000_000
"""Requests per connection; Hypercorn's default of 1,000 closes connections under nginx."""


async def run_server(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises BadSettings when the port is taken, or when strangers would be let in."""
    settings.refuse_strangers(settings.server.api_host, "API_HOST")
    listener = take_port(settings.server)
    asked_to_end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked_to_end.set)
    with listener:
        await _serve(settings, listener, asked_to_end)
    log.info("ended")


async def _serve(settings: Settings, listener: socket.socket, asked_to_end: asyncio.Event) -> None:
    async with open_runtime(settings) as runtime:
        log.info(
            "serving",
            host=settings.server.api_host,
            port=settings.server.api_port,
            sessions=runtime.store.state().backend,
        )
        end = functools.partial(_end, asked_to_end, runtime, listener)
        server = serve(create_app(runtime), _config(listener), shutdown_trigger=end)
        serving: asyncio.Task[None] = asyncio.create_task(server, name="hypercorn")
        limit = asyncio.create_task(_cancel_when_overdue(serving, asked_to_end), name="shutdown limit")
        try:
            await asyncio.wait([serving])
        finally:
            serving.cancel()
            limit.cancel()
        if serving.cancelled():
            log.warning("open connections were cut", after_s=REQUEST_GRACE_S + REQUEST_GRACE_SLACK_S)
        else:
            serving.result()


async def _cancel_when_overdue(serving: asyncio.Task[None], asked: asyncio.Event) -> None:
    await asked.wait()
    await asyncio.sleep(LAST_ARRIVALS_S + REQUEST_GRACE_S + REQUEST_GRACE_SLACK_S)
    serving.cancel()


async def _end(asked: asyncio.Event, runtime: Runtime, listener: socket.socket) -> None:
    await asked.wait()
    log.info("asked to end")
    runtime.draining.set()
    await turn_away(listener)
    listener.close()  # ours; Hypercorn closes the other handle of the same socket when this returns


def _config(listener: socket.socket) -> Config:
    config = Config()
    config.bind = [f"fd://{os.dup(listener.fileno())}"]
    config.graceful_timeout = REQUEST_GRACE_S
    config.keep_alive_max_requests = MAX_KEEP_ALIVE
    config.h11_max_incomplete_size = 64 * 1024
    config.include_server_header = False
    config.accesslog = None
    config.errorlog = logging.getLogger("hypercorn.error")  # its own handler would say everything twice
    return config
