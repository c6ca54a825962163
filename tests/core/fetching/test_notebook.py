"""Fetching by URL reaches allowed hosts at public addresses, whatever names, redirects and name servers say."""

import asyncio
import ssl
from contextlib import asynccontextmanager

import httpx
import pytest
import trustme

from core.errors import BadInput, TooLarge
from core.fetching.allowed_urls import uses_proxy
from core.fetching.notebook import NotebookFetcher
from core.providers.http import open_fetching
from core.settings import CallSettings

HOST, OUTSIDE, INSIDE = "notebooks.example", "127.0.0.5", "127.0.0.6"
"""Loopback addresses stand for one that is outside and one that is inside."""
MAX = 10_000


class Site:
    """A TLS server; `answers` by path are raw HTTP answers, `asked` what was asked for, `closed` set when it hung up."""

    def __init__(self):
        self.answers, self.asked = {}, []

    async def serve(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split()[1]
        self.asked.append((path, head.partition("Host: ")[2].partition("\r\n")[0]))
        answer = self.answers[path]
        try:
            for piece in answer if isinstance(answer, list) else [answer]:
                if isinstance(piece, float):
                    await asyncio.sleep(piece)
                else:
                    writer.write(piece)
                    await writer.drain()
        except ConnectionError:
            return
        finally:
            writer.close()


def response(body, status="200 OK", **headers):
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status}\r\n{lines}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def ca_file(authority, tmp_path):
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return str(tmp_path / "ca.pem")


@pytest.fixture
async def site(authority):
    async with serving(authority, OUTSIDE, HOST) as opened:
        yield opened


