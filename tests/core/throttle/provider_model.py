"""A run through one account at a model of a provider, in simulated time: no clock, no event loop, nothing sleeps."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from core.throttle.adaptive import Limit, Rounds
from tests.builders import NOW

REPLY_S, REFUSAL_S, RETRY_AFTER_S = 0.4, 0.04, 0.5
MIN_LATENCY, MAX_LATENCY = 0.5, 1.5
"""Of the mean, uniform between them."""


@dataclass
class Provider:
    """Refuses calls by its rules; each of them is asked with the time and the accepted calls in flight."""

    rules: list[Callable[[float, int], bool]]
    in_flight: int = 0

    def refuses(self, at_s: float) -> bool:
        refused = [rule(at_s, self.in_flight) for rule in self.rules]  # all of them count the call
        return any(refused)


def at_random(share: float, chance: random.Random) -> Callable[[float, int], bool]:
    return lambda _at_s, _in_flight: chance.random() < share


def above(concurrency: int, *, from_s: float = 0.0) -> Callable[[float, int], bool]:
    """A limit of calls in flight."""
    return lambda at_s, in_flight: at_s >= from_s and in_flight >= concurrency


def per_minute(calls: int) -> Callable[[float, int], bool]:
    """A limit of calls per minute, counted from the start of each minute."""
    accepted: dict[int, int] = {}

    def refuses(at_s: float, _in_flight: int) -> bool:
        minute = int(at_s // 60)
        if accepted.get(minute, 0) >= calls:
            return True
        accepted[minute] = accepted.get(minute, 0) + 1
        return False

    return refuses


def token_bucket(per_s: float, size: int) -> Callable[[float, int], bool]:
    """A limit of calls per second with a burst of `size`."""
    tokens, last_s = float(size), 0.0

    def refuses(at_s: float, _in_flight: int) -> bool:
        nonlocal tokens, last_s
        tokens, last_s = min(size, tokens + (at_s - last_s) * per_s), at_s
        if tokens < 1:
            return True
        tokens -= 1
        return False

    return refuses


@dataclass
class Played:
    """What a run came to."""

    took_s: float = 0.0
    ended: list[tuple[float, bool]] = field(default_factory=list)
    """When each call ended, and whether it was refused."""
    limits: list[tuple[float, Limit]] = field(default_factory=list)

    def refused_share(self, from_s: float = 0.0) -> float:
        calls = [refused for at_s, refused in self.ended if at_s >= from_s]
        return sum(calls) / max(1, len(calls))

    def first_below(self, limit: int) -> float:
        """Seconds until the limit was below this one."""
        return next((at_s for at_s, one in self.limits if one.now < limit), float("inf"))


def play(
    provider: Provider,
    ceiling: int,
    seed: int,
    *,
    jobs: int = 10**9,
    for_s: float = float("inf"),
    processes: int = 1,
    reply_s: float = REPLY_S,
    refusal_s: float = REFUSAL_S,
    adaptive: Any = Rounds,
    first: Limit | None = None,
) -> Played:
    """Make `jobs` calls through `ceiling` slots, and refused ones again after a pause, or stop after `for_s` seconds.

    `processes` share the slots and the limit, and each has its own `adaptive`; None never adapts.
    """
    chance = random.Random(seed)
    rounds = [adaptive(ceiling, 15.0) if adaptive else None for _ in range(processes)]
    limit, waiting, played = first or Limit(now=ceiling), jobs, Played()
    in_flight = [0] * processes
    events: list[tuple[float, int, str, int]] = []
    number = itertools.count()
    at_s = 0.0
    while True:
        while waiting and sum(in_flight) < limit.now:
            process = in_flight.index(min(in_flight))
            in_flight[process] += 1
            waiting -= 1
            refused = provider.refuses(at_s)
            provider.in_flight += not refused
            took_s = (refusal_s if refused else reply_s) * chance.uniform(MIN_LATENCY, MAX_LATENCY)
            heapq.heappush(events, (at_s + took_s, next(number), "refused" if refused else "reply", process))
        if not events:
            return played
        at_s, _, what, process = heapq.heappop(events)
        if at_s > for_s:
            return played
        if what == "retry":
            waiting += 1
            continue
        refused = what == "refused"
        played.took_s = at_s
        played.ended.append((at_s, refused))
        one = rounds[process]
        if one and (refused or limit.now < ceiling or not getattr(one, "is_quiet", lambda _: True)(limit)):
            share = limit.now if processes == 1 else max(1, in_flight[process])
            before, at = limit, NOW + timedelta(seconds=at_s)
            limit = one.adjust(limit, slow_down=refused, in_flight=in_flight[process], share=share, at=at)
            if limit is not before:
                played.limits.append((at_s, limit))
        in_flight[process] -= 1
        provider.in_flight -= not refused
        if refused:
            heapq.heappush(events, (at_s + RETRY_AFTER_S * chance.uniform(1, 1.2), next(number), "retry", process))
