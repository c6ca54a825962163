"""OpenAI's dialect from the server's side: requests in, replies and errors out, each marked as simulated."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.domain.chat import Message, Role
from core.simulator.call import Plan
from core.simulator.options import CallOptions, read_options, slug
from core.simulator.script import DESCRIPTIONS, ReasoningForm, Script

DONE = b"data: [DONE]\n\n"
PROCESSING = b": SIMULATED PROCESSING\n\n"
"""A comment, as gateways send while they wait; a client must not take it for the reply."""
MTOK = 1_000_000
CACHED_PRICE = 0.1
"""Of the price of other input tokens."""
CREATED = 1_700_000_000
"""Seconds since 1970, the same in every body: a replay is equal to its first run to the byte."""

_ROLES: Mapping[str, Role] = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
_INLINE_REASONING: Mapping[str, str] = {"think_tag": "<think>\n", "lone_close_tag": ""}
_FORMATS = {"enforced": ("response_format", "structured_outputs"), "object": ("response_format",)}
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class ChatCall:
    """The part of a chat completion request that the simulator reads."""

    model: str
    messages: Sequence[Message]
    streamed: bool
    with_usage: bool
    options: CallOptions


def read_call(body: bytes) -> ChatCall:
    """The request in `body`. Raises ValueError with what is wrong with it."""
    call = json.loads(body)
    if not isinstance(call, dict) or not isinstance(call.get("model"), str) or not call["model"]:
        raise ValueError("it has no model")
    rows = call.get("messages")
    if not isinstance(rows, list) or not rows:
        raise ValueError("it has no messages")
    flags = ((call.get("stream_options"), "include_usage"), (call.get("usage"), "include"))
    with_usage = any(isinstance(options, dict) and bool(options.get(name)) for options, name in flags)
    messages, options = tuple(_message(row) for row in rows), read_options(call)
    return ChatCall(call["model"], messages, call.get("stream") is True, with_usage, options)


def _message(row: Any) -> Message:
    role = _ROLES.get(str(row.get("role"))) if isinstance(row, dict) else None
    if role is None:
        raise ValueError("a message has no known role")
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


def completion(plan: Plan, model: str, message: Mapping[str, Any], finish_reason: str) -> dict[str, Any]:
    """A whole, unstreamed answer."""
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish_reason}
    choices = [{**choice, **_logprobs(plan)}]
    return {**_envelope(plan, model, "chat.completion"), "choices": choices, "usage": _usage(plan)}


def message(plan: Plan) -> dict[str, Any]:
    """The message of a whole reply, with the reasoning where the behavior's form puts it."""
    form = plan.behavior.reasoning
    if plan.reasoning and form in _INLINE_REASONING:
        return {"content": f"{_INLINE_REASONING[form]}{plan.reasoning}\n</think>\n\n{plan.text}"}
    return {**(_reasoning_field(form, plan.reasoning) if plan.reasoning else {}), "content": plan.text}


def chunk(plan: Plan, model: str, delta: Mapping[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    choice |= _logprobs(plan) if finish_reason else {}
    return {**_envelope(plan, model, "chat.completion.chunk"), "choices": [choice]}


def _logprobs(plan: Plan) -> dict[str, Any]:
    """All tokens with the last chunk."""
    if plan.logprobs is None:
        return {}
    pairs = zip(plan.logprobs.tokens, plan.logprobs.logprobs, strict=True)
    rest: dict[str, Any] = {"bytes": None, "top_logprobs": []}
    return {"logprobs": {"content": [{"token": token, "logprob": logprob, **rest} for token, logprob in pairs]}}


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
    totals: dict[str, Any] = {"prompt_tokens": prompt, "completion_tokens": output, "total_tokens": prompt + output}
    behavior, cached = plan.behavior, plan.usage.cached_tokens
    paid = prompt - (cached or 0) * (1 - CACHED_PRICE)
    cost = (paid * behavior.input_usd_per_mtok + output * behavior.output_usd_per_mtok) / MTOK
    if cached is not None:
        totals["prompt_tokens_details"] = {"cached_tokens": cached}
    reasoning = {"reasoning_tokens": plan.usage.reasoning_tokens or 0}
    return {**totals, "completion_tokens_details": reasoning, "cost": round(cost, 9) if cost else 0}


def model_list(script: Script) -> dict[str, Any]:
    """The answer of GET /models, in OpenRouter's form: prices are strings, in US dollars per token."""
    return {"object": "list", "data": [_listed(script, name) for name in script.models]}


def _listed(script: Script, name: str) -> dict[str, Any]:
    behavior = script.behavior_of(name)
    prices = {"prompt": behavior.input_usd_per_mtok, "completion": behavior.output_usd_per_mtok}
    reasoning = [] if behavior.reasoning == "none" else ["include_reasoning", "reasoning"]
    logprobs = ["logprobs"] if behavior.logprobs == "given" else []
    return {
        "id": name,
        "object": "model",
        "created": CREATED,
        "owned_by": "simulated",
        "name": f"Simulated: {name}",
        "description": DESCRIPTIONS.get(name, "of the script"),
        "simulated": True,
        "context_length": behavior.context_tokens,
        "top_provider": {"max_completion_tokens": behavior.max_output_tokens},
        "pricing": {kind: f"{price / MTOK:.12f}" for kind, price in prices.items()},
        "supported_parameters": [*reasoning, *_FORMATS.get(behavior.answer_schema, ()), *logprobs, "max_tokens"],
    }


def _envelope(plan: Plan, model: str, kind: str) -> dict[str, Any]:
    fixed = {"id": plan.request_id, "object": kind, "created": CREATED, "model": model, "provider": plan.upstream}
    return {**fixed, "system_fingerprint": slug(plan.upstream)}


def _reasoning_field(form: ReasoningForm, text: str) -> dict[str, Any]:
    if form == "content_field":
        return {"reasoning_content": text}
    if form == "details":
        return {"reasoning_details": [{"type": "reasoning.text", "text": text, "format": "simulated", "index": 0}]}
    return {"reasoning": text}


def _split(text: str, chars: int) -> list[str]:
    return [text[start : start + chars] for start in range(0, len(text), chars)]
