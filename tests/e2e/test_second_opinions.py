"""What second opinions buy, through the product: runs with two confirming judges against a planted truth.

The whole table: `tests/benchmarks/second_opinions.py` (`make bench`).
"""

from __future__ import annotations

import pytest

from core.domain.hunt import Hunt
from core.domain.verdict import Outcome
from core.simulator.judge import decide
from core.simulator.prompts import JudgeRequest
from core.simulator.script import Script, read_script
from tests.benchmarks.second_opinions import FIRST, KINDS, OTHERS, conduct, summarize

KIND, SHARED, HUNTS, SEED = KINDS[1], 0.25, 200, 1
WITHIN = 0.03


def verdicts_of(script: Script, judge: str, hunt: Hunt) -> list[bool]:
    """Whether the simulated judge passes each criterion of the reply, known without asking it."""
    name, behavior = judge.removeprefix("simulated/"), script.behavior_of(judge)
    asked = (JudgeRequest(c.id, c.text, hunt.reply.text, reference="another") for c in KIND.task().criteria)
    return [decide(behavior, question, name).passed for question in asked]


def expected_confirmation(script: Script, hunt: Hunt) -> tuple[str, str]:
    """Outcome and confirmation of a task whose criteria must all pass, from the judges' planted verdicts."""
    first, *others = (verdicts_of(script, judge, hunt) for judge in (FIRST, *OTHERS))
    if all(first):
        return "held", "unconfirmed"
    failed = [place for place, passed in enumerate(first) if not passed]
    agreeing = [any(not verdicts[place] for place in failed) for verdicts in others]
    return "broke", "confirmed" if all(agreeing) else "contested"


@pytest.mark.timeout(300)
async def test_second_opinions_buy_what_their_specification_says() -> None:
    hunts = await conduct(KIND, SHARED, HUNTS, SEED)
    script = read_script(KIND.script(SHARED, SEED))
    found = [(hunt.outcome, hunt.confirmation) for hunt in hunts]
    assert found == [expected_confirmation(script, hunt) for hunt in hunts]
    assert {
        judge for hunt in hunts if hunt.outcome is Outcome.BROKE for judge in (o.judge_model for o in hunt.opinions)
    } == {*OTHERS}
    measured = summarize(KIND, SHARED, SEED, hunts)
    assert measured.false == pytest.approx(0.26, abs=WITHIN)
    assert measured.false_confirmed == pytest.approx((0.10, 0.035), abs=WITHIN)
    assert measured.lost == pytest.approx((0.07, 0.13), abs=WITHIN)
    assert measured.extra_calls == pytest.approx((0.22, 0.44), abs=WITHIN)
