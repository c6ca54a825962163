"""A receipt's reply is judged again, and the verdicts are compared."""

import json

import pytest

from core.domain.chat import Reply
from core.domain.parameters import Target
from core.hunting.receipts.receipt import Receipt, receipt_of
from core.hunting.receipts.rejudge import rejudge
from core.judge.judge import Judge
from core.runtime import open_runtime
from tests.builders import a_finished_hunt, a_run, a_session
from tests.settings import make_settings


@pytest.mark.parametrize("outcome", ["broke", "held"])
async def test_outcomes_are_compared(tmp_path, outcome):
    hunt = a_finished_hunt(1, reply=Reply(text="Nothing of the kind."))
    values = json.loads(json.dumps(receipt_of(a_session(runs=(a_run(),)), hunt)))
    values["hunt"]["outcome"] = outcome
    settings = make_settings(telemetry__directory=str(tmp_path))
    async with open_runtime(settings) as runtime:
        judge = Judge(runtime.catalog, settings.calls)
        again = await rejudge(Receipt.model_validate(values), judge, Target(model="simulated/judge"))
    assert [one["criterion_id"] for one in again["criteria"]] == ["C1", "C2", "C3"]
    assert all(one["before"] == "FAIL" for one in again["criteria"])
    assert (again["outcome_before"], again["judge_model"]) == (outcome, "simulated/judge")
    assert again["agree"] is (again["outcome"] == outcome)
    assert again["outcome"] in {"broke", "held"}