@asynccontextmanager
async def serving(authority, address, name, port=0):
    site, context = Site(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    async with await asyncio.start_server(site.serve, address, port, ssl=context) as server:
        site.port = server.sockets[0].getsockname()[1]
        yield site


class Names:
    """A name server whose answers come in turn; the last one stays."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    async def __call__(self, host):
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@asynccontextmanager
async def fetcher(site, names, ca_file, **changes):
    async with open_fetching(CallSettings(tls_ca_file=ca_file), 20.0) as (direct, proxied):
        settings = {
            "max_bytes": MAX,
            "timeout_s": 5.0,
            "resolve": names,
            "is_public": lambda ip: ip == OUTSIDE,
        } | changes
        yield NotebookFetcher(
            direct,
            proxied,
            ("notebooks.example", "other.example"),
            uses_proxy=lambda _: False,
            port=site.port,
            **settings,
        )


async def test_a_notebook_is_fetched_from_the_address_that_was_checked(site, ca_file):
    site.answers["/a/b%20c.ipynb?raw=1"] = response(b"{}")
    names = Names([OUTSIDE], [INSIDE])
    async with fetcher(site, names, ca_file) as fetching:
        assert await fetching.fetch(f" https://{HOST}/a/b%20c.ipynb?raw=1 ") == (b"{}", "b c.ipynb")
    assert (names.asked, site.asked) == ([HOST], [("/a/b%20c.ipynb?raw=1", HOST)])


async def test_a_name_that_leads_inside_is_refused_before_anything_is_connected(authority, ca_file):
    async with serving(authority, INSIDE, HOST) as inner:
        for addresses in ([INSIDE], [OUTSIDE, INSIDE], [INSIDE, OUTSIDE], []):
            async with fetcher(inner, Names(addresses), ca_file) as fetching:
                with pytest.raises(BadInput, match="has a private address"):
                    await fetching.fetch(f"https://{HOST}/a.ipynb")
        assert inner.asked == []


async def test_a_name_that_leads_elsewhere_after_the_look_changes_nothing(site, authority, ca_file):
    """The time between check and use: asked a second time, the name server says an inner address."""
    site.answers["/a"] = response(b"outside")
    async with serving(authority, INSIDE, HOST, site.port) as inner:
        inner.answers["/a"] = response(b"inside")
        async with fetcher(site, Names([OUTSIDE], [INSIDE]), ca_file) as fetching:
            assert (await fetching.fetch(f"https://{HOST}/a"))[0] == b"outside"
            with pytest.raises(BadInput, match="has a private address"):
                await fetching.fetch(f"https://{HOST}/a")
        assert inner.asked == []


async def test_a_redirect_is_followed_to_allowed_places_only(site, ca_file):
    site.answers |= {
        "/moved": response(b"", "302 Found", Location="/there"), "/there": response(b"{}"),
        "/away": response(b"", "302 Found", Location="https://evil.example/x"),
        "/plain": response(b"", "302 Found", Location=f"http://{HOST}/there"),
        "/inner": response(b"", "307 Temporary Redirect", Location="https://127.0.0.1/x"),
        "/meta": response(b"", "301 Moved", Location="http://169.254.169.254/latest/meta-data/"),
        "/file": response(b"", "302 Found", Location="file:///etc/passwd"),
        "/port": response(b"", "302 Found", Location=f"https://{HOST}:6379/"),
        "/round": response(b"", "302 Found", Location="/round"),
        "/nowhere": response(b"", "302 Found"), "/unchanged": response(b"", "304 Not Modified"),
        "/broken": response(b"", "302 Found", Location="https://[x"),
    }  # fmt: skip
    async with fetcher(site, Names([OUTSIDE]), ca_file) as fetching:
        assert (await fetching.fetch(f"https://{HOST}/moved"))[0] == b"{}"
        for path in ("/away", "/plain", "/inner", "/meta", "/file", "/port"):
            with pytest.raises(BadInput) as refused:
                await fetching.fetch(f"https://{HOST}{path}")
            assert refused.value.code == "host_not_allowed", path
        for path, why in (
            ("/round", "more than 3 redirects"), ("/nowhere", "HTTP status 302"),
            ("/unchanged", "HTTP status 304"), ("/broken", "the redirect has an invalid URL"),
        ):  # fmt: skip
            with pytest.raises(BadInput, match=why):
                await fetching.fetch(f"https://{HOST}{path}")


async def test_each_hop_is_resolved_and_looked_at(site, ca_file):
    site.answers["/moved"] = response(b"", "302 Found", Location="https://other.example/x")
    names = Names([OUTSIDE], [INSIDE])
    async with fetcher(site, names, ca_file) as fetching:
        with pytest.raises(BadInput, match=r"other\.example has a private address"):
            await fetching.fetch(f"https://{HOST}/moved")
    assert names.asked == [HOST, "other.example"]


async def test_a_certificate_of_another_name_is_not_taken(authority, ca_file):
    async with serving(authority, OUTSIDE, "evil.example") as site:
        site.answers["/a"] = response(b"{}")
        async with fetcher(site, Names([OUTSIDE]), ca_file) as fetching:
            with pytest.raises(BadInput, match="Couldn't fetch"):
                await fetching.fetch(f"https://{HOST}/a")
        assert site.asked == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (response(b"x" * (MAX + 1)), "larger than"),
        ([b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", *[b"x" * 4000] * 9], "larger than"),
        ([b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", *[b"x", 0.1] * 60], "timed out after"),
        ([60.0], "timed out after"),
        (response(b"x", Content_Encoding="gzip"), "compressed"),
        (response(b"", "404 Not Found"), "HTTP status 404"),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"], "Couldn't fetch"),
        ([b"nonsense\r\n\r\n"], "Couldn't fetch"),
    ],
)  # fmt: skip
async def test_size_and_time_are_bounded_and_odd_responses_are_reported(site, ca_file, answer, said):
    site.answers["/a"] = answer
    async with fetcher(site, Names([OUTSIDE]), ca_file, timeout_s=1.0) as fetching:
        with pytest.raises((BadInput, TooLarge), match=said):
            await fetching.fetch(f"https://{HOST}/a")


REFUSED = [
    "http://notebooks.example/a", "https://127.0.0.1/a", "https://2130706433/a", "https://0x7f000001/a", "https://0177.0.0.1/a",
    "https://127.1/a", "https://[::1]/a", "https://[::ffff:127.0.0.1]/a", "https://localhost/a", "https://localhost./a",
    "https://169.254.169.254/a", "https://10.0.0.1/a", "https://notebooks.example./a", "https://notebooks.example:8443/a",
    "https://user@notebooks.example/a", "https://user:pass@notebooks.example/a", "https://notebooks.example@127.0.0.1/a",
    "https://127.0.0.1#@notebooks.example/a", "https://127.0.0.1\\@notebooks.example/a", "https://notebooks.example.evil/a",
    "https://evil.example/?notebooks.example", "https://ⓛocalhost/a", "https://１２７.0.0.1/a", "file:///etc/passwd",
    "gopher://notebooks.example/a", "//notebooks.example/a", "https:///a", "https://", "", "https://[::1", "https://notebooks.example:99999/a",
    "https://notebooks.example:x/a", "https://notebooks.example\t.evil/a",
]  # fmt: skip


@pytest.mark.parametrize("url", REFUSED)
async def test_every_notation_of_another_place_is_refused_without_asking_a_name_server(url):
    names = Names([OUTSIDE])
    async with httpx.AsyncClient() as client:
        fetching = NotebookFetcher(client, client, (HOST,), MAX, 5.0, resolve=names)
        with pytest.raises(BadInput) as refused:
            await fetching.fetch(url)
    assert (refused.value.code, names.asked) == ("host_not_allowed", [])


@pytest.mark.parametrize(
    ("address", "taken"), [("127.0.0.1", False), ("::ffff:10.0.0.1", False), ("fe80::1%lo", False)]
)
async def test_an_allowed_host_that_is_inside_is_refused_in_production(address, taken):
    async with httpx.AsyncClient() as client:
        fetching = NotebookFetcher(
            client, client, ("localhost",), MAX, 5.0, resolve=Names([address]), uses_proxy=lambda _: False
        )
        with pytest.raises(BadInput, match="localhost has a private address"):
            await fetching.fetch("https://localhost/a.ipynb")


def test_the_environments_proxy_is_minded(monkeypatch):
    assert uses_proxy("raw.githubusercontent.com")  # the tests' own fence is a proxy
    assert not uses_proxy("localhost")
    monkeypatch.setenv("NO_PROXY", ".githubusercontent.com")
    monkeypatch.setenv("no_proxy", ".githubusercontent.com")
    assert not uses_proxy("raw.githubusercontent.com")


async def test_through_a_proxy_the_allowed_hosts_still_hold():
    asked = []
    transport = httpx.MockTransport(
        lambda request: (
            asked.append(str(request.url)) or httpx.Response(302, headers={"Location": "https://127.0.0.1/"})
        )
    )
    async with httpx.AsyncClient(transport=transport) as proxied:
        fetching = NotebookFetcher(
            proxied, proxied, (HOST,), MAX, 5.0, resolve=Names([INSIDE]), uses_proxy=lambda _: True
        )
        with pytest.raises(BadInput) as refused:
            await fetching.fetch(f"https://{HOST}/a")
    assert (asked, refused.value.code) == ([f"https://{HOST}/a"], "host_not_allowed")
