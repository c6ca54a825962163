"""Signing in and out: the cookie, and who gets none."""

import pytest

from core.access.cookies import COOKIE, new_cookie
from core.clock import SystemClock
from tests.api.signing_in import TOKENS, holders, signed_in
from tests.api.test_identity import code

LIFE_S = 3600.0


@pytest.fixture
def changes():
    return {"access__tokens": holders(), "access__sign_in_ttl_s": LIFE_S}


async def test_a_sign_in_brings_a_cookie_that_scripts_cannot_read(client):
    answer = await signed_in(client)
    assert await answer.get_json() == {"name": "alice", "scope": "trainer", "sign_in": True, "library": False}
    cookie = answer.headers["Set-Cookie"]
    parts = {part.strip().partition("=")[0] for part in cookie.split(";")}
    assert parts >= {"HttpOnly", "SameSite", "Path", "Max-Age", COOKIE}
    assert "SameSite=Lax" in cookie
    assert "Secure" not in parts
    assert f"Max-Age={LIFE_S:.0f}" in cookie
    assert TOKENS["alice"] not in cookie
    over_tls = (await signed_in(client, **{"X-Forwarded-Proto": "https"})).headers["Set-Cookie"]
    assert "; Secure" in over_tls


async def test_a_sign_in_lasts_until_the_sign_out(client):
    await signed_in(client)
    assert (await client.get("/")).status_code == 200
    assert (await (await client.get("/api/who")).get_json())["name"] == "alice"
    assert (await client.post("/api/sign-out")).status_code == 204
    assert (await client.get("/api/models")).status_code == 401
    assert await (await client.get("/api/who")).get_json() == {
        "name": "",
        "scope": "",
        "sign_in": True,
        "library": False,
    }


@pytest.mark.parametrize("token", ["", "mh_", "alice", TOKENS["alice"][:-1], TOKENS["alice"] + "x", "x" * 999])
async def test_a_token_that_is_not_known_lets_nobody_in(client, token):
    refused = await client.post("/api/sign-in", json={"token": token})
    assert (refused.status_code, await code(refused)) == (401, "not_signed_in")
    assert "Set-Cookie" not in refused.headers
    assert (await client.get("/api/models", headers={"Authorization": f"Bearer {token}"})).status_code == 401


async def test_neither_the_hash_nor_a_pass_is_a_token(client):
    holder = holders()[0]
    for wrong in (holder.digest.hex(), new_cookie(holder, SystemClock().now().timestamp(), 60)):
        assert (await client.post("/api/sign-in", json={"token": wrong})).status_code == 401
        assert (await client.get("/api/models", headers={"Authorization": f"Bearer {wrong}"})).status_code == 401
    for scheme in (f"Basic {TOKENS['alice']}", f"Token {TOKENS['alice']}", TOKENS["alice"], "Bearer"):
        assert (await client.get("/api/models", headers={"Authorization": scheme})).status_code == 401
