"""Reasoning is split from the reply in every form that models frame it in; what the reply itself holds stays."""

import json
import time

import pytest

from core.domain.parameters import Parameters
from core.providers.base import CallContext
from core.providers.fireworks import Fireworks
from core.providers.openrouter import OpenRouter
from core.providers.split_reasoning import split_reasoning
from tests.core.providers.calling import REQUEST
from tests.core.providers.raw_provider import raw_provider, says, stream, whole

REPLY = "Danube\nRhine\nElbe"
ANALYSIS = "<|channel|>analysis<|message|>Three rivers.<|end|>"
FINAL = "<|start|>assistant<|channel|>final<|message|>"

APART = {
    "think": "<think>Three rivers.</think>\n\n" + REPLY,
    "Think": " <Think>\nThree rivers.\n</Think>\n" + REPLY,
    "square brackets": "[THINK]Three rivers.[/THINK]" + REPLY,
    "thought": "<thought>Three rivers.</thought>\n" + REPLY,
    "thinking": "<thinking>\nThree rivers.\n</thinking>\n\n" + REPLY,
    "reasoning": "<reasoning>Three rivers.</reasoning>" + REPLY,
    "Seed": "<seed:think>Three rivers.</seed:think>" + REPLY,
    "Kimi": "◁think▷Three rivers.◁/think▷" + REPLY,
    "Cohere": "<|START_THINKING|>Three rivers.<|END_THINKING|>" + REPLY,
    "Gemma": "<|channel>thought\nThree rivers.<channel|>" + REPLY,
    "two blocks": "<think>Three</think>\n<think>rivers.</think>" + REPLY,
    "harmony": ANALYSIS + FINAL + REPLY,
    "harmony with its end": "<|start|>assistant" + ANALYSIS + FINAL + REPLY + "<|return|>",
    "harmony without starts": ANALYSIS + "assistant<|channel|>final<|message|>" + REPLY,
    "harmony with a format": ANALYSIS + "<|start|>assistant<|channel|>final <|constrain|>text<|message|>" + REPLY,
    "harmony with commentary": "<|channel|>commentary<|message|>Three<|end|>"
    + "<|start|>assistant<|channel|>analysis<|message|>rivers.<|end|>" + FINAL + REPLY,
    "harmony without its first token": "analysis<|message|>Three rivers.<|end|>" + FINAL + REPLY,
    "harmony without tokens": "analysisThree rivers.assistantfinal" + REPLY,
}  # fmt: skip
ONLY_THE_REPLY = {
    "a final channel": "<|channel|>final<|message|>" + REPLY,
    "no channel": "<|start|>assistant<|message|>" + REPLY + "<|end|>",
    "an empty block": "<think>\n\n</think>\n\n" + REPLY,
    "a stray end": "</think>\n" + REPLY,
    "a stray end in brackets": "[/THINK]" + REPLY,
}
STAYS = {
    "tags in code": "`<think>` opens and `</think>` closes.",
    "a tag later": "Use <thought>x</thought> so.",
    "brackets later": "Mistral writes [THINK]x[/THINK].",
    "channels later": "gpt-oss writes <|channel|>final<|message|>x.",
    "a fence": "```\n<|channel|>analysis<|message|>x\n```",
    "another tag": "<answer>Danube</answer>",
    "a longer tag": "<thinker>Rodin</thinker>",
    "analysis as a word": "analysis of rivers: assistantfinal",
    "a tag that is never closed": "<thought> is a tag.",
    "a tag after reasoning that is never closed": "<reasoning>",
}  # fmt: skip
NO_REPLY = {
    "think": "<think>Three riv", "brackets": "[THINK]Three riv", "harmony": "<|channel|>analysis<|message|>Three riv",
    "Kimi": "◁think▷Three riv",
}  # fmt: skip


def split(text, thoughts="", asked=("Name three rivers.",)):
    return split_reasoning(text, thoughts, unopened_think_tag=False, asked=asked)


@pytest.mark.parametrize("name", APART)
def test_reasoning_at_the_beginning_is_kept_apart(name):
    reply, reasoning = split(APART[name])
    assert (reply, " ".join(reasoning.split())) == (REPLY, "Three rivers.")


@pytest.mark.parametrize("name", ONLY_THE_REPLY)
def test_frames_without_reasoning_in_them_go(name):
    assert split(ONLY_THE_REPLY[name]) == (REPLY, "")


@pytest.mark.parametrize("name", STAYS)
def test_what_the_reply_itself_holds_stays(name):
    assert split(STAYS[name]) == (STAYS[name], "")


@pytest.mark.parametrize("name", NO_REPLY)
def test_reasoning_that_never_ends_is_no_reply(name):
    assert split(NO_REPLY[name]) == ("", "Three riv")


@pytest.mark.parametrize("tag", ["thought", "thinking", "reasoning"])
def test_a_tag_that_the_prompt_asks_for_belongs_to_the_reply(tag):
    text = f"<{tag}>Three rivers.</{tag}>\n{REPLY}"
    assert split(text, asked=("Be brief.", f"Write your steps in <{tag.upper()}> first.")) == (text, "")


async def test_a_tag_that_the_system_prompt_of_the_parameters_asks_for_belongs_to_the_reply(caller):
    text = "<thinking>Three rivers.</thinking>\n" + REPLY
    parameters = Parameters(system_prompt="Write your steps in <thinking> first.")
    async with raw_provider(says(answer("whole", text))) as provider, caller(provider.base_url) as calls:
        request = REQUEST.model_copy(update={"parameters": parameters})
        reply = await calls.retrying.complete(request, CallContext())
    assert (reply.text, reply.reasoning) == (text, "")


