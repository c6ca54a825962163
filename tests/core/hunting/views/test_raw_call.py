"""The raw request and reply, reassembled from what is stored once."""

from core.domain.chat import Reply
from core.domain.parameters import Parameters
from core.hunting.views.raw_call import reply_of, request_of
from tests.builders import a_finished_hunt, a_run, a_session, a_task


def test_a_request_has_its_fields_and_the_messages():
    reply = Reply(text="Hi.", raw_request='{"model": "hasty", "seed": 7}')
    hunt = a_finished_hunt(1, reply=reply, parameters=Parameters(system_prompt="Be short."))
    assert request_of(hunt, a_session(runs=(a_run(),))) == {
        "model": "hasty",
        "seed": 7,
        "messages": [{"role": "system", "content": "Be short."}, {"role": "user", "content": a_task().prompt}],
    }


def test_a_reply_has_its_text_and_reasoning():
    assert reply_of(Reply(text="Hi.", reasoning="Hm.", raw_reply='{"id": "x"}')) == {
        "id": "x", "content": "Hi.", "reasoning": "Hm.",
    }  # fmt: skip
    assert reply_of(Reply(text="Hi.")) == {"content": "Hi."}
