"""A slot of a loaded notebook: an earlier hunt that is read but not managed here."""

from __future__ import annotations

from core.domain.value import Value
from core.domain.verdict import Verdict


class Grading(Value):
    """A parsed judge cell: verdicts by criterion ID, score, explanation. Empty parts are None or ""."""

    verdicts: tuple[tuple[str, Verdict], ...] = ()
    score: int | None = None
    explanation: str = ""
    text: str = ""
    """The full text of the cell."""


class Slot(Value):
    number: int
    model: str
    """The name in the heading, as written: `nemotron`, `GPT-5.2`, `Qwen3-235B(Thinking)`."""
    response: str = ""
    reasoning: str = ""
    llm_judge: Grading | None = None
    human_judge: Grading | None = None

    @property
    def filled(self) -> bool:
        return bool(self.response.strip())
