"""The providers: one row each. A row and the class that it names are all there is to a provider (docs/providers.md)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ProviderEntry:
    """The variables, the limits, the reserved name and the documentation of a provider derive from this."""

    name: str
    """Before the slash in a model's name; in capitals, what its variables begin with."""
    label: str
    """For people."""
    adapter: str
    """`module:class`, a subclass of OpenAICompatible. A text, because settings know no provider."""
    base_url: str
    concurrency: int
    """Calls in flight by default."""
    models: tuple[str, ...]
    """What the page offers by default."""


PROVIDERS: tuple[ProviderEntry, ...] = (
    ProviderEntry(
        name="openai",
        label="OpenAI",
        adapter="core.providers.openai:OpenAI",
        base_url="https://api.openai.com/v1",
        concurrency=8,
        models=("gpt-5", "gpt-5-mini", "gpt-4.1", "gpt-4o"),
    ),
    ProviderEntry(
        name="openrouter",
        label="OpenRouter",
        adapter="core.providers.openrouter:OpenRouter",
        base_url="https://openrouter.ai/api/v1",
        concurrency=6,
        models=("nvidia/nemotron-3-nano-30b-a3b", "qwen/qwen3-235b-a22b-thinking-2507", "deepseek/deepseek-r1-0528"),
    ),
    ProviderEntry(
        name="fireworks",
        label="Fireworks",
        adapter="core.providers.fireworks:Fireworks",
        base_url="https://api.fireworks.ai/inference/v1",
        concurrency=4,
        models=(
            "accounts/fireworks/models/qwen3-235b-a22b-thinking-2507",
            "accounts/fireworks/models/deepseek-v3p1",
        ),
    ),
)
