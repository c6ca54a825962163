"""An example task as the simulated models know it: how to tell its prompt, how to write with planted mistakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.simulator.chance import Chance


@dataclass(frozen=True)
class Example:
    name: str
    """The notebook's name without .ipynb."""
    telltale: tuple[str, ...]
    """Words that the prompt holds, in small letters: with all of them it is this task, even if it was edited."""
    criteria: Mapping[str, str]
    """Id and text, as in the notebook; a test keeps them equal."""
    write: Callable[[Chance, frozenset[str]], str]
    """A reply that fails exactly the given criteria."""

    def is_asked_by(self, prompt: str) -> bool:
        folded = prompt.casefold()
        return all(word in folded for word in self.telltale)
