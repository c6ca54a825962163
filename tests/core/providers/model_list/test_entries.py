"""Answers of GET /models in the formats of several servers, and what is new or gone between two of them."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from core.providers.model_list.entries import MAX_MODELS, BadList, ListedModel, merge_list, parse_list

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
OPENROUTER = {
    "id": "openai/gpt-5-mini",
    "name": "OpenAI: GPT-5 Mini",
    "created": 1754587407,
    "context_length": 400000,
    "architecture": {"modality": "text+image->text"},
    "pricing": {"prompt": "0.00000025", "completion": "0.000002", "input_cache_read": "0.000000025"},
    "top_provider": {"context_length": 400000, "max_completion_tokens": 128000},
    "supported_parameters": ["reasoning", "max_tokens", "seed"],
}


def parsed(*rows, whole=None):
    return parse_list(json.dumps({"object": "list", "data": rows} if whole is None else whole).encode())


def test_openrouter_says_prices_context_limits_and_parameters():
    assert parsed(OPENROUTER) == (
        ListedModel(
            id="openai/gpt-5-mini",
            label="OpenAI: GPT-5 Mini",
            context_tokens=400000,
            max_output_tokens=128000,
            input_usd_per_mtok=0.25,
            cached_input_usd_per_mtok=0.025,
            output_usd_per_mtok=2.0,
            parameters=("max_tokens", "reasoning", "seed"),
            reasoning=True,
        ),
    )


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"id": "gpt-5", "object": "model", "created": 1, "owned_by": "openai"}, {}),
        ({"id": "accounts/fireworks/models/x", "supports_chat": True, "context_length": 131072}, {"context_tokens": 131072}),
        ({"id": "llama", "context_window": 8192, "max_completion_tokens": 4096}, {"context_tokens": 8192, "max_output_tokens": 4096}),
        ({"id": "vllm", "max_model_len": 4096}, {"context_tokens": 4096}),
        ({"id": "cpp.gguf", "meta": {"n_ctx_train": 2048}}, {"context_tokens": 2048}),
        ({"id": "auto", "pricing": {"prompt": "-1", "completion": "-1"}}, {}),
        ({"id": "free", "pricing": {"prompt": "0", "completion": 0}}, {"input_usd_per_mtok": 0.0, "output_usd_per_mtok": 0.0}),
        ({"id": "odd", "pricing": {"prompt": "NaN", "completion": "many"}, "context_length": -5, "name": 7}, {}),
        ({"id": "odd", "pricing": "free", "context_length": True, "supported_parameters": "all", "top_provider": []}, {}),
        ({"id": "plain", "supported_parameters": ["seed", 5]}, {"parameters": ("seed",), "reasoning": False}),
    ],
)  # fmt: skip
def test_what_other_servers_say_and_leave_out(row, expected):
    assert parsed(row) == (ListedModel(id=row["id"], **expected),)


def test_models_that_answer_no_chat_are_left_out():
    rows = ({"id": "text-embedding-3-small"}, {"id": "whisper-1"}, {"id": "x", "supports_chat": False}, {"id": "gpt-5"})
    assert [model.id for model in parsed(*rows)] == ["gpt-5"]


def test_a_bare_list_is_a_list():
    assert [model.id for model in parsed(whole=[{"id": "a"}, {"id": "b"}])] == ["a", "b"]


def test_unusable_rows_are_skipped_and_the_first_of_two_equal_names_counts():
    rows = ("x", None, {}, {"id": 5}, {"id": ""}, {"id": "a\nb"}, {"id": " a"}, {"id": "y" * 201})
    assert [m.id for m in parsed(*rows, {"id": "a", "name": "one"}, {"id": "a", "name": "two"})] == ["a"]


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'{"data": 5}', b'{"data": []}', b"[]", b'{"error": {}}', b"\xff", b"[" * 5000]
)
def test_anything_else_is_no_list(body):
    with pytest.raises(BadList):
        parse_list(body)


def test_a_list_is_bounded():
    assert len(parsed(*({"id": f"m{n}"} for n in range(MAX_MODELS + 5)))) == MAX_MODELS


def ids(*names):
    return [ListedModel(id=name) for name in names]


def test_nothing_is_new_in_the_first_list_and_afterwards_models_appear_and_leave_with_dates():
    first = merge_list(None, ids("a", "b"), "here", NOW)
    assert [(m.id, m.first_seen_at, m.gone_at) for m in first.models] == [("a", None, None), ("b", None, None)]
    later = NOW + timedelta(hours=6)
    second = merge_list(first, ids("b", "c"), "here", later)
    assert [(m.id, m.first_seen_at, m.gone_at) for m in second.models] == [
        ("a", None, later), ("b", None, None), ("c", later, None),
    ]  # fmt: skip
    third = merge_list(second, ids("a", "c"), "here", later + timedelta(days=20))
    assert [(m.id, m.gone_at is None, m.is_new(third.fetched_at)) for m in third.models] == [
        ("a", True, False), ("b", False, False), ("c", True, False),
    ]  # fmt: skip
    assert [m.is_new(later) for m in second.models] == [False, False, True]


def test_a_model_is_forgotten_long_after_it_has_gone():
    gone = merge_list(merge_list(None, ids("a", "b"), "here", NOW), ids("b"), "here", NOW)
    assert [m.id for m in merge_list(gone, ids("b"), "here", NOW + timedelta(days=91)).models] == ["b"]


def test_another_address_begins_a_new_list():
    before = merge_list(None, ids("a"), "here", NOW)
    assert [(m.id, m.first_seen_at) for m in merge_list(before, ids("b"), "there", NOW).models] == [("b", None)]
