"""Judges that take a schema, only a JSON object, or reject the field: every reply is judged, at one more request."""

import json

import pytest

from core.domain.parameters import Parameters
from core.domain.verdict import Outcome
from core.hunting.orders import OpenOrder
from core.hunting.views.hunts import hunt_view
from core.notebooks.document import UNBOUNDED
from core.notebooks.examples import read_example
from core.notebooks.parse import parse_notebook
from core.simulator.script import read_script
from core.simulator.server import open_server
from tests.e2e.over_http import hunt_to_the_end, runtime_at

HUNTS = 8
QUICK = {"seed": 3, "target_latency_ms": 1, "judge_latency_ms": 1, "judge_form": "plain"}


def script(**judge):
    return read_script(json.dumps({**QUICK, "models": {"judge": judge}}))


async def hunted(server, folder, visibility="open", **changes):
    async with runtime_at(server.port, folder, **changes) as runtime:
        opening = OpenOrder(visibility=visibility)
        session = await runtime.service.open_notebook(read_example("word-budget"), "w.ipynb", opening)
        judge = {"model": "openai/judge", "parameters": {"seed": 5}}
        run, hunts = await hunt_to_the_end(runtime, session.session_id, HUNTS, judge_model="", judge=judge)
        counts = (await runtime.store.counts(session.session_id))[run.run_id]
        delivery = await runtime.service.deliver(session.session_id)
        return run, hunts, counts, delivery


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("schema", "logprobs", "rejected"),
    [("enforced", "given", 0), ("object", "ignored", 1), ("refused", "refused", 2), ("ignored", "refused", 1)],
)
async def test_a_rejected_field_costs_one_request_and_no_verdict(tmp_path, schema, logprobs, rejected):
    async with open_server(script(answer_schema=schema, logprobs=logprobs)) as server:
        run, hunts, _, _ = await hunted(server, tmp_path)
        counters = server.counters.as_json()
    verdicts = [verdict for hunt in hunts for verdict in hunt.verdicts]
    assert {hunt.outcome for hunt in hunts} <= {Outcome.BROKE, Outcome.HELD}
    assert counters["ended"].get("bad_request", 0) == rejected
    assert sum(verdict.calls for verdict in verdicts) == len(verdicts) + rejected
    assert counters["by_purpose"]["judge"]["calls"] == len(verdicts) + rejected
    assert all((verdict.confidence is not None) is (logprobs == "given") for verdict in verdicts)
    assert run.judge_parameters == Parameters(seed=5)


@pytest.mark.e2e
async def test_confidence_and_cached_tokens_are_counted_and_exported(tmp_path):
    async with open_server(script(answer_schema="enforced", logprobs="given", prompt_cache=True)) as server:
        _, hunts, counts, delivery = await hunted(server, tmp_path, calls__judge_cache_warmup=True)
    verdicts = [verdict for hunt in hunts for verdict in hunt.verdicts]
    assert counts.judge_cache.input_tokens == sum(verdict.usage.input_tokens for verdict in verdicts)
    assert counts.judge_cache.cached_tokens == sum(verdict.usage.cached_tokens for verdict in verdicts)
    assert all(0.5 <= verdict.confidence <= 1 for verdict in verdicts)
    stored = parse_notebook(delivery.notebook, UNBOUNDED).resumed
    assert stored.hunts == tuple(hunts)
    assert stored.session.runs[0].judge_parameters == Parameters(seed=5)


@pytest.mark.e2e
async def test_a_sealed_session_shows_neither_confidence_nor_the_judges_cache(tmp_path):
    async with open_server(script(answer_schema="enforced", logprobs="given", prompt_cache=True)) as server:
        _, hunts, _, delivery = await hunted(server, tmp_path, visibility="blind")
    shown = json.dumps([hunt_view(hunt, sealed=True, texts=True) for hunt in hunts], default=str)
    assert "confidence" not in shown
    assert b'"confidence"' not in delivery.notebook
