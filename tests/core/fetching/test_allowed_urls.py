"""Which URLs notebooks are fetched from."""

import pytest

from core.errors import BadInput
from core.fetching.allowed_urls import parse_allowed_url, public_address, raw_file_url, uses_proxy

HOSTS = ("raw.githubusercontent.com", "gist.test")


@pytest.mark.parametrize(
    ("url", "raw"),
    [
        ("https://github.com/a/b/blob/main/x.ipynb", "https://raw.githubusercontent.com/a/b/main/x.ipynb"),
        ("https://github.com/a/b/tree/main/x.ipynb", "https://github.com/a/b/tree/main/x.ipynb"),
        ("http://github.com/a/b/blob/main/x.ipynb", "http://github.com/a/b/blob/main/x.ipynb"),
    ],
)
def test_a_notebooks_page_on_github_means_its_file(url, raw):
    assert raw_file_url(url) == raw


@pytest.mark.parametrize("url", ["https://gist.test/x.ipynb", "https://gist.test:443/x", "https://GIST.test/x"])
def test_https_of_a_named_host_is_allowed(url):
    assert parse_allowed_url(url, HOSTS).hostname == "gist.test"


@pytest.mark.parametrize(
    "url",
    [
        "http://gist.test/x", "https://gist.test:8443/x", "https://me@gist.test/x", "https://other.test/x", "gist.test/x",
        "https://gist.test:x/", "https://[/", "file:///etc/passwd", "https://gist.test.evil.test/x", "",
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_the_hosts(url):
    with pytest.raises(BadInput) as refused:
        parse_allowed_url(url, HOSTS)
    assert refused.value.code == "host_not_allowed"
    assert "raw.githubusercontent.com, gist.test" in refused.value.message


@pytest.mark.parametrize(
    ("addresses", "allowed"), [(["8.8.8.8", "8.8.4.4"], True), (["8.8.8.8", "10.0.0.1"], False), ([], False)]
)
async def test_every_address_of_a_host_must_be_public(addresses, allowed):
    async def resolve(_host):
        return addresses

    def is_public(address):
        return address.startswith("8.")

    if allowed:
        assert await public_address("h.test", resolve, is_public) == "8.8.8.8"
    else:
        with pytest.raises(BadInput, match=r"h\.test has a private address"):
            await public_address("h.test", resolve, is_public)


def test_a_proxy_is_used_unless_the_host_is_left_out_of_it(monkeypatch):
    for name in ("https_proxy", "all_proxy", "no_proxy", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert not uses_proxy("gist.test")
    monkeypatch.setenv("https_proxy", "http://proxy.test:3128")
    monkeypatch.setenv("no_proxy", "other.test")
    assert (uses_proxy("gist.test"), uses_proxy("other.test")) == (True, False)
