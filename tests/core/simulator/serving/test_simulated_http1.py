"""Requests off the wire: whole, in pieces, several at once, and those that are no requests."""

import pytest

from core.simulator.serving.http1 import BODY_MOST_BYTES, HEAD_MOST_BYTES, BadHead, Request, take_request

POST = b"POST /v1/x?a=b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
READ = Request("POST", "/v1/x", {"host": "h", "content-length": "3"}, b"abc")


@pytest.mark.parametrize("came", [b"", b"POST", POST[:-1], POST[:20], b"\r\n"])
def test_an_unfinished_request_waits_for_more(came):
    buffer = bytearray(came)
    assert (take_request(buffer), bytes(buffer)) == (None, came)


def test_requests_are_taken_one_by_one():
    buffer = bytearray(POST + POST + b"GET")
    assert [take_request(buffer), take_request(buffer), take_request(buffer)] == [READ, READ, None]
    assert bytes(buffer) == b"GET"


@pytest.mark.parametrize(
    ("came", "status"),
    [
        (b"\r\n\r\n", 400),
        (b"hello\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400),
        (b"GET / HTTP/2\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: \xb2\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (BODY_MOST_BYTES + 1), 413),
        (b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
        (b"GET / HTTP/1.1\r\n" + b"a" * HEAD_MOST_BYTES, 431),
    ],
)
def test_what_is_no_request_is_refused_with_a_status(came, status):
    with pytest.raises(BadHead) as refused:
        take_request(bytearray(came))
    assert refused.value.status == status
