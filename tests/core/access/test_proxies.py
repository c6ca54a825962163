"""Whose word on others counts: that of this machine, and of the proxies that the operator names."""

import pytest

from core.access.proxies import client_address, is_over_tls, is_proxy, read_networks
from core.errors import BadSettings
from core.settings import read_settings

HOME = ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "", None, "<local>"]
ELSEWHERE = [
    "10.0.0.7",
    "172.18.0.3",
    "192.168.1.9",
    "169.254.1.1",
    "fd00::7",
    "fe80::1",
    "::ffff:10.0.0.7",
    "8.8.8.8",
    "2001:db8::1",
]


@pytest.mark.parametrize("peer", HOME)
def test_this_machine_is_believed(peer):
    assert is_proxy(peer, ())


@pytest.mark.parametrize("peer", ELSEWHERE)
def test_nobody_else_is_unless_the_operator_says_so(peer):
    assert not is_proxy(peer, ())


@pytest.mark.parametrize(
    ("said", "believed"),
    [
        ("10.0.0.7", {"10.0.0.7", "::ffff:10.0.0.7"}),
        ("10.0.0.0/8, 192.168.1.9", {"10.0.0.7", "::ffff:10.0.0.7", "192.168.1.9"}),
        ("2001:db8::/32", {"2001:db8::1"}),
        ("private", {"10.0.0.7", "::ffff:10.0.0.7", "172.18.0.3", "192.168.1.9", "fd00::7"}),
        ("Private,8.8.8.8", {"10.0.0.7", "::ffff:10.0.0.7", "172.18.0.3", "192.168.1.9", "fd00::7", "8.8.8.8"}),
        (" , ", set()),
    ],
)
def test_who_is_named_is_believed(said, believed):
    assert {peer for peer in ELSEWHERE if is_proxy(peer, read_networks(said))} == believed


@pytest.mark.parametrize("said", ["nginx", "10.0.0.1/8", "10.0.0.0/33", "10.0.0", "*", "http://10.0.0.1"])
def test_invalid_networks_are_reported_at_startup(said):
    with pytest.raises(BadSettings, match="TRUSTED_PROXIES"):
        read_settings({"TRUSTED_PROXIES": said})


@pytest.mark.parametrize(
    ("scheme", "forwarded", "by_proxy", "tls"),
    [("http", None, True, False), ("https", None, False, True), ("http", "https", True, True), ("http", "HTTPS ", True, True),
     ("https", "http", True, False), ("http", "https", False, False), ("https", "http", False, True)],
)  # fmt: skip
def test_the_browsers_scheme_is_the_proxys_word_or_our_own_look(scheme, forwarded, by_proxy, tls):
    assert is_over_tls(scheme, forwarded, by_proxy=by_proxy) is tls


def test_who_asks_is_the_proxys_word_or_the_peer():
    assert client_address("10.0.0.7", " 203.0.113.7 ", by_proxy=True) == "203.0.113.7"
    assert client_address("10.0.0.7", "203.0.113.7", by_proxy=False) == "10.0.0.7"
    assert client_address("10.0.0.7", None, by_proxy=True) == "10.0.0.7"
    assert client_address(None, None, by_proxy=True) == ""
