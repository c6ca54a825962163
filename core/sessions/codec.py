"""Serialises sessions and hunts for Redis and the journal.

A hunt has two parts: its state, which changes with every verdict, and its reply, which is written once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

import structlog
from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from core.domain.allocation import TargetCounts
from core.domain.chat import Reply
from core.domain.hunt import CacheUse, Hunt
from core.domain.hunt_counts import second_opinion_counts
from core.domain.run import Counts
from core.domain.session import Session
from core.domain.value import Value
from core.domain.verdict import Outcome
from core.errors import Unavailable

log = structlog.get_logger(__name__)

COST_UNIT = 1e-12
"""Redis sums costs as integers in this unit (US dollars), so sums stay exact."""
SECOND_OPINIONS = ("confirmed", "contested", "opinions_asked", "votes_asked")
"""Counts of second opinions, in the order of a mark."""
ADAPTIVE = ("adaptive_finished", "adaptive_broke", "adaptive_held", "adaptive_confirmed")
V = TypeVar("V", bound=Value)


class StoredUnreadable(Unavailable, ValueError):
    """Something stored is damaged, or was written by a release with values that this one does not know."""

    code = "stored_unreadable"


def dump(value: Value, *, without: frozenset[str] = frozenset()) -> bytes:
    """Serialise a value as JSON. Lone surrogates, which UTF-8 cannot encode, are escaped."""
    left_out = set(without) or None
    try:
        return value.model_dump_json(exclude=left_out).encode()
    except PydanticSerializationError:
        return json.dumps(value.model_dump(mode="json", exclude=left_out)).encode()


def load(kind: type[V], text: bytes) -> V:
    """Parse a value that any release wrote with `dump`: unknown fields are ignored (decision record 0058). Raises
    StoredUnreadable."""
    with suppress(ValidationError):
        return kind.model_validate_json(text, extra="ignore")
    try:
        return kind.model_validate(json.loads(text), strict=False, extra="ignore")
    except (ValueError, RecursionError) as error:
        places = error.errors(include_url=False, include_input=False) if isinstance(error, ValidationError) else ()
        log.error("stored.unreadable", kind=kind.__name__, places=[".".join(map(str, one["loc"])) for one in places])
        raise StoredUnreadable(
            "This session cannot be read: another release of the server wrote it, or it is damaged.",
            hint="Ask the operator: the log says which part. Other sessions are not affected.",
        ) from error


def head_text(session: Session) -> bytes:
    return dump(session)


def read_head(text: bytes) -> Session:
    return load(Session, text)


_NO_REPLY = frozenset({"reply"})


def state_text(hunt: Hunt) -> bytes:
    """The hunt without its reply."""
    return dump(hunt, without=_NO_REPLY)


def reply_text(hunt: Hunt) -> bytes:
    """The serialised reply, empty if there is none."""
    return dump(hunt.reply) if hunt.reply is not None else b""


def read_hunt(state: bytes, reply: bytes) -> Hunt:
    """Parse a hunt from its two parts, skipping a mark before the state."""
    hunt = load(Hunt, state[state.find(b"{") :])
    return hunt.model_copy(update={"reply": load(Reply, reply)}) if reply else hunt


def mark(hunt: Hunt) -> str:
    """The data of a hunt that the scripts use: its progress and its contribution to the run's counts."""
    state = (hunt.outcome or hunt.status).value
    cost, judge = _units(hunt.cost_usd), _units(hunt.judge_cost_usd)
    counted = f"{hunt.progress} {hunt.run_id} {state} {cost} {judge} {int(hunt.replied)} {hunt.unknown_costs}"
    counted = f"{counted} {_units(hunt.target_cost_usd)} {hunt.target_unknown_costs}"
    uses = (hunt.target_cache, hunt.judge_cache)
    second = second_opinion_counts(hunt)
    share = f" {hunt.share} {hunt.target}" if hunt.share and hunt.model else ""
    if not second and not any(use.input_tokens for use in uses):
        return counted + share
    cached = (f"{use.input_tokens} {use.cached_tokens} {_units(use.saved_usd)}" for use in uses)
    return " ".join((counted, *cached, *(str(second[name]) for name in SECOND_OPINIONS if second))) + share


def _units(cost_usd: float | None) -> str:
    return "-" if cost_usd is None else str(round(cost_usd / COST_UNIT))


_STATES = frozenset({"calling", "judging", *(outcome.value for outcome in Outcome)})


def read_counts(tallies: Mapping[bytes, bytes], runs: Iterable[tuple[str, int]]) -> dict[str, Counts]:
    """Counts by run id, from the scripts' tallies and each run's number of hunts."""
    by_run: dict[str, dict[str, int]] = {}
    for field, amount in tallies.items():
        run_id, _, name = field.decode().rpartition(" ")
        by_run.setdefault(run_id, {})[name] = int(amount)
    return {run_id: _counts(by_run.get(run_id, {}), total) for run_id, total in runs}


def _cache_use(tally: Mapping[str, int], name: str) -> CacheUse:
    return CacheUse(
        input_tokens=tally.get(f"{name}_input", 0),
        cached_tokens=tally.get(f"{name}_cached", 0),
        saved_usd=_sum(tally, f"{name}_saved"),
    )


def _counts(tally: Mapping[str, int], total: int) -> Counts:
    states: dict[str, Any] = {name: n for name, n in tally.items() if name in _STATES}
    return Counts(
        total=total,
        queued=total - sum(states.values()),
        cost_usd=_sum(tally, "cost"),
        judge_cost_usd=_sum(tally, "judge"),
        unknown_costs=tally.get("unknown", 0),
        target_cost_usd=_sum(tally, "target"),
        target_unknown_costs=tally.get("target_unknown", 0),
        replies=tally.get("replies", 0),
        target_cache=_cache_use(tally, "target"),
        judge_cache=_cache_use(tally, "judge"),
        **{name: tally.get(name, 0) for name in (*SECOND_OPINIONS, *ADAPTIVE)},
        by_target={
            name.partition(".")[0]: _target_counts(tally, name.partition(".")[0])
            for name, finished in tally.items()
            if name.endswith(".finished") and finished
        },
        **states,
    )


def _target_counts(tally: Mapping[str, int], target: str) -> TargetCounts:
    numbers = {name: tally.get(f"{target}.{name}", 0) for name in ("finished", "broke", "confirmed", "contested")}
    cost_usd = tally.get(f"{target}.cost", 0) * COST_UNIT
    return TargetCounts(**numbers, priced=tally.get(f"{target}.cost_n", 0), cost_usd=cost_usd)


def _sum(tally: Mapping[str, int], name: str) -> float | None:
    return tally.get(name, 0) * COST_UNIT if tally.get(f"{name}_n") else None
