"""Health, status, metrics, documentation."""


async def test_health_is_honest(client, runtime):
    body = await (await client.get("/api/health")).get_json()
    assert (body["status"], body["sessions_backend"], body["simulated_only"]) == ("healthy", "memory", True)
    assert (await client.get("/api/health/ready")).status_code == 200
    runtime.draining.set()
    assert (await client.get("/api/health")).status_code == 503
    assert (await client.get("/api/health/ready")).status_code == 503
    assert (await client.get("/api/health/live")).status_code == 200


async def test_the_status_shows_every_account_and_no_session(client, sid):
    response = await client.get("/api/admin/status")
    status = await response.get_json()
    limits = {row["account"]: row["limit"] for row in status["providers"]}
    assert (limits["openai"], limits["openrouter"], limits["fireworks"]) == (8, 6, 4)
    assert status["sessions"] == {"backend": "memory", "count": 1}
    assert sid not in (await response.get_data()).decode()


async def test_the_api_describes_itself(client):
    described = await (await client.get("/openapi.json")).get_json()
    assert "/api/sessions/{sid}/runs" in described["paths"]
    page = (await (await client.get("/docs")).get_data()).decode()
    assert ">The HTTP API</h1>" in page


async def test_models_say_which_are_usable_and_why_not(client):
    body = await (await client.get("/api/models")).get_json()
    rows = {row["name"]: row for row in body["providers"]}
    assert rows["simulated"]["usable"] is True
    assert (rows["openrouter"]["usable"], "OPENROUTER_API_KEY" in rows["openrouter"]["why_not"]) == (False, True)
    assert body["default_judge"].startswith("simulated/")
