"""What a receipt contains, when there is none, and how its hashes are made."""

import json

import pytest

from core.domain.hunt import HuntStatus
from core.domain.session import Visibility
from core.errors import Conflict, TooLarge
from core.hunting.receipts.receipt import PARTS, WHOLE, canonical_hash, judge_prompts, receipt_of, recorded_hashes
from tests.builders import a_finished_hunt, a_run, a_session, a_task


def test_a_receipt_has_every_part_and_its_hash():
    receipt = receipt_of(a_session(runs=(a_run(),)), a_finished_hunt(1))
    assert set(receipt["hashes"]) == {*PARTS, WHOLE}
    assert receipt["request"]["messages"] == [{"role": "user", "content": a_task().prompt}]
    assert receipt["reply"]["text"] == "Reply 1."
    assert [one["verdict"] for one in receipt["verdicts"]] == ["FAIL"] * 3
    assert json.loads(json.dumps(receipt)) == json.loads(
        json.dumps(receipt_of(a_session(runs=(a_run(),)), a_finished_hunt(1)))
    )


def test_a_sealed_session_has_no_receipts_but_of_trials():
    sealed = a_session(runs=(a_run(),), visibility=Visibility.BLIND)
    with pytest.raises(Conflict) as refused:
        receipt_of(sealed, a_finished_hunt(1))
    assert refused.value.code == "sealed"
    assert receipt_of(sealed, a_finished_hunt(-1))["hunt"]["number"] == -1


@pytest.mark.parametrize("changes", [{"reply": None}, {"status": HuntStatus.JUDGING}])
def test_a_hunt_without_a_reply_or_an_end_has_no_receipt(changes):
    with pytest.raises(Conflict) as refused:
        receipt_of(a_session(runs=(a_run(),)), a_finished_hunt(1, **changes))
    assert refused.value.code == "no_reply"


def test_the_hash_does_not_depend_on_order_white_space_or_how_a_whole_number_is_written():
    assert canonical_hash({"b": 1.0, "a": [2]}) == canonical_hash({"a": [2.0], "b": 1})
    assert canonical_hash({"a": 1}) != canonical_hash({"a": 1.5})


def test_the_shared_prompt_and_the_rest_are_the_questions():
    prompts = judge_prompts(a_task(), "Reply.", ())
    assert list(prompts.rest) == ["C1", "C2", "C3"]
    assert "Reply." in prompts.shared
    assert "Says thing 2." in prompts.shared + prompts.rest["C2"]
    assert "Says thing 1." not in prompts.shared + prompts.rest["C2"]


def test_a_template_with_the_criterion_before_a_long_reply_makes_no_receipt_but_an_export():
    reply = a_finished_hunt(1).reply.model_copy(update={"text": "reply " * 20_000})
    hunt = a_finished_hunt(1, reply=reply)

    def session(template):
        return a_session(runs=(a_run(task=a_task(60, judge_prompt_template=template)),))

    before, after = session("{criteria}\n{prompt}\n{response}"), session("{prompt}\n{response}\n{criteria}")
    with pytest.raises(TooLarge) as refused:
        receipt_of(before, hunt)
    assert refused.value.code == "receipt_too_large"
    assert recorded_hashes(before, hunt) == {}
    assert len(receipt_of(after, hunt)["judge"]["prompts"]["shared"]) > len(reply.text)
    assert recorded_hashes(after, hunt)
