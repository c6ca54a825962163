"""OpenAI's dialect from the server's side: requests in, replies and errors out, each marked as simulated."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.domain.chat import Message, Role
from core.simulator.call import Plan
from core.simulator.script import ReasoningForm

DONE = b"data: [DONE]\n\n"
PROCESSING = b": SIMULATED PROCESSING\n\n"
"""A comment, as gateways send while they wait; a client must not take it for the reply."""
CREATED = 1_700_000_000
"""Seconds since 1970, the same in every body: a replay is equal to its first run to the byte."""

_ROLES: Mapping[str, Role] = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
_INLINE_REASONING: Mapping[str, str] = {"think_tag": "<think>\n", "lone_close_tag": ""}
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class ChatCall:
    """The part of a chat completion request that the simulator reads."""

    model: str
    messages: Sequence[Message]
    streamed: bool
    with_usage: bool


def read_call(body: bytes) -> ChatCall:
    """The request in `body`. Raises ValueError with what is wrong with it."""
    call = json.loads(body)
    if not isinstance(call, dict) or not isinstance(call.get("model"), str) or not call["model"]:
        raise ValueError("it names no model")
    rows = call.get("messages")
    if not isinstance(rows, list) or not rows:
        raise ValueError("it has no messages")
    flags = ((call.get("stream_options"), "include_usage"), (call.get("usage"), "include"))
    with_usage = any(isinstance(options, dict) and bool(options.get(name)) for options, name in flags)
    return ChatCall(call["model"], tuple(_message(row) for row in rows), call.get("stream") is True, with_usage)


def _message(row: Any) -> Message:
    role = _ROLES.get(str(row.get("role"))) if isinstance(row, dict) else None
    if role is None:
        raise ValueError("a message has no role that is known here")
    content = row.get("content")
    if isinstance(content, list):  # typed parts
        content = "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return Message(role=role, content=content if isinstance(content, str) else "")


def encode(value: Mapping[str, Any]) -> bytes:
    return _ENCODER.encode(value).encode("utf-8", "surrogatepass")


def event(value: Mapping[str, Any]) -> bytes:
    return b"data: " + encode(value) + b"\n\n"


def error_body(message: str, *, kind: str, code: str | int) -> dict[str, Any]:
    """`{"error": …}` in OpenAI's form, with OpenRouter's numeric code where one is given."""
    return {"error": {"message": message, "type": kind, "code": code, "metadata": {"provider_name": "Simulated"}}}


def completion(plan: Plan, model: str, message: Mapping[str, Any], finish_reason: str = "stop") -> dict[str, Any]:
    """A whole, unstreamed answer."""
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish_reason}
    return {**_envelope(plan, model, "chat.completion"), "choices": [choice], "usage": _usage(plan)}


def message(plan: Plan) -> dict[str, Any]:
    """The message of a whole reply, with the reasoning where the behavior's form puts it."""
    form = plan.behavior.reasoning
    if plan.reasoning and form in _INLINE_REASONING:
        return {"content": f"{_INLINE_REASONING[form]}{plan.reasoning}\n</think>\n\n{plan.text}"}
    return {**(_reasoning_field(form, plan.reasoning) if plan.reasoning else {}), "content": plan.text}


def chunk(plan: Plan, model: str, delta: Mapping[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return {**_envelope(plan, model, "chat.completion.chunk"), "choices": [choice]}


def deltas(plan: Plan) -> list[dict[str, Any]]:
    """The reply in pieces of `chunk_chars` characters, wherever that cuts a word or a tag."""
    form, chars = plan.behavior.reasoning, plan.behavior.chunk_chars
    reasoning = "" if form in _INLINE_REASONING else plan.reasoning
    contents = _split(message(plan)["content"], chars)
    return [*(_reasoning_field(form, p) for p in _split(reasoning, chars)), *({"content": p} for p in contents)]


def delta_events(plan: Plan, model: str) -> list[bytes]:
    """An event for each delta; the envelope, which is the same in all of them, is encoded once."""
    envelope = encode(_envelope(plan, model, "chat.completion.chunk"))[:-1]
    before, after = b"data: " + envelope + b',"choices":[{"index":0,"delta":', b',"finish_reason":null}]}\n\n'
    return [before + encode(delta) + after for delta in deltas(plan)]


def usage_chunk(plan: Plan, model: str) -> dict[str, Any]:
    return {**_envelope(plan, model, "chat.completion.chunk"), "choices": [], "usage": _usage(plan)}


def _usage(plan: Plan) -> dict[str, Any]:
    prompt, output = plan.usage.input_tokens or 0, plan.usage.output_tokens or 0
    totals = {"prompt_tokens": prompt, "completion_tokens": output, "total_tokens": prompt + output}
    return {**totals, "completion_tokens_details": {"reasoning_tokens": plan.usage.reasoning_tokens or 0}, "cost": 0}


def _envelope(plan: Plan, model: str, kind: str) -> dict[str, Any]:
    fixed = {"created": CREATED, "model": model, "provider": "Simulated", "system_fingerprint": "simulated"}
    return {"id": plan.request_id, "object": kind, **fixed}


def _reasoning_field(form: ReasoningForm, text: str) -> dict[str, Any]:
    if form == "content_field":
        return {"reasoning_content": text}
    if form == "details":
        return {"reasoning_details": [{"type": "reasoning.text", "text": text, "format": "simulated", "index": 0}]}
    return {"reasoning": text}


def _split(text: str, chars: int) -> list[str]:
    return [text[start : start + chars] for start in range(0, len(text), chars)]
