"""Random values that can be replayed: each is a hash of what it belongs to and of its own name.

There is no running generator, so the order in which concurrent calls arrive changes no value.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")


def digest_of(*parts: str | int) -> str:
    """32 hex characters; different for different parts, also where their joined texts are equal."""
    return blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


class SeededRandom:
    """All random values that belong to `parts`. The same parts and the same `name` give the same value, always."""

    def __init__(self, *parts: str | int) -> None:
        self.digest = digest_of(*parts)
        self._key = self.digest.encode()

    def uniform(self, name: str) -> float:
        """Uniform from 0 (included) to 1 (excluded)."""
        value = blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8, key=self._key).digest()
        return (int.from_bytes(value, "big") >> 11) / (1 << 53)  # 53 bits: every value is a float below 1

    def happens(self, name: str, probability: float) -> bool:
        """Never at probability 0, always at 1."""
        return self.uniform(name) < probability

    def choice(self, name: str, options: Sequence[T]) -> T:
        """One of `options`, which must not be empty."""
        return options[int(self.uniform(name) * len(options))]

    def shuffled(self, name: str, options: Sequence[T]) -> list[T]:
        order = sorted(range(len(options)), key=lambda index: self.uniform(f"{name} {index}"))
        return [options[index] for index in order]
