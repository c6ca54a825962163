"""A model's name is looked up before anything is paid for it."""

import pytest

from api.app import create_app
from core.runtime import open_runtime
from tests.settings import make_settings


@pytest.fixture
async def client(tmp_path):
    """With a key for OpenAI, and no other."""
    async with open_runtime(make_settings(telemetry__directory=str(tmp_path), openai__key="key"), seed=1) as runtime:
        yield create_app(runtime).test_client()


async def resolved(client, model):
    response = await client.get("/api/models/resolve", query_string={"model": model})
    return response.status_code, await response.get_json()


@pytest.mark.parametrize(
    ("model", "listed", "near"),
    [("openai/gpt-5", True, None), (" openai/gpt-5 ", True, None), ("openai/gpt5", False, "openai/gpt-5"),
     ("openai/gtp-5", False, "openai/gpt-5"), ("openai/something-else-entirely", False, None), ("simulated/hasty", True, None)],
)  # fmt: skip
async def test_who_answers_for_a_name_and_what_it_may_be_meant_for(client, model, listed, near):
    status, found = await resolved(client, model)
    assert (status, found["model"], found["listed"]) == (200, model.strip(), listed)
    assert found["provider"] == model.strip().partition("/")[0]
    assert found["near"][:1] == ([near] if near else [])


@pytest.mark.parametrize(
    ("model", "code"),
    [("gpt-5", "unknown_model"), ("nobody/gpt-5", "unknown_model"), ("openai/", "unknown_model"), (" ", "unknown_model"),
     ("simulated/hasti", "unknown_model"), ("openrouter/qwen/qwen3-32b", "model_not_usable")],
)  # fmt: skip
async def test_a_name_that_nobody_answers_for_is_refused(client, model, code):
    status, found = await resolved(client, model)
    assert (status, found["error"]["code"]) == (400, code)
    assert found["error"]["hint"]


@pytest.mark.parametrize("query", ["", "?model=", "?model=" + "x" * 201, "?modell=openai/gpt-5"])
async def test_a_question_without_a_name_is_refused(client, query):
    assert (await client.get(f"/api/models/resolve{query}")).status_code == 400
