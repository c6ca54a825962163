"""A name server on loopback with what nginx's resolver needs: A records that a test changes while nginx runs.

It replaces Docker's (127.0.0.11), so that addresses of replicas come and go in tests as they do there.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

HEADER = struct.Struct("!6H")
ANSWERS, NO_SUCH_NAME, NO_ERROR = 0x8000, 0x8003, 0x8000
A_RECORD, INTERNET = 1, 1


class NameServer(asyncio.DatagramProtocol):
    """`addresses[name]` is what a name leads to; a name that is not there does not exist."""

    def __init__(self) -> None:
        self.addresses: dict[str, list[str]] = {}
        self.asked = 0
        self.port = 0
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self._transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.asked += 1
        assert self._transport is not None
        self._transport.sendto(self._answer(data), addr)

    def _answer(self, query: bytes) -> bytes:
        number, *_ = HEADER.unpack_from(query)
        name, end = _read_name(query, HEADER.size)
        question = query[HEADER.size : end + 4]
        found = self.addresses.get(name, []) if struct.unpack_from("!H", query, end)[0] == A_RECORD else []
        flags = NO_ERROR if name in self.addresses else NO_SUCH_NAME
        records = b"".join(
            b"\xc0\x0c" + struct.pack("!HHIH", A_RECORD, INTERNET, 1, 4) + socket.inet_aton(address)
            for address in found
        )
        return HEADER.pack(number, flags, 1, len(found), 0, 0) + question + records


def _read_name(query: bytes, at: int) -> tuple[str, int]:
    labels: list[str] = []
    while length := query[at]:
        labels.append(query[at + 1 : at + 1 + length].decode())
        at += 1 + length
    return ".".join(labels).lower(), at + 1


@asynccontextmanager
async def open_names() -> AsyncIterator[NameServer]:
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(NameServer, local_addr=("127.0.0.1", 0))
    try:
        yield server
    finally:
        transport.close()
