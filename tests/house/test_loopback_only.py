"""Proof that no test can reach a paid service. The addresses used here are reserved and belong to nobody."""

import asyncio
import os
import socket

import httpx
import pytest
from pyreqwest.client import ClientBuilder
from pyreqwest.exceptions import ConnectError

from tests.house.loopback_only import CLOSED_PORT, OutsideWorld, is_here
from tools.offline import OFFLINE_VARIABLE

NOWHERE = "192.0.2.1"  # TEST-NET-1, RFC 5737
NO_NAME = "paid-service.invalid"  # RFC 6761


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), (b"localhost", True),
        (None, True), ("", True), ("0.0.0.0", True),
        ("api.openai.com", False), (b"openrouter.ai", False), (NOWHERE, False), ("10.0.0.1", False),
        ("2001:db8::1", False), ("localhost.example", False),
    ],
)  # fmt: skip
def test_only_this_machine_is_here(host: object, here: bool) -> None:
    assert is_here(host) is here


def test_a_socket_cannot_leave() -> None:
    with socket.socket() as outgoing:
        with pytest.raises(OutsideWorld):
            outgoing.connect((NOWHERE, 443))
        with pytest.raises(OutsideWorld):
            outgoing.connect_ex((NOWHERE, 443))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram, pytest.raises(OutsideWorld):
        datagram.sendto(b"", (NOWHERE, 53))


def test_a_name_is_not_even_looked_up() -> None:
    with pytest.raises(OutsideWorld):
        socket.getaddrinfo(NO_NAME, 443)


async def test_asyncio_cannot_leave() -> None:
    with pytest.raises(OutsideWorld):
        await asyncio.open_connection(NOWHERE, 443)


async def test_httpx_without_proxies_cannot_leave() -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        # anyio groups what it does not know; a bare one is as good
        with pytest.RaisesGroup(OutsideWorld, allow_unwrapped=True, flatten_subgroups=True):
            await client.get(f"https://{NOWHERE}/")


async def test_a_client_written_in_rust_goes_where_the_proxy_variables_point(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[bytes] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        writer.close()

    async with await asyncio.start_server(note, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
        async with ClientBuilder().build() as client:
            with pytest.raises(ConnectError):
                await client.get(f"https://{NO_NAME}/").build().send()
    assert asked == [f"CONNECT {NO_NAME}:443 HTTP/1.1\r\n".encode()]


def test_the_proxy_variables_lead_nowhere_and_no_key_is_left() -> None:
    proxies = {
        value for name, value in os.environ.items() if name.lower() in {"http_proxy", "https_proxy", "all_proxy"}
    }
    assert proxies == {CLOSED_PORT}
    assert [name for name in os.environ if name.endswith("_API_KEY")] == []
    port = int(CLOSED_PORT.rsplit(":", 1)[1])
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_make_test_runs_in_a_network_of_loopback_only() -> None:
    if OFFLINE_VARIABLE not in os.environ:
        pytest.skip("not started by `make test`, or not as root; the other guards are tested")
    assert [name for _, name in socket.if_nameindex()] == ["lo"]


def test_loopback_itself_works(free_port: int) -> None:
    here = ("127.0.0.1", free_port)
    with socket.create_server(here) as server, socket.create_connection(here, timeout=5) as client:
        accepted, _ = server.accept()
        with accepted:
            accepted.sendall(b"here")
        assert client.recv(16) == b"here"
