"""An answer in the requested form is read at once, and means what it would mean to the reader of any other answer."""

import json

from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.domain.verdict import Verdict
from core.judge.answer import _read
from core.judge.reply_words import ReplyWords
from core.judge.requested_form import Answer, read_requested_form

ID = "0123456789ab"
MEMBERS = st.lists(
    st.tuples(
        st.sampled_from(["reason", "evidence", "verdict", "answer_id", "Verdict", "id", "C2"]),
        st.sampled_from(["PASS", "fail", " **Pass** ", "UNDETERMINED", ID, ID.upper(), "C3", "he said \"FAIL\"", "\ud800", ""])
        | st.none() | st.lists(st.just("PASS"), max_size=1),
    ),
    max_size=6,
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(members=MEMBERS, signed=st.booleans(), around=st.sampled_from(["", "\n", "```\n"]))
@example(members=[("reason", "r"), ("evidence", "e"), ("verdict", "PASS")], signed=True, around="")
@example(members=[("verdict", "PASS"), ("verdict", "FAIL")], signed=True, around="")
def test_an_answer_in_the_requested_form_means_what_any_other_answer_would(members, signed, around):
    written = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in members]
    text = around + "{" + ", ".join([*written, f'"answer_id": "{ID}"'] if signed else written) + "}" + around
    if (plain := read_requested_form(text, ID)) is not None:
        assert plain == _read(text, "C2", ReplyWords("The reply says FAIL."), ID)


def test_half_an_object_or_another_question_s_id_is_not_the_requested_form():
    whole = json.dumps({"reason": "r", "verdict": "PASS", "answer_id": ID})
    assert read_requested_form(whole, ID) == Answer(verdict=Verdict.PASS, reason="r", evidence="")
    others = (
        whole[:-1],
        f"{whole} No.",
        whole.replace(ID, "ba9876543210"),
        f"[{whole}]",
        "[" * 100_000,
        "{}",
        "[]",
        "7",
    )
    assert [other for other in others if read_requested_form(other, ID) is not None] == []
