"""While a hunt's verdicts are sealed, views contain its outcome and nothing else from the judge."""

import pytest

from core.domain.confirmation import SecondOpinion
from core.domain.hunt import HuntError, HuntStatus, Judging
from core.domain.parameters import NO_PARAMETERS, Parameters
from core.domain.verdict import Outcome
from core.domain.verdict_redaction import redact_cost, redact_verdicts
from tests.builders import NOW, a_finished_hunt, a_hunt, a_verdict


def a_judged_twice(**changes):
    earlier = Judging(at=NOW, judge_model="j", verdicts=(a_verdict("C1", cost_usd=0.5),))
    return a_finished_hunt(**({"judged": (earlier,)} | changes))


def test_a_sealed_hunt_shows_its_outcome_and_nothing_else_of_the_judge():
    opinion = SecondOpinion(judge_model="lab/other", asked_at=NOW, asked=("C1",))
    hunt = a_judged_twice(judge_model="simulated/judge", judge_parameters=Parameters(seed=1), opinions=(opinion,))
    sealed = {"verdicts": (), "judged": (), "judge_model": "", "finished_at": None, "judge_parameters": NO_PARAMETERS}
    sealed["opinions"] = ()
    assert redact_verdicts(hunt) == hunt.model_copy(update=sealed)


def test_without_a_reply_nothing_was_judged_and_the_end_time_reveals_nothing():
    failed = a_finished_hunt(outcome=Outcome.ERROR, reply=None, verdicts=())
    assert redact_verdicts(failed) == failed


def test_a_trial_shows_everything():
    trial = a_judged_twice(number=-1)
    assert redact_verdicts(trial) is trial


OLD = "Stopped at a cost of $1.2345, as the run was told ($1.5e-05)."
"""As earlier releases wrote it."""


def test_an_error_says_all_but_what_the_run_had_cost():
    error = HuntError(code="stopped", message=OLD, hint="Raise it.", status=400, raw="{}")
    hunt = a_hunt(status=HuntStatus.DONE, outcome=Outcome.CANCELLED, error=error)
    expected = error.model_copy(update={"message": "Stopped at the run's cost limit of $1.5e-05."})
    assert redact_verdicts(hunt) == hunt.model_copy(update={"error": expected})


@pytest.mark.parametrize("reason", ["", "Stopped at 3 breaks.", f"{OLD} And more.", f"He said: {OLD}"])
def test_other_reasons_stay_as_they_are(reason):
    assert redact_cost(reason) == reason
