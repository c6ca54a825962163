"""Parses the requested retry delay from response headers."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_EPOCH_S = 1e9
_EPOCH_MS = 1e12
"""A reset above these is a Unix time, in seconds or milliseconds (OpenRouter), not a duration."""
_SPAN = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:([\d.]+)s)?(?:([\d.]+)ms)?")
_SPAN_UNITS_S = (86_400.0, 3_600.0, 60.0, 1.0, 0.001)


def parse_retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds from `now`, never negative; None if not specified. Header names are lower case.

    In order of priority: `retry-after-ms`, `retry-after` (seconds or a date), and the resets of the limits that are
    used up: `x-ratelimit-reset-requests` and `-tokens` ("6m0s", OpenAI, Fireworks), `x-ratelimit-reset` (OpenRouter).
    """
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after", "")
    seconds = _number(value)
    if seconds is None:
        seconds = _until_date(value, now)
    return seconds if seconds is not None else _until_reset(headers, now)


def _until_reset(headers: Mapping[str, str], now: datetime) -> float | None:
    used_up = (
        _until(headers.get(f"x-ratelimit-reset{limit}", ""), now)
        for limit in ("-requests", "-tokens", "")
        if _number(headers.get(f"x-ratelimit-remaining{limit}", "0")) == 0
    )
    return max((pause_s for pause_s in used_up if pause_s is not None), default=None)


def _until(reset: str, now: datetime) -> float | None:
    number = _number(reset)
    if number is None:
        return _span_s(reset)
    if number >= _EPOCH_MS:
        return max(0.0, number / 1000 - now.timestamp())
    return max(0.0, number - now.timestamp()) if number >= _EPOCH_S else number


def _span_s(text: str) -> float | None:
    match = _SPAN.fullmatch(text.strip())
    if not match or not any(match.groups()):
        return None
    numbers = (_number(part) if part else 0.0 for part in match.groups())
    return sum(number * unit_s for number, unit_s in zip(numbers, _SPAN_UNITS_S, strict=True) if number)


def _until_date(text: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())


def _number(text: str) -> float | None:
    """A finite, non-negative number, or None."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
