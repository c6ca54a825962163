"""Chunks of a chat completion become one: whatever fields and forms they come in."""

import json

import pytest

from core.providers.wire import Merge, drop_repeats, encode_json, parse_json, replace_lone_surrogates


def merged(*chunks) -> Merge:
    merge = Merge()
    for chunk in chunks:
        merge.add_event(chunk if isinstance(chunk, bytes) else json.dumps(chunk).encode())
    return merge


def delta(**fields) -> dict:
    return {"choices": [{"delta": fields}]}


def test_deltas_continue_each_other_until_the_finish():
    merge = merged(delta(content="Hel"), delta(content="lo."), {"choices": [{"delta": {}, "finish_reason": "stop"}]})
    assert (merge.text, merge.finish_reason, merge.finished, merge.begun, merge.choices) == (
        "Hello.",
        "stop",
        True,
        True,
        3,
    )
    assert (merged().text, merged().finished, merged().begun) == ("", False, False)


def test_a_whole_message_replaces_what_streamed_by_only_if_it_continues_it():
    assert merged(delta(content="Hel"), {"choices": [{"message": {"content": "Hello."}}]}).text == "Hello."
    assert merged(delta(content="Hello."), {"choices": [{"message": {"content": ""}}]}).text == "Hello."


def test_reasoning_is_taken_from_the_best_field_that_has_it():
    merge = merged(
        delta(reasoning="so ", reasoning_details=[{"text": "thus"}]), delta(reasoning="so"), delta(thinking="x")
    )
    assert (merge.thoughts, merge.text) == ("thus", "")
    typed = delta(content=[{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Yes."}, "No."])
    assert (merged(typed).thoughts, merged(typed).text) == ("hm", "Yes.No.")


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (b"data: " + json.dumps(delta(content="a")).encode(), "a"),
        (json.dumps([delta(content="a"), delta(content="b")]).encode(), "ab"),
        (b"\n".join(json.dumps(delta(content=c)).encode() for c in "abc"), "abc"),
        (b"[DONE]", ""), (b": ping", ""), (b"keep-alive", ""), (b"", ""), (b"\xef\xbb\xbf[DONE]", ""),
    ],
)  # fmt: skip
def test_an_event_is_an_object_several_objects_or_a_keep_alive(event, text):
    assert merged(event).text == text
    assert merged(event).done is (b"DONE" in event)


@pytest.mark.parametrize("event", [b"nonsense", b"[1]", b'"text"', b'{"choices": ['])
def test_anything_else_is_no_event(event):
    with pytest.raises(ValueError, match=r"."):
        merged(event)


def test_an_error_counts_until_the_reply_is_finished():
    error = {"error": {"message": "no"}}
    assert merged(delta(content="a"), error).error == error
    assert merged({"choices": [{"delta": {}, "error": {"message": "no"}}]}).error == error
    done = {"choices": [{"delta": {"content": "a"}, "finish_reason": "stop"}]}
    assert merged(done, error).error is None


def test_a_finish_is_not_taken_back_by_a_failure_after_it():
    done, failed = ({"choices": [{"delta": {}, "finish_reason": word}]} for word in ("length", "error"))
    assert merged(done, failed).finish_reason == "length"
    assert merged(failed, done).finish_reason == "length"
    assert merged({"choices": [{"finish_reason": {"type": "stop"}}]}).finish_reason == "stop"


def test_what_is_no_text_is_kept_apart():
    choice = {"delta": {"tool_calls": [{"id": 1}], "refusal": "I cannot."}, "logprobs": {"content": []}, "index": 0}
    merge = merged({"choices": [choice], "usage": {"cost": 1}, "id": "g1"}, {"usage": None, "id": "g2"})
    assert (merge.calls_tools, merge.refusal, merge.usage) == (True, ["I cannot."], {"cost": 1})
    assert (merge.logprobs, "logprobs" in merge.ending, merge.ending["index"]) == ([{"content": []}], False, 0)
    assert merge.rest["id"] == "g2"


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        ([], ""), (["1", "10", "100"], "110100"), (["a" * 30, "a" * 30 + "b", "a" * 30 + "bc"], "a" * 30 + "bc"),
        (["a" * 30, "b", "a" * 30 + "b"], "a" * 30 + "b"), (["a" * 30, "a" * 30], "a" * 60),
        (["a" * 20, "a" * 25, "a" * 25], "a" * 25),
    ],
)  # fmt: skip
def test_chunks_that_repeat_a_growing_text_are_that_text(pieces, text):
    assert drop_repeats(pieces) == text


def test_what_cannot_be_stored_is_replaced_and_odd_numbers_are_read():
    assert replace_lone_surrogates("a\ud83d\ude00\ud83d") == "a\U0001f600\ufffd"
    assert parse_json(b'{"a": "\\ud83d", "b": Infinity}') == {"a": "\ud83d", "b": float("inf")}
    assert encode_json({"a": "\ud83d"}) == b'{"a": "\\ud83d"}'
    assert encode_json({"a": 1}) == b'{"a":1}'
    with pytest.raises(ValueError, match=r"."):
        parse_json(b'{"a": ' + b"[" * 100_000 + b"NaN")
