"""Chance that can be replayed: every draw is a hash of what it belongs to and of its own name.

There is no running generator, so that the order in which concurrent calls arrive changes no draw.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")

DIGEST_BYTES = 16


def digest_of(*parts: str | int) -> str:
    """32 hex characters; different for different parts, also where their joined texts are equal."""
    return blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES).hexdigest()


class Chance:
    """All draws that belong to `parts`. The same parts and the same `what` give the same draw, always."""

    def __init__(self, *parts: str | int) -> None:
        self.digest = digest_of(*parts)
        self._key = self.digest.encode()

    def share(self, what: str) -> float:
        """Evenly spread from 0 (included) to 1 (excluded)."""
        drawn = blake2b(what.encode("utf-8", "surrogatepass"), digest_size=8, key=self._key).digest()
        return (int.from_bytes(drawn, "big") >> 11) / (1 << 53)  # 53 bits: every value is a float below 1

    def hits(self, what: str, rate: float) -> bool:
        """True in `rate` of the cases; never at 0, always at 1."""
        return self.share(what) < rate

    def pick(self, what: str, choices: Sequence[T]) -> T:
        """One of `choices`, which must not be empty."""
        return choices[int(self.share(what) * len(choices))]

    def shuffled(self, what: str, choices: Sequence[T]) -> list[T]:
        """All of `choices` in a drawn order."""
        order = sorted(range(len(choices)), key=lambda place: self.share(f"{what} {place}"))
        return [choices[place] for place in order]
