"""A daily budget over whole API processes: what the provider has billed exceeds it by the calls in flight at most."""

import asyncio

import httpx
import pytest

from tests.chaos.processes import JUDGE, TARGET, Trainer, ended, start_cluster

pytestmark = [pytest.mark.chaos, pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(300)]
LIMIT_USD, SLOTS = 2.0, 6
SCRIPT = {"target_latency_ms": 40, "judge_latency_ms": 10, "output_usd_per_mtok": 1000}
"""A tenth of a cent for each token: some cents for a reply."""


@pytest.mark.parametrize("processes", [pytest.param(1, marks=pytest.mark.long), 3])
async def test_a_budget_is_exceeded_by_the_calls_in_flight_at_most(processes):
    limits = {"OPENROUTER_CONCURRENCY": SLOTS, "OPENAI_CONCURRENCY": SLOTS, "BUDGET_PER_ACCOUNT_USD": LIMIT_USD}
    with start_cluster(processes, script=SCRIPT, **limits) as ours:
        async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
            trainers = [Trainer(client, api) for api in ours.apis]
            await asyncio.gather(*(trainer.start(240 // processes) for trainer in trainers))
            runs = await asyncio.gather(*(trainer.until(ended, within_s=120) for trainer in trainers))
            billed = [cost for trainer in trainers for cost in await costs(trainer)]
            status = await trainers[0].ask("GET", "admin/status")
            again = await client.post(
                f"{ours.apis[-1].address}/api/sessions/{trainers[-1].sid}/runs",
                json={"models": [TARGET], "hunts": 1, "judge_model": JUDGE},
            )
    assert {run["status"] for run in runs} == {"failed"}
    assert all(run["stop_reason"].startswith("The daily budget of the account ") for run in runs)
    assert all(run["counts"]["error"] == 0 for run in runs)
    assert (again.status_code, again.json()["error"]["code"]) == (429, "budget_spent")
    spent = {state["name"]: state["spent_usd"] for state in status["budgets"]}
    assert max(spent.values()) >= LIMIT_USD
    for account in ("openrouter", "openai"):
        real = sum(cost for name, cost in billed if name == account)
        dearest = max(cost for name, cost in billed if name == account)
        assert real <= LIMIT_USD + SLOTS * dearest
        assert spent[account] == pytest.approx(real)


async def costs(trainer: Trainer) -> list[tuple[str, float]]:
    """What each call has cost, with its account."""
    found = []
    for hunt in await trainer.hunts():
        found += [("openrouter", hunt["cost_usd"])] if hunt["cost_usd"] is not None else []
        found += [("openai", v["cost_usd"]) for v in hunt["verdicts"] if v["cost_usd"]]
    return found
