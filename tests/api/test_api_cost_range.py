"""The estimate before Start against the real cost: runs over the examples at simulated prices, targets and judge apart."""

import json

import pytest

from api.app import create_app
from core.notebooks.examples import list_examples
from core.runtime import open_runtime
from core.settings import Account
from core.simulator.script import read_script
from core.simulator.server import open_server
from tests.api.test_api_budgets import finished
from tests.settings import make_settings

SCRIPT = {
    "target_latency_ms": 0, "judge_latency_ms": 0, "latency_spread": 0, "input_usd_per_mtok": 1.25, "output_usd_per_mtok": 10,
    "models": {"plain": {}, "thinking": {"reasoning": "field", "input_usd_per_mtok": 3, "output_usd_per_mtok": 15},
               "flaky": {"server_error": 0.1, "empty_reply": 0.1}},
}  # fmt: skip


@pytest.fixture
async def opened(tmp_path):
    """A client; its provider lab has simulated prices, which the list of models names."""
    async with open_server(read_script(json.dumps(SCRIPT))) as server:
        account = Account("lab", f"http://127.0.0.1:{server.port}/v1", concurrency=16)
        settings = make_settings(
            telemetry__directory=str(tmp_path), providers__openai_compatible=(account,), calls__retry_min_wait_s=0.0
        )
        async with open_runtime(settings, seed=1) as runtime:
            await runtime.catalog.lists.refresh()
            yield create_app(runtime).test_client()


async def estimated(client, sid, models, hunts):
    query = {"models": ",".join(models), "hunts": hunts, "judge_model": "lab/judge"}
    return await (await client.get(f"/api/sessions/{sid}/estimate", query_string=query)).get_json()


async def run_is_in_range(client, sid, models, hunts):
    """Whether the total, and the targets' and the judge's cost, lie in the range that was shown before."""
    before = await estimated(client, sid, models, hunts)
    run = await finished(client, sid, {"models": models, "judge_model": "lab/judge", "hunts": hunts})
    cost, judge = run["counts"]["cost_usd"], run["counts"]["judge_cost_usd"] or 0.0
    low, high = (sum(one[name] for one in before["targets"]) for name in ("low_usd", "high_usd"))
    assert before["low_usd"] == pytest.approx(low + before["judge"]["low_usd"])
    return (
        before["low_usd"] <= cost <= before["high_usd"]
        and low <= cost - judge <= high
        and before["judge"]["low_usd"] <= judge <= before["judge"]["high_usd"]
    )


async def test_nine_of_ten_ranges_hold_the_real_cost_before_and_after_the_first_hunts(opened):
    found = []
    for example in list_examples():
        for models in (["lab/plain"], ["lab/thinking"], ["lab/flaky", "lab/thinking"]):
            session = await (await opened.post("/api/sessions", json={"example": example.name})).get_json()
            found += [await run_is_in_range(opened, session["session_id"], models, hunts) for hunts in (4, 8, 16)]
    assert len(found) == 27
    assert sum(found) >= 0.9 * len(found)


async def test_the_range_narrows_with_the_hunts_so_far(opened):
    session = await (await opened.post("/api/sessions", json={"example": "word-budget"})).get_json()
    sid, spans = session["session_id"], []
    for hunts in (8, 24):
        one = await estimated(opened, sid, ["lab/plain"], 8)
        spans.append(one["high_usd"] - one["low_usd"])
        await finished(opened, sid, {"models": ["lab/plain"], "judge_model": "lab/judge", "hunts": hunts})
    after = await estimated(opened, sid, ["lab/plain"], 8)
    assert (after["targets"][0]["basis"], after["judge"]["basis"]) == ("hunts", "hunts")
    assert spans[0] > 10 * spans[1] > 10 * (after["high_usd"] - after["low_usd"])
