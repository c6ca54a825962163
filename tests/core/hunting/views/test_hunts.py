"""A hunt in views: what has changed in it since the release before is seen by its readers, too."""

import json

from core.domain.chat import Reply
from core.domain.hunt import Hunt, Judging
from core.domain.verdict import Outcome
from core.hunting.views.hunts import hunt_view, judged_view
from core.sessions.codec import load
from tests.builders import NOW, a_finished_hunt, a_verdict
from tests.core.hunting.hunts.test_stopped_replies import a_stopped_hunt


def test_readers_of_the_release_before_see_a_cancelled_hunt_with_a_reply():
    """They know neither the finish reason nor the property: the stored form has no new field."""
    stored = json.loads(a_stopped_hunt().model_dump_json())
    ordinary = json.loads(
        a_finished_hunt(1, Outcome.HELD, reply=Reply(text="Danube", reasoning="Hm.")).model_dump_json()
    )
    assert (set(stored), set(stored["reply"])) == (set(ordinary), set(ordinary["reply"]))
    assert load(Hunt, json.dumps(stored).encode()) == a_stopped_hunt()


def test_a_sealed_hunt_has_its_outcome_and_nothing_else_of_the_judge():
    hunt = a_finished_hunt(1, Outcome.BROKE)
    sealed, whole = (hunt_view(hunt, sealed=sealed, texts=True) for sealed in (True, False))
    hidden = {name for name in whole if whole[name] != sealed[name]}
    assert hidden == {"verdicts", "passed", "criteria", "judge_cost_usd", "finished_at"}
    assert (sealed["verdicts"], sealed["passed"], sealed["criteria"], sealed["judge_cost_usd"]) == (
        [],
        None,
        None,
        None,
    )
    assert (sealed["outcome"], sealed["response"], sealed["cost_usd"]) == ("broke", "Reply 1.", 0.01)


def test_a_trial_is_never_sealed_and_counted_apart():
    trial = a_finished_hunt(-2, Outcome.HELD)
    shown = hunt_view(trial, sealed=True, texts=True)
    assert (shown["kind"], shown["number"], shown["trial_number"], shown["passed"]) == ("trial", 0, 2, 3)


def test_texts_and_reasons_are_left_out_where_they_are_not_wanted():
    long = a_finished_hunt(1, reply=Reply(text="x" * 9999, reasoning="so"))
    shown = hunt_view(long, sealed=False, texts=False, reasons=False)
    assert (shown["response"], shown["reasoning"], len(shown["excerpt"]) < 9999) == (None, None, True)
    assert {verdict["reason"] for verdict in shown["verdicts"]} == {""}
    assert {verdict["reason"] for verdict in hunt_view(long, sealed=False, texts=False)["verdicts"]} == {"It does."}


def test_earlier_judgings_are_redacted_as_the_last_one_is():
    judging = Judging(
        at=NOW, judge_model="openai/gpt-5", outcome=Outcome.HELD, verdicts=(a_verdict("C1", cost_usd=0.1),)
    )
    hunt = a_finished_hunt(1, judged=(judging,))
    (shown,) = judged_view(hunt, sealed=False)
    assert (shown["judge_model"], shown["outcome"], shown["cost_usd"]) == ("openai/gpt-5", "held", 0.1)
    assert [verdict["verdict"] for verdict in shown["verdicts"]] == ["PASS"]
    assert [one["verdicts"] for one in judged_view(hunt, sealed=True)] in ([], [[]])
