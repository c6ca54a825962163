"""Status requests: every failure is a value with a message."""

import json

import httpx
import pytest

from core.hunting.views.serialize import to_json
from core.runtime import open_runtime
from core.status import AdminStatus
from dashboard_app.api_status import StatusUnavailable, ask_status, read_status
from tests.settings import make_settings


def answering(handler) -> httpx.Client:
    return httpx.Client(base_url="http://api:8000", transport=httpx.MockTransport(handler))


def fails(error: type[httpx.HTTPError]):
    def handler(request: httpx.Request) -> httpx.Response:
        raise error("no", request=request)

    return handler


@pytest.mark.parametrize(
    ("handler", "said"),
    [
        (fails(httpx.ConnectError), "Couldn't connect to http://api:8000."),
        (fails(httpx.ReadTimeout), "No response from http://api:8000 within 3 s."),
        (fails(httpx.RemoteProtocolError), "Couldn't connect"),
        (lambda _: httpx.Response(503, html="<h1>maintenance</h1>"), "status 503"),
        (lambda _: httpx.Response(302, headers={"location": "/"}), "status 302"),
        (lambda _: httpx.Response(200, html="<h1>hello</h1>"), "is not Model Hunter's API"),
        (lambda _: httpx.Response(200, json={"instance": 3}), "is not Model Hunter's API"),
        (lambda _: httpx.Response(200, content=b"\xff\xfe"), "is not Model Hunter's API"),
    ],
)
def test_no_status_is_a_value_that_says_why(handler, said):
    with answering(handler) as client:
        answer = ask_status(client)
    assert isinstance(answer, StatusUnavailable)
    assert said in answer.what
    assert answer.hint


def test_a_status_is_typed():
    body = {
        "instance": "i",
        "version": "v",
        "health": {"status": "healthy"},
        "sessions": {"backend": "memory", "count": 1},
        "providers": [{"name": "a", "in_flight": 2, "queued": 3}, {"name": "b", "in_flight": 1}],
    }
    with answering(lambda _: httpx.Response(200, json=body)) as client:
        answer = ask_status(client)
    assert isinstance(answer, AdminStatus)
    assert [(one.name, one.in_flight, one.queued) for one in answer.providers] == [("a", 2, 3), ("b", 1, 0)]
    assert (answer.bugs, answer.redis.connected, answer.instances) == (0, False, ())


def test_missing_and_malformed_fields_get_their_default_and_the_rest_is_read():
    body = {
        "instance": "i",
        "version": "v",
        "health": {"status": "sleepy", "reason": None},
        "sessions": {"backend": "redis", "count": 3},
        "redis": {"configured": True, "connected": False, "sessions_away": 2, "journal_bytes": 4096, "since": "now"},
        "providers": [
            {"name": "a", "limit": 4, "ceiling": 8, "limit_reason": "rate limited", "limit_changed_at": "never"}
        ],
        "instances": [{"instance": "b", "version": "v", "hunts": "many"}, {"instance": "c", "hunts": 3}],
        "uptime_s": "long",
        "bugs": [],
        "hunts": None,
        "limit_conflicts": {"account": "a"},
        "told_by_a_later_version": 1,
    }
    with answering(lambda _: httpx.Response(200, json=body)) as client:
        answer = ask_status(client)
    assert isinstance(answer, AdminStatus)
    assert (answer.health.status, answer.health.reason, answer.uptime_s, answer.bugs) == ("unhealthy", "", 0.0, 0)
    assert (answer.hunts.active, answer.limit_conflicts) == (0, ())
    assert (answer.redis.sessions_away, answer.redis.journal_bytes) == (2, 4096)
    assert [(p.limit, p.ceiling, p.limit_reason, p.limit_changed_at) for p in answer.providers] == [
        (4, 8, "rate limited", None)
    ]
    assert [(one.instance, one.hunts) for one in answer.instances] == [("b", 0), ("c", 3)]


async def test_the_status_that_the_api_sends_is_read_whole(tmp_path):
    async with open_runtime(make_settings(telemetry__directory=str(tmp_path))) as runtime:
        sent = await runtime.status.status(draining=False)
    assert read_status(json.loads(to_json(sent))) == sent


@pytest.mark.parametrize("address", ["http://model-hunter:8000", "http://10.1.2.3:8000", "https://hunter.example"])
def test_make_run_is_not_suggested_if_the_api_is_on_another_machine(address):
    def gone(request):
        raise httpx.ConnectError("no")

    with httpx.Client(base_url=address, transport=httpx.MockTransport(gone)) as client:
        hint = ask_status(client).hint
    assert "make run" not in hint
    assert "docker-compose logs model-hunter" in hint