def test_a_tag_is_the_replys_own_where_reasoning_came_on_its_own():
    assert split("<think> is a tag.", "Hm.") == ("<think> is a tag.", "Hm.")
    assert split("<think>Three rivers.</think>Blue.", "Three rivers.") == ("Blue.", "Three rivers.")


def answer(framed, content=None, **fields):
    """One message, whole or streamed in a piece for each item of a list."""
    if framed == "whole":
        choice = {"message": {"content": content, **fields}, "finish_reason": "stop"}
        return whole("200 OK", json.dumps({"choices": [choice]}).encode())
    parts = [{"content": [part]} for part in content] if isinstance(content, list) else [{"content": content}]
    deltas = [*({name: [part]} for name, listed in fields.items() for part in listed), *parts]
    events = [json.dumps({"choices": [{"delta": delta}]}).encode() for delta in deltas]
    return stream(*events, b'{"choices": [{"delta": {}, "finish_reason": "stop"}]}', b"[DONE]")


PARTS = {
    "thinking": [{"type": "thinking", "thinking": [{"type": "text", "text": "Three rivers."}]}, {"type": "text", "text": REPLY}],
    "thinking as a text": [{"type": "thinking", "thinking": "Three rivers.", "signature": "x"}, {"type": "text", "text": REPLY}],
    "reasoning": [{"type": "reasoning", "text": "Three rivers."}, {"type": "output_text", "text": REPLY}],
    "a summary": [{"type": "reasoning", "summary": [{"type": "summary_text", "text": "Three rivers."}]}, {"type": "text", "text": REPLY}],
    "a thought": [{"text": "Three rivers.", "thought": True}, {"text": REPLY}],
    "texts": [{"type": "thought", "content": "Three rivers."}, REPLY],
}  # fmt: skip
FIELDS = {
    "reasoning": [{"type": "text", "text": "Three rivers."}],
    "reasoning_content": ["Three ", "rivers."],
    "thinking": [{"thinking": "Three rivers."}],
    "thinking_blocks": [{"type": "thinking", "thinking": "Three rivers.", "signature": "x"}],
    "reasoning_details": [{"type": "reasoning.summary", "summary": "Three rivers."}, {"type": "reasoning.encrypted", "data": "x"}],
}  # fmt: skip


async def reply_to(caller, said, kind=OpenRouter):
    async with raw_provider(says(said)) as provider, caller(provider.base_url, kind=kind) as calls:
        return await calls.call()


@pytest.mark.parametrize("framed", ["whole", "streamed"])
@pytest.mark.parametrize("name", PARTS)
async def test_parts_of_a_reply_that_are_reasoning_are_kept_apart(caller, name, framed):
    reply = await reply_to(caller, answer(framed, PARTS[name]))
    assert (reply.text, reply.reasoning) == (REPLY, "Three rivers.")


@pytest.mark.parametrize("framed", ["whole", "streamed"])
@pytest.mark.parametrize("name", FIELDS)
async def test_reasoning_in_a_field_of_its_own_may_be_a_list(caller, name, framed):
    reply = await reply_to(caller, answer(framed, REPLY, **{name: FIELDS[name]}))
    assert (reply.text, reply.reasoning) == (REPLY, "Three rivers.")


async def test_reasoning_that_comes_in_several_fields_is_kept_once(caller):
    fields = {name: FIELDS[name] for name in ("reasoning_content", "thinking_blocks", "reasoning_details")}
    for framed in ("whole", "streamed"):
        reply = await reply_to(caller, answer(framed, PARTS["thinking"], **fields))
        assert (reply.text, reply.reasoning) == (REPLY, "Three rivers.")


async def test_a_message_that_repeats_what_streamed_by_adds_nothing(caller):
    piece = json.dumps({"choices": [{"delta": {"content": PARTS["thinking"]}}]}).encode()
    end = json.dumps({"choices": [{"message": {"content": PARTS["thinking"]}, "finish_reason": "stop"}]}).encode()
    reply = await reply_to(caller, stream(piece, end))
    assert (reply.text, reply.reasoning) == (REPLY, "Three rivers.")


@pytest.mark.parametrize("kind", [OpenRouter, Fireworks])
@pytest.mark.parametrize("size", [1, 3])
async def test_a_frame_is_found_wherever_the_stream_cuts_it(caller, size, kind):
    text = ANALYSIS + FINAL + REPLY
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    events = [json.dumps({"choices": [{"delta": {"content": piece}}]}).encode() for piece in pieces]
    reply = await reply_to(caller, stream(*events, b'{"choices": [{"delta": {}, "finish_reason": "stop"}]}'), kind)
    assert (reply.text, reply.reasoning) == (REPLY, "Three rivers.")


@pytest.mark.parametrize(
    "piece",
    ["<think></think>", "<think>", "</think>", "<|channel|>", "<|start|>", "<|channel|>analysis<|message|>", "<|end|>",
     " ", "<|channel|>final ", "analysisA", "<|start|>assistant ", "[THINK]x[/THINK]", "<thought></thought>", "assistantfinal"],
)  # fmt: skip
@pytest.mark.parametrize("begin", ["", "<|channel|>analysis", "<think>", "analysisA"])
def test_reasoning_is_found_in_time_linear_in_the_text(begin, piece):
    text = begin + piece * (1_000_000 // len(piece))
    started_at = time.process_time()
    split(text, asked=("x" * 100_000,) * 3)
    assert time.process_time() - started_at < 0.75
