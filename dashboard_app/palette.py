"""One colour and one word for each thing, the same on every chart here and on the hunting page."""

from __future__ import annotations

from core.domain.verdict import Outcome

OUTCOMES: dict[str, str] = {
    Outcome.BROKE.value: "#d1495b",
    Outcome.HELD.value: "#2a9d8f",
    Outcome.UNDETERMINED.value: "#e9c46a",
    Outcome.ERROR.value: "#8d99ae",
    Outcome.CANCELLED.value: "#c0c5ce",
    Outcome.INTERRUPTED.value: "#dfe3e8",
}
"""In stacking and listing order."""

SIGNS: dict[str, str] = {
    Outcome.BROKE.value: "✗ broke",
    Outcome.HELD.value: "✓ held",
    Outcome.UNDETERMINED.value: "? undetermined",
    Outcome.ERROR.value: "! error",
    Outcome.CANCELLED.value: "– cancelled",
    Outcome.INTERRUPTED.value: "– interrupted",
}

TARGET, JUDGE = "#3a86c8", "#e09f3e"
IN_FLIGHT, QUEUED, LIMIT = "#2a9d8f", "#e09f3e", "#8d99ae"
PLAIN = "#3a86c8"
"""For marks whose colour has no meaning; readable on white and on black."""
BLUES, BLUES_DARK_THEME = ("#dbe9f5", "#1f5f99"), ("#172938", "#2f78bd")
"""The lowest value is closest to the background in both themes; white text is readable on all dark shades."""
PEOPLE = ("#3a86c8", "#8f6bb3", "#4aa3a2", "#b08a4b", "#6b7fa8", "#9aa5b1")
"""For names, the last one for all others. None is the colour of an outcome."""
