"""Values of options: what each takes, and the error for anything else. The domain is imported only when an option needs
it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from core.access.tokens import Scope
    from core.domain.task import PassRule

MAX_PORT = 65535
MAX_LISTED = 10_000
MAX_TASKS = 10_000
MAX_DAYS = 36_500


def hunt_count(text: str) -> int:
    from core.domain.run import MAX_HUNTS

    count = _whole_number(text)
    if count is None or not 1 <= count <= MAX_HUNTS:
        raise argparse.ArgumentTypeError(f"{_quoted(text)} is not a number of hunts; give 1 to {MAX_HUNTS}")
    return count


def sample_count(text: str) -> int:
    from core.notebooks.item_reader import MAX_GROUP_SAMPLES

    samples = _whole_number(text)
    if samples is None or not 2 <= samples <= MAX_GROUP_SAMPLES:
        raise argparse.ArgumentTypeError(f"{_quoted(text)} is not a number of samples; give 2 to {MAX_GROUP_SAMPLES}")
    return samples


def list_limit(text: str) -> int:
    limit = _whole_number(text)
    if limit is None or not 1 <= limit <= MAX_LISTED:
        raise argparse.ArgumentTypeError(f"{_quoted(text)} is not a number of models; give 1 to {MAX_LISTED}")
    return limit


def task_limit(text: str) -> int:
    limit = _whole_number(text)
    if limit is None or not 1 <= limit <= MAX_TASKS:
        raise argparse.ArgumentTypeError(f"{_quoted(text)} is not a number of tasks; give 1 to {MAX_TASKS}")
    return limit


def task_state(text: str) -> str:
    from core.domain.task_state import TaskState

    if text not in set(TaskState):
        raise argparse.ArgumentTypeError(f"there is no state {_quoted(text)}; give one of {', '.join(TaskState)}")
    return text


def last_day(text: str) -> datetime:
    """The end of that day."""
    from datetime import timedelta

    return day(text) + timedelta(days=1)


def model_name(text: str) -> str:
    from core.domain.run import MAX_MODEL_CHARS

    if len(text) > MAX_MODEL_CHARS:
        raise argparse.ArgumentTypeError(f"{_quoted(text)} is longer than {MAX_MODEL_CHARS} characters")
    return text


def setting(text: str) -> tuple[str, object]:
    """`name=value` with the value as JSON, or as text where it is none. A name may have steps: `reasoning.effort`."""
    import json

    name, equals, value = text.partition("=")
    if not (equals and all(step.isidentifier() for step in name.split("."))):
        raise argparse.ArgumentTypeError(f"{_quoted(text)} is not name=value, for example temperature=0.2")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


class AddModel(argparse.Action):
    """Adds a model without parameters of its own."""

    def __call__(self, _parser: object, namespace: argparse.Namespace, values: object, _option: object = None) -> None:
        namespace.models = [*(namespace.models or ()), (values, [])]


class AddParameter(argparse.Action):
    """Adds a parameter to the latest model, or to the common ones before any."""

    def __call__(self, _parser: object, namespace: argparse.Namespace, values: object, _option: object = None) -> None:
        if namespace.models:
            *before, (model, own) = namespace.models
            namespace.models = [*before, (model, [*own, values])]
        else:
            namespace.parameters = [*(namespace.parameters or ()), values]


def day(text: str) -> datetime:
    from datetime import UTC, datetime

    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{_quoted(text)} is not a date; give it as 2026-11-01") from None


def call_count(text: str) -> int:
    calls = _whole_number(text)
    if not calls:
        raise argparse.ArgumentTypeError(f"{_quoted(text)} is not a number of calls; give at least 1")
    return calls


def day_count(text: str) -> int:
    days = _whole_number(text)
    if days is None or days > MAX_DAYS:
        raise argparse.ArgumentTypeError(f"{_quoted(text)} is not a number of days; give 0 to {MAX_DAYS}")
    return days


def port(text: str) -> int:
    port = _whole_number(text)
    if port is None or port > MAX_PORT:
        raise argparse.ArgumentTypeError(f"{_quoted(text)} is not a port; give 0 to {MAX_PORT}")
    return port


def reply_count(text: str) -> int:
    from core.judge.robustness import MAX_REPLIES

    replies = _whole_number(text)
    if replies is None or not 1 <= replies <= MAX_REPLIES:
        raise argparse.ArgumentTypeError(f"{_quoted(text)} is not a number of replies; give 1 to {MAX_REPLIES}")
    return replies


def _whole_number(text: str) -> int | None:
    """None for anything else, including numbers of ten or more digits."""
    return int(text) if text.isdecimal() and len(text) < 10 else None


def pass_rule(text: str) -> PassRule:
    from core.domain.task import PassRule

    try:
        return PassRule(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"there is no pass rule {_quoted(text)}; give majority (more than half of the criteria must pass) "
            "or all (every criterion must pass)"
        ) from None


def scope(text: str) -> Scope:
    from core.access.tokens import Scope

    try:
        return Scope(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"there is no scope {_quoted(text)}; give trainer or admin") from None


def _quoted(text: str) -> str:
    return f'"{text[:40]}{"…" if len(text) > 40 else ""}"'
