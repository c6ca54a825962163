"""Hunts against servers that others wrote: llama.cpp as target and as judge, directly and through the LiteLLM proxy.

The small model's verdicts are worth nothing; what counts is that its answers have the form of a verdict.
"""

import json
from itertools import chain

import pytest

from core.domain.criteria import Criterion
from core.domain.verdict import Outcome, Verdict
from core.hunting.orders import EditOrder, OpenOrder
from core.notebooks.examples import read_example
from tests.e2e.local_servers import MODEL, open_gateway, open_llama, runtime_with
from tests.e2e.over_http import hunt_to_the_end

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
PROMPT = "What is the capital of France? Answer in one short sentence."
CRITERIA = tuple(
    Criterion(id=f"C{number}", text=f"The reply {text}.")
    for number, text in enumerate(("names Paris", "is one sentence", "is polite", "names a city", "is in English"), 1)
)


async def open_task(runtime):
    session = await runtime.service.open_notebook(read_example("word-budget"), "w.ipynb", OpenOrder())
    edit = EditOrder(version=session.version, prompt=PROMPT, criteria=CRITERIA)
    return (await runtime.service.edit_task(session.session_id, edit)).session_id


async def hunt(runtime, models, judge, *, hunts):
    sid = await open_task(runtime)
    _, done = await hunt_to_the_end(runtime, sid, hunts, models=models, judge_model=judge, override_check=True)
    return done


def assert_replied(hunts):
    assert {hunt.outcome for hunt in hunts} <= {Outcome.BROKE, Outcome.HELD, Outcome.UNDETERMINED}
    for hunt in hunts:
        assert "Paris" in hunt.reply.text
        assert hunt.reply.usage.output_tokens >= 1
        assert hunt.reply.model.endswith(MODEL)
        assert json.loads(hunt.reply.raw_request)["model"] == MODEL


async def judged_by_llama(folder, *, hunts):
    """The verdicts of the small model on replies of its own."""
    async with open_llama(folder) as llama, runtime_with(folder, "llama", llama) as runtime:
        done = await hunt(runtime, (f"llama/{MODEL}",), f"llama/{MODEL}", hunts=hunts)
    assert_replied(done)
    return tuple(chain.from_iterable(hunt.verdicts for hunt in done))


def usable(verdicts):
    return [v for v in verdicts if v.verdict in (Verdict.PASS, Verdict.FAIL) and v.calls == 1]


@pytest.mark.long
async def test_llama_cpp_is_a_target_and_a_judge_whose_answers_keep_to_the_schema(tmp_path):
    verdicts = await judged_by_llama(tmp_path, hunts=1)
    assert len(verdicts) == len(CRITERIA)
    assert len(usable(verdicts)) >= len(verdicts) - 1


@pytest.mark.long
async def test_at_least_19_of_20_verdicts_of_a_small_model_are_usable_at_first_asking(tmp_path):
    verdicts = await judged_by_llama(tmp_path, hunts=4)
    print(f"usable at first asking: {len(usable(verdicts))} of {len(verdicts)}")
    assert len(verdicts) == 20
    assert len(usable(verdicts)) >= 19


@pytest.mark.long
async def test_the_litellm_proxy_is_a_gateway(tmp_path):
    async with (
        open_llama(tmp_path) as llama,
        open_gateway(tmp_path, llama) as gateway,
        runtime_with(tmp_path, "gateway", gateway) as runtime,
    ):
        assert_replied(await hunt(runtime, (f"gateway/{MODEL}",), "simulated/judge", hunts=2))
