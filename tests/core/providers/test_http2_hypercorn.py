"""HTTP/2 with a real server: Hypercorn with TLS."""

import asyncio
from contextlib import asynccontextmanager

import hypercorn.asyncio
import pytest
from hypercorn.config import Config

from tests.core.providers.h2_provider import WHOLE

CALLS = 150


class Application:
    """An ASGI application that answers when `together` calls are there; counts calls in flight by HTTP version."""

    def __init__(self, together):
        self.together = together
        self.in_flight = self.in_flight_most = 0
        self.versions = set()
        self.clients = set()

    async def __call__(self, scope, receive, send):
        self.versions.add(scope["http_version"])
        self.clients.add(scope["client"])
        while (await receive()).get("more_body"):
            pass
        self.in_flight += 1
        self.in_flight_most = max(self.in_flight_most, self.in_flight)
        try:
            await send(
                {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]}
            )
            while self.in_flight_most < self.together:
                await asyncio.sleep(0.005)
            await send({"type": "http.response.body", "body": WHOLE})
        finally:
            self.in_flight -= 1


@asynccontextmanager
async def served(application, authority, folder, port):
    issued = authority.issue_cert("localhost")
    issued.private_key_pem.write_to_path(str(folder / "key.pem"))
    issued.cert_chain_pems[0].write_to_path(str(folder / "certificate.pem"))
    config = Config.from_mapping(
        bind=[f"127.0.0.1:{port}"], keyfile=str(folder / "key.pem"), certfile=str(folder / "certificate.pem"),
        errorlog=None, graceful_timeout=0.1, backlog=1024,
    )  # fmt: skip
    end = asyncio.Event()
    serving = asyncio.create_task(hypercorn.asyncio.serve(application, config, shutdown_trigger=end.wait))
    try:
        yield f"https://localhost:{port}/v1"
    finally:
        end.set()
        await serving


@pytest.mark.slow
async def test_more_than_100_calls_go_at_once_over_http2(authority, tmp_path, free_port, caller):
    application = Application(CALLS)
    async with (
        served(application, authority, tmp_path, free_port) as base_url,
        caller(base_url, slots=CALLS, attempts=20, calls__timeout_s=30) as calls,
    ):
        replies = await asyncio.gather(*(calls.call() for _ in range(CALLS)))
        assert [reply.text for reply in replies] == ["Hello."] * CALLS
        assert (application.versions, application.in_flight_most, application.in_flight) == ({"2"}, CALLS, 0)
        connected = len(application.clients)
        await asyncio.gather(*(calls.call() for _ in range(CALLS)))
        assert len(application.clients) == connected
        assert calls.in_flight == 0
