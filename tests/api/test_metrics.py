"""The admin status as Prometheus reads it."""


async def test_metrics_are_the_status_in_prometheus_form(client, sid):
    text = (await (await client.get("/metrics")).get_data()).decode()
    assert "model_hunter_sessions 1.0" in text
    assert 'model_hunter_provider_limit{account="openrouter"} 6.0' in text
