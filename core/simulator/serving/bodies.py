"""Bodies as providers write them: completions, stream chunks, errors; each with the mark that it is simulated."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from core.domain.chat import Usage
from core.simulator.plan import Plan
from core.simulator.role import Role

JSON_TYPE = "application/json"
SSE_TYPE = "text/event-stream"
DONE = b"data: [DONE]\n\n"
PROCESSING = b": SIMULATED PROCESSING\n\n"
"""A comment, as gateways send while they wait; a client must not take it for the reply."""
CREATED = 1_700_000_000
"""Seconds since 1970, the same in every body: a replay is equal to its first run to the byte."""

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def encoded(value: Mapping[str, Any]) -> bytes:
    return _ENCODER.encode(value).encode("utf-8", "surrogatepass")


def event(value: Mapping[str, Any]) -> bytes:
    return b"data: " + encoded(value) + b"\n\n"


def error_body(words: str, *, kind: str, code: str | int) -> dict[str, Any]:
    """`{"error": …}` in the form of OpenAI, with OpenRouter's numeric code where one is given."""
    return {"error": {"message": words, "type": kind, "code": code, "metadata": {"provider_name": "Simulated"}}}


def usage_body(usage: Usage) -> dict[str, Any]:
    prompt, completion = usage.input_tokens or 0, usage.output_tokens or 0
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens or 0},
        "cost": 0,
    }


def reply_fields(role: Role, text: str, reasoning: str) -> dict[str, Any]:
    """The message of a whole reply: where the reasoning stands is the role's form."""
    if not reasoning:
        return {"content": text}
    if role.reasoning in _TAGGED:
        return {"content": f"{_TAGGED[role.reasoning]}{reasoning}\n</think>\n\n{text}"}
    return {**_reasoning_field(role, reasoning), "content": text}


def completion(plan: Plan, model: str, message: Mapping[str, Any], finish_reason: str = "stop") -> dict[str, Any]:
    """A whole, unstreamed answer."""
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish_reason}
    return {**_frame(plan, model, "chat.completion"), "choices": [choice], "usage": usage_body(plan.usage)}


def deltas(role: Role, text: str, reasoning: str) -> list[dict[str, Any]]:
    """The reply in pieces of `chunk_chars` characters, wherever that cuts a word or a tag."""
    fields = reply_fields(role, text, reasoning)
    tagged = role.reasoning in _TAGGED or not reasoning
    thoughts = [] if tagged else [_reasoning_field(role, piece) for piece in _cut(reasoning, role.chunk_chars)]
    return [*thoughts, *({"content": piece} for piece in _cut(fields["content"], role.chunk_chars))]


def chunk(plan: Plan, model: str, delta: Mapping[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return {**_frame(plan, model, "chat.completion.chunk"), "choices": [choice]}


def delta_events(plan: Plan, model: str, pieces: list[dict[str, Any]]) -> list[bytes]:
    """An event for each delta; the frame, which is the same in all of them, is encoded once."""
    frame = encoded(_frame(plan, model, "chat.completion.chunk"))[:-1]
    before, after = b"data: " + frame + b',"choices":[{"index":0,"delta":', b',"finish_reason":null}]}\n\n'
    return [before + encoded(piece) + after for piece in pieces]


def usage_chunk(plan: Plan, model: str) -> dict[str, Any]:
    return {**_frame(plan, model, "chat.completion.chunk"), "choices": [], "usage": usage_body(plan.usage)}


_TAGGED = {"think_tag": "<think>\n", "lone_close_tag": ""}


def _frame(plan: Plan, model: str, kind: str) -> dict[str, Any]:
    return {
        "id": plan.request_id,
        "object": kind,
        "created": CREATED,
        "model": model,
        "provider": "Simulated",
        "system_fingerprint": "simulated",
    }


def _reasoning_field(role: Role, text: str) -> dict[str, Any]:
    if role.reasoning == "content_field":
        return {"reasoning_content": text}
    if role.reasoning == "details":
        return {"reasoning_details": [{"type": "reasoning.text", "text": text, "format": "simulated", "index": 0}]}
    return {"reasoning": text}


def _cut(text: str, chars: int) -> list[str]:
    return [text[start : start + chars] for start in range(0, len(text), chars)]
