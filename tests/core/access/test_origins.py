"""Host names and origins are parsed strictly: nothing counts as a valid name that no browser would send as one."""

import pytest

from core.access.origins import is_foreign, is_known_host, is_of_another_page

OURS = ["", "localhost", "LOCALHOST:8000", "localhost.", "page.localhost", "a-b_c.localhost:1", "127.0.0.1:65535", "[::1]",
        "[::1]:8000", "hunter.example", "hunter.example.:80", "10.0.0.7"]  # fmt: skip
OTHERS = ["evil#.localhost", "evil?.localhost", "evil/.localhost", "localhost@evil.example", "evil@localhost", "a:b@localhost",
          "local host", "localhost evil.localhost", "localhost..", ".localhost", "evil..localhost", "localhost:", "localhost:x",
          "localhost:99999", "localhost:123456", "localhost:٨٠", "localhost。", "evil。localhost", "ｌocalhost", "lоcalhost",
          "[fe80::1%eth0]", "[::1", "::1]", "[]", "[::1]x", "[::1]:", "%6cocalhost", "localhost\\.localhost", "localhost,evil.example",
          "localhost;.localhost", "\x00.localhost", "evil.localhost\nx", "*.localhost", "evil.example", "hunter.example.evil",
          "1.2.3.4.5", "a" * 64 + ".localhost"]  # fmt: skip


@pytest.mark.parametrize("host", OURS)
def test_a_name_of_ours_is_known(host):
    assert is_known_host(host, ["hunter.example"])


@pytest.mark.parametrize("host", OTHERS)
def test_what_only_looks_like_a_name_of_ours_is_not(host):
    assert not is_known_host(host, ["hunter.example"])


@pytest.mark.parametrize(
    ("host", "origin", "secure", "foreign"),
    [
        ("hunter.example", "https://hunter.example", True, False),
        ("hunter.example", "http://hunter.example", True, True),
        ("hunter.example", "http://hunter.example", False, False),
        ("hunter.example", "https://hunter.example", False, False),  # TLS may end before our own proxy
        ("hunter.example:443", "https://hunter.example", True, False),
        ("hunter.example", "https://hunter.example:443", True, False),
        ("hunter.example:8443", "https://hunter.example:8443", True, False),
        ("hunter.example", "https://hunter.example:8443", True, True),
        ("hunter.example", "https://hunter.example:80", True, True),
        ("hunter.example", "https://HUNTER.example", True, False),
        ("[::1]:8000", "http://[::1]:8000", False, False),
        ("hunter.example", None, True, False),
        ("hunter.example", "null", False, True),
        ("hunter.example", "", False, True),
        ("hunter.example", "ftp://hunter.example", False, True),
        ("hunter.example", "file://hunter.example", False, True),
        ("hunter.example", "hunter.example", False, True),
        ("hunter.example", "http://hunter.example@evil.example", False, True),
        ("hunter.example", "http://hunter.example/", False, True),
        ("", "http://", False, True),
        ("", "", False, True),
    ],
)
def test_an_origin_is_ours_by_its_scheme_name_and_port(host, origin, secure, foreign):
    assert is_of_another_page(host, origin, secure=secure) is foreign
    assert is_foreign("POST", host, origin, None, secure=secure) is foreign
    assert not is_foreign("GET", host, origin, None, secure=secure)
