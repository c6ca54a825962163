"""Every error has one shape; a bug is counted and shows nothing of the inside."""

import pytest

from api.errors import status_of
from core.errors import (
    Advice,
    BadTask,
    BudgetSpent,
    Busy,
    Conflict,
    HunterError,
    NotAllowed,
    NotFound,
    NotSignedIn,
    ProviderError,
    RedisAway,
    TooLarge,
)
from tests.api.routes.test_sessions import error_of


async def test_unknown_addresses_and_methods_have_the_same_shape(client):
    assert await error_of(await client.get("/api/nowhere")) == (404, "not_found")
    assert await error_of(await client.put("/api/sessions")) == (405, "method_not_allowed")


async def test_an_unexpected_error_is_counted_and_reported_without_internals(client, runtime, monkeypatch):
    def explode(*_args, **_kwargs):
        raise RuntimeError("secret inside")

    monkeypatch.setattr(type(runtime.status), "snapshot", explode)
    response = await client.get("/api/sessions/s_x")
    assert await error_of(response) == (500, "internal_error")
    assert "secret inside" not in (await response.get_data()).decode()
    assert runtime.activity.bugs == 1


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BadTask(""), 400), (NotSignedIn(""), 401), (NotAllowed(""), 403), (NotFound(""), 404), (Conflict(""), 409),
        (TooLarge(""), 413), (Busy(""), 429), (BudgetSpent(""), 429), (RedisAway("", reason="timeout"), 503),
        (ProviderError("", code="silent", advice=Advice.LATER), 502), (HunterError(""), 500),
    ],
)  # fmt: skip
def test_each_kind_of_error_has_its_status(error, status):
    assert status_of(error) == status


async def test_headers_say_when_to_try_again_and_how_to_sign_in(client, runtime, monkeypatch):
    async def fail(_status, _sid):
        raise failing.pop()

    monkeypatch.setattr(type(runtime.status), "snapshot", fail)
    failing = [BudgetSpent("Spent.", details={"retry_after_s": 60}), NotSignedIn("Who are you?")]
    signed_out, spent = [await client.get("/api/sessions/s_x") for _ in range(2)]
    assert (signed_out.status_code, signed_out.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert (spent.status_code, spent.headers["Retry-After"]) == (429, "60")
    assert "WWW-Authenticate" not in spent.headers


async def test_methods_that_a_route_has_are_named(client):
    refused = await client.put("/api/sessions")
    assert "POST" in refused.headers["Allow"]
    assert (await refused.get_json())["error"]["message"] == "Method Not Allowed: PUT /api/sessions"
