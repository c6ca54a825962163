"""What counts as inside: every notation of every range that is not the public internet."""

import pytest

from core.access.addresses import is_public, is_this_machine, reject_open_access
from core.errors import BadSettings

INSIDE = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "169.254.169.254",
    "169.254.0.1",
    "100.64.0.1",
    "192.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "64:ff9b::7f00:1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::7f00:1",
    "2001:0:7f00:1::",
]
OUTSIDE = ["8.8.8.8", "185.199.108.133", "1.1.1.1", "2606:50c0:8000::154", "2a04:4e42::133", "64:ff9b::8.8.8.8"]
NO_ADDRESS = [
    "",
    "localhost",
    "localhost.",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "0x7f.1",
    "127.0.0.1.",
    "1.2.3.4.5",
    "a",
]


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_inside_is_not_outside(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_public_addresses_are_outside(address):
    assert is_public(address)


@pytest.mark.parametrize("text", NO_ADDRESS)
def test_what_is_no_plain_address_is_not_outside(text):
    assert not is_public(text)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "LOCALHOST"])
def test_loopback_is_this_machine_and_needs_no_sign_in(host):
    assert is_this_machine(host)
    reject_open_access(host, "API_HOST", sign_in=False)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "[::]", "192.168.1.5", "10.0.0.1", "hunter.example", "", "127.0.0.1.nip.io"]
)
def test_elsewhere_there_has_to_be_a_sign_in(host):
    with pytest.raises(BadSettings) as refused:
        reject_open_access(host, "API_HOST", sign_in=False)
    assert refused.value.message.startswith(f"API_HOST={host} exposes the server")
    assert "python -m core token" in refused.value.hint
    reject_open_access(host, "API_HOST", sign_in=True)
