"""How often a process that serves looks for garbage in circles: rarely, since the hunts make next to none.

What is kept of 1,000 hunts is 40,000 objects. With Python's own thresholds looking through them again and again took
40 % of all CPU (0.69 against 0.41 ms a call without sockets), for nothing: values that travel are trees. Looking every
50,000 objects costs some 10 MB at most and 0.02 ms a call; it is not switched off, for failures leave circles.
"""

from __future__ import annotations

import gc

NEW_OBJECTS = 50_000
"""New objects, less those gone, before the young are looked through."""
YOUNG_LOOKS, MIDDLE_LOOKS = 20, 20
"""Looks through the young before the middle-aged are, and through these before all are."""


def collect_rarely() -> None:
    """For the whole process, once, when everything is imported: that stays for ever and is not looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, YOUNG_LOOKS, MIDDLE_LOOKS)
