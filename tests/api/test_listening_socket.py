"""The listening socket: taken ports are refused in words, and closing it resets nobody who had come in."""

import asyncio
import socket

import pytest

from api.listening_socket import bind_port, refuse_new_connections
from core.errors import BadSettings
from core.settings import ServerSettings


def listening():
    listener = bind_port(ServerSettings(api_port=0))
    listener.listen()
    return listener, listener.getsockname()


def test_a_taken_port_is_refused_with_what_to_do():
    listener, (_, port) = listening()
    with listener, pytest.raises(BadSettings) as problem:
        bind_port(ServerSettings(api_port=port))
    assert str(port) in problem.value.message
    assert "API_PORT" in problem.value.hint


async def test_connections_that_arrived_before_the_shutdown_are_accepted_and_later_ones_are_not():
    listener, address = listening()
    loop = asyncio.get_running_loop()
    with listener, socket.create_connection(address, timeout=5) as before, socket.socket() as after:
        await refuse_new_connections(listener)
        after.setblocking(False)
        late = asyncio.create_task(loop.sock_connect(after, address))
        accepted, _ = await loop.sock_accept(listener)
        with accepted:
            before.sendall(b"POST")
            assert await loop.sock_recv(accepted, 4) == b"POST"
            accepted.setblocking(True)
            accepted.sendall(b"201")
            assert before.recv(3) == b"201"
        with pytest.raises(BlockingIOError):
            listener.accept()
        assert not late.done()
        late.cancel()


def test_before_it_can_serve_connections_are_refused():
    with bind_port(ServerSettings(api_port=0)) as taken, pytest.raises(ConnectionRefusedError):
        socket.create_connection(taken.getsockname(), timeout=5)


async def test_where_the_kernel_forbids_the_filter_the_shutdown_continues_at_once():
    class Forbidden(socket.socket):
        def setsockopt(self, *_):
            raise PermissionError

    with Forbidden() as listener:
        await asyncio.wait_for(refuse_new_connections(listener), 1)
