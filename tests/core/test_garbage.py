"""Circles of garbage: looked for rarely, and found all the same."""

from __future__ import annotations

import gc
import subprocess
import sys
from importlib import import_module

import pytest

from core.garbage import collection_paused

PROGRAM = """
import gc, weakref
from core.garbage import NEW_OBJECTS, collect_rarely

class Circle:
    def __init__(self):
        self.itself = self

collect_rarely()
looks = []
gc.callbacks.append(lambda phase, info: looks.append(phase) if phase == "start" else None)
first = weakref.ref(Circle())
few = [[] for _ in range(NEW_OBJECTS // 2)]
print(len(looks), first() is None)
many = [[] for _ in range(NEW_OBJECTS)]
print(len(looks), first() is None)
"""


def test_circles_are_left_alone_for_a_while_and_then_go() -> None:
    """In a process of its own: what is set holds for the whole process."""
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout.splitlines() == ["0 False", "1 True"]


def test_collection_continues_after_a_failed_import() -> None:
    with pytest.raises(ModuleNotFoundError), collection_paused():
        import_module("not_there" if gc.isenabled() is False else "gc")
    assert gc.isenabled()
