"""A provider that fails in all its ways makes no break, loses none, and every failure shows its cause."""

import json
from collections import Counter

import pytest

from core.domain.chat import Message
from core.domain.verdict import Outcome, Verdict
from core.hunting.orders import OpenOrder
from core.notebooks.examples import read_example
from core.simulator.script import Fault, read_script
from core.simulator.server import open_server
from tests.e2e.over_http import hunt_to_the_end, runtime_at
from tests.planted import planted

HUNTS = 80
FAILING = {
    "seed": 11, "target_latency_ms": 1, "judge_latency_ms": 1, "chunk_chars": 40, "break_rate": 0.5, "retry_after_s": 0.02,
    "rate_limited": 0.04, "rate_limited_bare": 0.03, "server_error": 0.03, "overloaded": 0.02, "error_in_200": 0.02,
    "error_mid_stream": 0.02, "empty_reply": 0.02, "cut_stream": 0.02,
}  # fmt: skip


@pytest.mark.e2e
@pytest.mark.parametrize("attempts", [1, 6])
async def test_breaks_are_exactly_the_planted_ones_whatever_fails(tmp_path, attempts):
    script = read_script(json.dumps(FAILING))
    async with (
        open_server(script) as server,
        runtime_at(server.port, tmp_path, calls__max_attempts=attempts) as runtime,
    ):
        session = await runtime.service.open_notebook(read_example("word-budget"), "w.ipynb", OpenOrder())
        _, hunts = await hunt_to_the_end(runtime, session.session_id, HUNTS)
        calls = server.counters.as_json()["by_purpose"]["target"]["calls"]
    truth = truths(script, session.task, calls)
    assert Counter(h.reply.text for h in hunts if h.reply) <= Counter(text for text, _ in truth)
    breaks_of = dict(truth)
    for hunt in hunts:
        if hunt.reply is None:
            assert (hunt.outcome, hunt.verdicts, bool(hunt.error.code and hunt.error.message)) == (
                Outcome.ERROR,
                (),
                True,
            )
            continue
        assert_true_verdicts(hunt, breaks_of[hunt.reply.text], len(session.task.criteria))
    ended = Counter(h.outcome for h in hunts)
    assert ended[Outcome.BROKE] > 0
    if attempts == 1:
        assert ended[Outcome.ERROR] > 5
        assert ended[Outcome.UNDETERMINED] > 0
    else:
        assert ended[Outcome.ERROR] + ended[Outcome.UNDETERMINED] == 0
        assert sum(h.reply is not None for h in hunts) == len(truth)


def truths(script, task, calls):
    """(text, failed criteria) of every reply that the script gives in so many calls."""
    messages = (Message(role="user", content=task.prompt),)
    all_calls = (planted(script, "hasty", messages, nth, task.criteria) for nth in range(calls))
    return [(one.text, one.breaks) for one in all_calls if one.fault is Fault.NONE]


def assert_true_verdicts(hunt, planted_breaks, criteria):
    said = {v.criterion_id: v.verdict for v in hunt.verdicts}
    failed = {i for i, verdict in said.items() if verdict is Verdict.FAIL}
    open_ones = {i for i, verdict in said.items() if verdict is Verdict.UNDETERMINED}
    assert len(said) == criteria
    assert failed == planted_breaks - open_ones
    assert all(v.error or v.judge_text for v in hunt.verdicts if v.verdict is Verdict.UNDETERMINED)
    if not open_ones:
        assert (hunt.outcome is Outcome.BROKE) == (2 * (criteria - len(planted_breaks)) <= criteria)
