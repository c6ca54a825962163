"""What every answer of the application has."""

import pytest


async def test_pages_are_served_under_a_strict_policy(client):
    page = await client.get("/docs")
    assert page.status_code == 200
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/docs", "/metrics", "/openapi.json", "/api/health", "/api/models", "/", "/sign-in", "/nowhere", "/favicon.svg"])  # fmt: skip
async def test_every_answer_says_whether_it_may_be_kept(client, path):
    assert (await client.get(path)).headers["Cache-Control"]
