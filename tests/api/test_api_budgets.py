"""Daily budgets at the API: refused before a run, a running run stops with the reason, what is left is shown."""

import asyncio
import json

import pytest

from api.app import create_app
from core.runtime import open_runtime
from core.settings import Account
from core.simulator.script import read_script
from core.simulator.server import open_server
from tests.settings import make_settings

SCRIPT = {
    "target_latency_ms": 1,
    "judge_latency_ms": 1,
    "latency_spread": 0,
    "input_usd_per_mtok": 1000,
    "output_usd_per_mtok": 1000,
}
TASK = {"prompt": "p" * 400, "response": "r", "criteria": [{"id": f"C{n}", "text": "Is it kind?"} for n in (1, 2, 3)]}
FREE = {"models": ["simulated/hasty"], "judge_model": "simulated/judge"}


@pytest.fixture
async def opened(tmp_path):
    """Opens the application with budgets; its provider lab has simulated prices: a thousandth of a dollar a token."""
    async with open_server(read_script(json.dumps(SCRIPT))) as server:
        accounts = tuple(
            Account(name, f"http://127.0.0.1:{server.port}/v1", concurrency=4) for name in ("lab", "bench")
        )

        def opening(**budgets):
            return open_runtime(
                make_settings(
                    telemetry__directory=str(tmp_path), providers__openai_compatible=accounts,
                    **{f"budgets__{name}": value for name, value in budgets.items()},
                ),
                seed=1,
            )  # fmt: skip

        yield opening


async def open_session(client):
    return (await (await client.post("/api/sessions", json={"task": TASK})).get_json())["session_id"]


async def finished(client, sid, body):
    started = await (await client.post(f"/api/sessions/{sid}/runs", json=body)).get_json()
    while True:
        run = await (await client.get(f"/api/sessions/{sid}/runs/{started['run_id']}")).get_json()
        if run["finished_at"]:
            return run
        await asyncio.sleep(0.02)


async def test_a_run_stops_when_the_budget_is_spent_and_no_other_begins(opened):
    async with opened(per_account_usd=2.0) as runtime:
        client = create_app(runtime).test_client()
        sid = await open_session(client)
        run = await finished(client, sid, {"models": ["lab/model"], "judge_model": "simulated/judge", "hunts": 60})
        assert (run["status"], run["stop_reason"]) == (
            "failed",
            "The daily budget of the account lab ($2.00) is spent.",
        )
        counts = run["counts"]
        assert counts["error"] == 0
        assert counts["interrupted"] + counts["broke"] + counts["held"] + counts["undetermined"] == 60
        assert counts["interrupted"] > 0
        (state,) = [s for s in (await runtime.status.status(draining=False)).budgets if s.name == "lab"]
        assert 2.0 <= state.spent_usd <= 2.0 + 4 * 0.5
        assert state.spent_usd == pytest.approx(counts["cost_usd"])
        refused = await client.post(f"/api/sessions/{sid}/runs", json={"models": ["lab/model"], "hunts": 1})
        error = (await refused.get_json())["error"]
        assert (refused.status_code, error["code"]) == (429, "budget_spent")
        assert int(refused.headers["Retry-After"]) == error["details"]["retry_after_s"] > 0
        assert "BUDGET_PER_ACCOUNT_USD" in error["hint"]
        assert (await finished(client, sid, {**FREE, "hunts": 1}))["status"] == "completed"
        other = await finished(client, sid, {"models": ["bench/model"], "judge_model": "simulated/judge", "hunts": 1})
        assert other["status"] == "completed"


async def test_a_judge_that_is_not_paid_for_leaves_replies_that_can_be_judged_again(opened):
    async with opened(per_account_usd=2.0) as runtime:
        client = create_app(runtime).test_client()
        sid = await open_session(client)
        run = await finished(client, sid, {"models": ["simulated/hasty"], "judge_model": "lab/judge", "hunts": 60})
        assert (run["status"], run["stop_reason"]) == (
            "failed",
            "The daily budget of the account lab ($2.00) is spent.",
        )
        assert run["counts"]["error"] == 0
        hunts = (await (await client.get(f"/api/sessions/{sid}/hunts?limit=100")).get_json())["hunts"]
        unpaid = [v for hunt in hunts for v in hunt["verdicts"] if v["error"] == "budget_spent"]
        assert unpaid
        assert {v["verdict"] for v in unpaid} == {"UNDETERMINED"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("runs", {"models": ["lab/m"]}),
        ("reference-check", {"judge_model": "lab/judge"}),
        ("trials", {"model": "lab/m"}),
    ],
)
async def test_whatever_would_be_paid_is_refused(opened, path, body):
    async with opened(per_user_usd=0.001) as runtime:
        client = create_app(runtime).test_client()
        sid = await open_session(client)
        await runtime.budgets.settle(await runtime.budgets.reserve("", "lab", 0.0), 1.0)
        refused = await client.post(f"/api/sessions/{sid}/{path}", json=body)
        assert (refused.status_code, (await refused.get_json())["error"]["code"]) == (429, "budget_spent")


async def test_an_estimate_shows_what_is_left_in_steps(opened):
    async with opened(per_user_usd=10.0, per_account_usd=20.0) as runtime:
        client = create_app(runtime).test_client()
        sid = await open_session(client)
        await runtime.budgets.settle(await runtime.budgets.reserve("", "lab", 0.0), 1.2345)
        query = {"models": "lab/m,simulated/hasty", "judge_model": "simulated/judge"}
        answer = await (await client.get(f"/api/sessions/{sid}/estimate", query_string=query)).get_json()
        shown = [(s["kind"], s["name"], s["limit_usd"], s["left_usd"]) for s in answer["budgets"]]
        assert shown == [("user", "", 10.0, 8.5), ("account", "lab", 20.0, 18.0)]
        query = {"models": "simulated/hasty", "judge_model": "simulated/judge"}
        free = await (await client.get(f"/api/sessions/{sid}/estimate", query_string=query)).get_json()
        assert free["budgets"] == []


async def test_a_model_without_a_price_is_named_because_budgets_cannot_count_it(opened):
    async with opened(per_account_usd=20.0) as runtime:
        client = create_app(runtime).test_client()
        sid = await open_session(client)
        query = {"models": "lab/m,simulated/hasty", "judge_model": "lab/judge"}
        answer = await (await client.get(f"/api/sessions/{sid}/estimate", query_string=query)).get_json()
        assert [warning["message"] for warning in answer["warnings"]] == [
            f"{model}: the price is unknown, so the daily budgets count its calls as $0."
            for model in ("lab/m", "lab/judge")
        ]


async def test_without_budgets_nothing_is_shown(opened):
    async with opened() as runtime:
        assert (await runtime.status.status(draining=False)).budgets == ()
