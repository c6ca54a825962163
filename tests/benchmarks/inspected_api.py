"""`python -m api` that also counts what it holds: one JSON line on stdout for each line on stdin."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import threading
from pathlib import Path

from api.__main__ import main
from tests.benchmarks.cpu import resident_bytes


def held() -> dict[str, int]:
    """What this process holds, after a whole look for garbage. Memory in bytes, the others are counts."""
    gc.collect()
    objects = gc.get_objects()
    return {
        "memory": resident_bytes(),
        "descriptors": sum(1 for _ in Path("/proc/self/fd").iterdir()),
        "tasks": sum(isinstance(one, asyncio.Task) and not one.done() for one in objects),
        "objects": len(objects),
        "threads": threading.active_count(),
        "files": sum(len(names) for _, _, names in os.walk(Path.cwd())),
    }


def answer_on_stdin() -> None:
    for _ in sys.stdin:
        print(json.dumps(held()), flush=True)


if __name__ == "__main__":
    threading.Thread(target=answer_on_stdin, name="inspection", daemon=True).start()
    sys.exit(main())
