"""A provider that speaks HTTP/2 over TLS on loopback, and counts: connections, calls in flight, calls hung up on."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import h2.config
import h2.connection
import h2.events
from h2.errors import ErrorCodes
from h2.settings import SettingCodes, Settings
from hyperframe.frame import GoAwayFrame

SSE = (("content-type", "text/event-stream"),)
WHOLE = b'data: {"choices": [{"delta": {"content": "Hello."}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'


@dataclass
class Seen:
    """What the provider saw."""

    connections: int = 0
    open_connections: int = 0
    calls: int = 0
    in_flight: int = 0
    in_flight_most: int = 0
    hung_up: int = 0
    """Calls that the client ended before their answer was whole."""
    goaways: int = 0

    async def until(self, holds: Callable[[Seen], bool]) -> None:
        """Wait until it holds; the test's own time limit ends a wait for what never comes."""
        while not holds(self):
            await asyncio.sleep(0.005)


class Stream:
    """One call, as seen by the code that plays its response."""

    def __init__(self, connection: H2Connection, number: int) -> None:
        self._connection = connection
        self._number = number

    def head(self, status: int = 200, headers: tuple[tuple[str, str], ...] = SSE) -> None:
        self._connection.h2.send_headers(self._number, [(":status", str(status)), *headers])
        self._connection.flush()

    def data(self, data: bytes, *, last: bool = False) -> None:
        self._connection.h2.send_data(self._number, data, end_stream=last)
        self._connection.flush()

    def reset(self, code: ErrorCodes) -> None:
        """Break this call off, as a gateway does whose own provider has gone."""
        self._connection.h2.reset_stream(self._number, code)
        self._connection.flush()

    def cut(self) -> None:
        """Break the whole connection off, with every call on it."""
        self._connection.close()


Play = Callable[[Stream], Awaitable[None]]


async def answer_at_once(stream: Stream) -> None:
    stream.head()
    stream.data(WHOLE, last=True)


class H2Connection(asyncio.Protocol):
    """One connection: every call that is whole is played in a task of its own."""

    def __init__(self, seen: Seen, play: Play, max_streams: int, goaway_after: int | None) -> None:
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        self._seen, self._play = seen, play
        self._max_streams, self._goaway_after = max_streams, goaway_after
        self._begun = 0
        self._last: int | None = None
        """The last stream that is answered, after GOAWAY."""
        self._playing: dict[int, asyncio.Task[None]] = {}
        self._transport: asyncio.Transport | None = None
        """None also for a client that did not trust us."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._seen.connections += 1
        self._seen.open_connections += 1
        # given as initial values: what is changed later is enforced by h2 but not announced
        self.h2.local_settings = Settings(
            client=False, initial_values={SettingCodes.MAX_CONCURRENT_STREAMS: self._max_streams}
        )
        self.h2.initiate_connection()
        self.flush()

    def connection_lost(self, _error: Exception | None) -> None:
        self._seen.open_connections -= 1
        for number in list(self._playing):
            self._hung_up(number)

    def data_received(self, data: bytes) -> None:
        for event in self.h2.receive_data(data):
            match event:
                case h2.events.DataReceived():
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                case h2.events.StreamEnded():
                    self._begin(event.stream_id)
                case h2.events.StreamReset():
                    self._hung_up(event.stream_id)
        self.flush()

    def flush(self) -> None:
        assert self._transport
        self._transport.write(self.h2.data_to_send())

    def close(self) -> None:
        if self._transport:
            self._transport.abort()

    def _begin(self, number: int) -> None:
        if self._last is not None and number > self._last:
            return  # the client knows by our GOAWAY that it must ask elsewhere
        self._begun += 1
        self._seen.calls += 1
        self._seen.in_flight += 1
        self._seen.in_flight_most = max(self._seen.in_flight_most, self._seen.in_flight)
        self._playing[number] = asyncio.create_task(self._answer(number))
        if self._begun == self._goaway_after:
            self._last = number
            self._seen.goaways += 1
            self.flush()
            # h2 itself would send nothing more after a GOAWAY; servers finish what they have begun
            self._transport.write(GoAwayFrame(0, last_stream_id=number).serialize())

    async def _answer(self, number: int) -> None:
        await self._play(Stream(self, number))
        self._final_error(number)

    def _hung_up(self, number: int) -> None:
        if task := self._playing.get(number):
            task.cancel()
            self._seen.hung_up += 1
            self._final_error(number)

    def _final_error(self, number: int) -> None:
        del self._playing[number]
        self._seen.in_flight -= 1
        if self._last is not None and not self._playing:
            self._transport.close()


@dataclass(frozen=True)
class H2Provider:
    port: int
    seen: Seen

    @property
    def base_url(self) -> str:
        return f"https://localhost:{self.port}/v1"


@asynccontextmanager
async def h2_provider(
    certificate: ssl.SSLContext,
    play: Play = answer_at_once,
    *,
    max_streams: int = 100,
    goaway_after: int | None = None,
) -> AsyncIterator[H2Provider]:
    """Listening until the block ends; what is in flight then is cut off."""
    seen, connections = Seen(), []

    def connect() -> H2Connection:
        connections.append(H2Connection(seen, play, max_streams, goaway_after))
        return connections[-1]

    certificate.set_alpn_protocols(["h2"])
    listener = await asyncio.get_running_loop().create_server(connect, "127.0.0.1", 0, ssl=certificate, backlog=1024)
    try:
        yield H2Provider(listener.sockets[0].getsockname()[1], seen)
    finally:
        listener.close()
        for connection in connections:
            connection.close()
