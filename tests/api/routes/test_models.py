"""A model's name is looked up before anything is paid for it."""

import json
import threading

import pytest

from api.app import create_app
from core.runtime import open_runtime
from core.settings import Account
from tests.core.providers.raw_provider import raw_provider, says, whole
from tests.core.telemetry.judged_log import FIRST, LIKE_FIRST, PROMPT, SECOND, write_judged_log
from tests.settings import make_settings

TASK = {"prompt": "p", "response": "r", "criteria": [{"id": f"C{n}", "text": "Is it kind?"} for n in (1, 2, 3)]}


@pytest.fixture
async def opened(tmp_path):
    """With a key for OpenAI, and no other."""
    async with open_runtime(make_settings(telemetry__directory=str(tmp_path), openai__key="key"), seed=1) as runtime:
        yield runtime


@pytest.fixture
def client(opened):
    return create_app(opened).test_client()


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


async def test_names_are_searched_and_compared_outside_the_event_loop(opened, monkeypatch):
    threads = []

    def recorded(look_up):
        def wrapped(*arguments):
            threads.append(threading.get_ident())
            return look_up(*arguments)

        return wrapped

    for name in ("search", "near", "suggestion"):
        monkeypatch.setattr(opened.catalog, name, recorded(getattr(opened.catalog, name)))
    client = create_app(opened).test_client()
    await client.get("/api/models?q=gpt")
    await client.get("/api/models/resolve?model=openai/gtp-5")
    sid = (await (await client.post("/api/sessions", json={"task": TASK})).get_json())["session_id"]
    await client.get(f"/api/sessions/{sid}/estimate?models=openai/gtp-5")
    assert len(threads) >= 4
    assert threading.get_ident() not in threads


LISTED = [
    {"id": "vendor/alpha-2", "name": "Alpha Two", "context_length": 1000, "pricing": {"prompt": "0.000001", "completion": "0.000002"},
     "supported_parameters": ["reasoning", "seed"]},
    {"id": "vendor/beta:free"}, *({"id": f"vendor/model-{n}"} for n in range(3000)),
]  # fmt: skip


@pytest.fixture
async def listing(tmp_path):
    """A client whose provider lab has a list of 3,002 models, of which the operator names one."""
    answer = whole("200 OK", json.dumps({"data": LISTED}).encode())
    async with raw_provider(says(answer)) as lab:
        account = Account("lab", lab.base_url, models=("vendor/alpha-2",))
        settings = make_settings(telemetry__directory=str(tmp_path), providers__openai_compatible=(account,))
        async with open_runtime(settings, seed=1) as runtime:
            await runtime.catalog.lists.refresh()
            yield create_app(runtime).test_client()


async def found(client, **query):
    return await (await client.get("/api/models", query_string=query)).get_json()


async def test_without_a_search_the_models_are_those_of_the_operator(listing):
    answer = await found(listing)
    (alpha,) = [row for row in answer["models"] if row["provider"] == "lab"]
    assert answer["found"] == len(answer["models"])
    assert alpha == {
        "model": "lab/vendor/alpha-2", "provider": "lab", "name": "vendor/alpha-2", "usable": True, "why_not": "",
        "simulated": False, "reasoning": True, "input_usd_per_mtok": 1.0, "output_usd_per_mtok": 2.0,
        "cached_input_usd_per_mtok": None, "label": "Alpha Two", "context_tokens": 1000, "max_output_tokens": None,
        "parameters": ["reasoning", "seed"], "configured": True, "listed": True, "new": False, "first_seen_at": None,
        "gone_at": None,
    }  # fmt: skip
    (lab,) = [row for row in answer["providers"] if row["name"] == "lab"]
    assert (lab["models_listed"], lab["list_error"], bool(lab["list_read_at"])) == (3002, "", True)


async def test_a_search_finds_words_in_any_order_among_thousands_and_its_answer_is_bounded(listing):
    answer = await found(listing, q="TWO lab", limit=5)
    assert [row["model"] for row in answer["models"]] == ["lab/vendor/alpha-2"]
    answer = await found(listing, q="model vendor", limit=7)
    assert (len(answer["models"]), answer["found"]) == (7, 3000)
    assert len((await found(listing, q="vendor"))["models"]) == 50
    assert (await found(listing, q="no-such-word"))["models"] == []


@pytest.mark.parametrize("query", ["?limit=0", "?limit=201", "?limit=x", "?q=" + "x" * 201, "?query=x"])
async def test_an_invalid_search_is_refused(listing, query):
    assert (await listing.get(f"/api/models{query}")).status_code == 400


@pytest.mark.parametrize(
    ("model", "suggestion", "listed"),
    [("lab/vendor/alpha-22", "lab/vendor/alpha-2", False), ("lab/vendor/alpha-2", "", True), ("lab/vendor/beta", "", False),
     ("lab/vendor/model-7", "", True), ("lab/vendor/model-7:nitro", "", True), ("lab/something/else", "", False)],
)  # fmt: skip
async def test_the_lists_answer_what_was_probably_meant(listing, model, suggestion, listed):
    _, answer = await resolved(listing, model)
    assert (answer["suggestion"], answer["listed"]) == (suggestion, listed)


async def test_a_name_without_its_provider_is_hinted_at(listing):
    _, answer = await resolved(listing, "vendor/alpha-2")
    assert answer["error"]["hint"].startswith("Did you mean lab/vendor/alpha-2? Use provider/model ID;")


async def test_an_estimate_warns_of_a_near_miss(listing):
    opened = await (await listing.post("/api/sessions", json={"task": TASK})).get_json()
    query = {"models": "lab/vendor/alpha-22,lab/vendor/alpha-2", "judge_model": "simulated/judge"}
    answer = await listing.get(f"/api/sessions/{opened['session_id']}/estimate", query_string=query)
    assert (await answer.get_json())["warnings"] == [
        {
            "model": "lab/vendor/alpha-22",
            "suggestion": "lab/vendor/alpha-2",
            "message": "lab/vendor/alpha-22: did you mean lab/vendor/alpha-2?",
        }
    ]


@pytest.mark.timeout(240)  # a process with low priority reads the log
async def test_the_cards_of_all_judges_and_the_second_judge_that_errs_differently(client, tmp_path):
    write_judged_log(tmp_path)
    response = await client.get("/api/judges", query_string={"first": FIRST})
    found = await response.get_json()
    assert response.status_code == 200
    assert {(card["model"], card["prompt"]) for card in found["cards"]} == {
        (model, PROMPT) for model in (FIRST, SECOND, LIKE_FIRST)
    }
    card = next(card for card in found["cards"] if card["model"] == FIRST)
    assert card["agreement"]["n"] == card["reviewed"] > 200
    assert card["sentences"][0].startswith(
        f"People agreed with {card['agreement']['hits']} of {card['reviewed']} verdicts ("
    )
    assert {frozenset(pair["judges"]) for pair in found["pairs"]} == {
        frozenset(pair) for pair in ((FIRST, SECOND), (FIRST, LIKE_FIRST), (SECOND, LIKE_FIRST))
    }
    assert (found["second"]["model"], found["second"]["first"]) == (LIKE_FIRST, FIRST)  # SECOND has no key here


@pytest.mark.timeout(240)
async def test_without_reviews_no_second_judge_is_recommended(client):
    found = await (await client.get("/api/judges")).get_json()
    assert (found["cards"], found["pairs"]) == ([], [])
    assert found["second"] == {
        "first": "openai/gpt-5", "model": "", "effective_votes": None, "n": 0, "why": "not enough reviews yet",
    }  # fmt: skip
