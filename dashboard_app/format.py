"""Formats numbers and names for people. Unknown values are "n/a", never 0."""

from __future__ import annotations

import re
from datetime import timedelta

from dashboard_app.rates import Rate

NOT_KNOWN = "n/a"
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:&])")


def plain(text: str) -> str:
    """Escapes untrusted text, so that Streamlit does not render markdown in it."""
    return _MARKDOWN.sub(r"\\\1", text.replace("\n", " "))


def percent(share: float | None) -> str:
    """ "29%"; below 1% with one decimal, since 0% would mean none."""
    if share is None:
        return NOT_KNOWN
    return f"{share:.1%}" if 0 < share < 0.01 else f"{share:.0%}"


def interval(rate: Rate) -> str:
    """ "24% to 33%"; empty without decided hunts."""
    return f"{rate.interval[0]:.0%} to {rate.interval[1]:.0%}" if rate.interval else ""


def usd(amount: float | None) -> str:
    if amount is None:
        return NOT_KNOWN
    return f"${amount:,.2f}" if amount == 0 or amount >= 1 else f"${amount:.4f}"


def latency(milliseconds: float | None) -> str:
    if milliseconds is None:
        return NOT_KNOWN
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def count(number: int, one: str, many: str = "") -> str:
    """ "1 hunt", "2 hunts"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def span(seconds: float) -> str:
    """ "3 d 4 h", "2 h 5 min", "12 s": the two largest units."""
    rest = timedelta(seconds=max(0.0, seconds))
    hours, minutes = rest.seconds // 3600, rest.seconds % 3600 // 60
    if rest.days:
        return f"{rest.days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{rest.seconds} s"


def model_label(model: str) -> str:
    """A model's name without the middle of a long path: `fireworks/…/deepseek-v3p1`."""
    parts = model.split("/")
    return model if len(parts) <= 2 else f"{parts[0]}/…/{parts[-1]}"


def cause_label(code: str) -> str:
    """An error code as text: "output limit"."""
    return code.replace("_", " ")


def file_part(text: str) -> str:
    """`text` for use in a file name."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-").lower()
