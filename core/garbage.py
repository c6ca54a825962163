"""Garbage collection thresholds of a server process. Cycles are rare here, so the cyclic collector runs rarely.

1,000 hunts hold 40,000 objects. With Python's default thresholds, scanning them took 40% of all CPU (0.69 instead of
0.41 ms per call without sockets) and found nothing: our values are trees. Collecting every 50,000 objects costs up to
10 MB and 0.02 ms per call. The collector stays on because exceptions create cycles.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

NEW_OBJECTS = 50_000
"""Threshold of generation 0: allocations minus deallocations."""
GENERATION_1_THRESHOLD, GENERATION_2_THRESHOLD = 20, 20
"""Collections of the next younger generation before this one is collected."""


@contextmanager
def collection_paused() -> Iterator[None]:
    """For imports: they create many objects that stay, and scanning these took an eighth of the start. What exists at
    the end is never scanned: enabling the collector would scan it at once, for 0.1 s."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def collect_rarely() -> None:
    """Set the thresholds of this process and exclude everything imported so far. Call once, after all imports.

    Imports leave about a thousand objects of garbage, which stay: collecting them first would scan 170,000 (0.15 s).
    """
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, GENERATION_1_THRESHOLD, GENERATION_2_THRESHOLD)
