"""Lists, searches and similar prompts in a library of many tasks: time, CPU, and how long the event loop waited.

`python -m tests.benchmarks.task_list 100000` takes some minutes and 2 GB of disk; an address after it (`sqlite:///PATH`,
`postgresql://…`) keeps the library, and measures the one that is there. `postgresql` starts a server of its own.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, suppress
from itertools import accumulate
from typing import Any

from core.domain.prompt_similarity import prompt_bands
from core.library.lazy import LazyLibrary
from core.library.records import LibraryHead, LibraryHunt, SessionChanges, SimilarQuery, TaskCursor, TaskQuery
from tests.house.real_postgres import open_postgres

TASKS = 5_000
OWNERS = 150
REPLIES = 4
WORDS = 60
VOCABULARY = 20_000
BATCH = 500
TIMES = 5
FIRST_MS = 1_700_000_000_000
STATES = ("draft", "checked", "hunting", "to_review", "revealed")
HEADER = "| {tasks:,} tasks with {replies} replies each, {database} | median | CPU | longest wait of the event loop | target |"
TICK_S = 0.002


def measure_task_list(tasks: int = 0, url: str = "") -> tuple[str, list[str]]:
    """A table's header and rows."""
    tasks = tasks or TASKS
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        if url == "postgresql":
            url = stack.enter_context(open_postgres()).new_database()
        rows = asyncio.run(_measure(url or f"sqlite:///{folder}/library.sqlite", tasks))
    database = "PostgreSQL" if url.startswith("postgresql") else "SQLite"
    return HEADER.format(tasks=tasks, replies=REPLIES, database=database), rows


async def _measure(url: str, tasks: int) -> list[str]:
    library = LazyLibrary(url)
    try:
        if await library.count() < tasks:
            made = _Made()
            for first in range(0, tasks, BATCH):
                await library.write([made.task(n) for n in range(first, min(tasks, first + BATCH))])
        return [await _row(what, run, target) for what, run, target in _operations(library, tasks)]
    finally:
        await library.close()


def _operations(library: LazyLibrary, tasks: int) -> Iterator[tuple[str, Callable[[], Awaitable[Any]], str]]:
    def listed(**query: Any) -> Callable[[], Awaitable[Any]]:
        return lambda: library.tasks(TaskQuery(**query))

    yield "first page of everyone", listed(), "100 ms"
    yield "first page of one person", listed(owner="trainer3"), "100 ms"
    yield "a page near the end", listed(after=TaskCursor(FIRST_MS + tasks * 10, "s")), "100 ms"
    yield "a state that no task has", listed(states=("delivered",)), "100 ms"
    yield "search: a word of one task in a thousand", listed(text="zanzibar"), "300 ms"
    yield "search: a word of nearly every text", listed(text="w00000"), "300 ms"
    yield "search: a word of the oldest third only", listed(text="oldword"), "300 ms"
    yield "search: a beginning of ten frequent words", listed(text="w0001"), "300 ms"
    yield "search: a model of every task, one person", listed(text="openai/gpt-5", owner="trainer3"), "300 ms"
    prompt = _Made().words(WORDS)
    yield "similar prompts", lambda: library.similar(SimilarQuery("s_new", "", prompt_bands(prompt))), "100 ms"


async def _row(what: str, run: Callable[[], Awaitable[Any]], target: str) -> str:
    await run()
    taken, cpu, longest = [], [], 0.0
    for _ in range(TIMES):
        watching = asyncio.create_task(_longest_wait(), name="event loop")
        await asyncio.sleep(0)
        began, began_cpu = time.perf_counter(), time.process_time()
        await run()
        taken.append(time.perf_counter() - began)
        cpu.append(time.process_time() - began_cpu)
        watching.cancel()
        with suppress(asyncio.CancelledError):
            longest = max(longest, await watching)
    middle = TIMES // 2
    numbers = (sorted(taken)[middle], sorted(cpu)[middle], longest)
    return f"| {what} | " + " | ".join(f"{1000 * s:.0f} ms" for s in numbers) + f" | {target} |"


async def _longest_wait() -> float:
    """Until it is cancelled: by how much a tick was late at most."""
    longest = 0.0
    try:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(TICK_S)
            longest = max(longest, time.perf_counter() - began - TICK_S)
    except asyncio.CancelledError:
        return longest


class _Made:
    """Tasks made of words whose frequencies are those of a language: the n-th is n times rarer than the first."""

    def __init__(self) -> None:
        self._random = random.Random(1)
        self._vocabulary = [f"w{n:05d}" for n in range(VOCABULARY)]
        self._weights = list(accumulate(1 / (n + 1) for n in range(VOCABULARY)))

    def words(self, count: int) -> str:
        return " ".join(self._random.choices(self._vocabulary, cum_weights=self._weights, k=count))

    def task(self, n: int) -> SessionChanges:
        prompt = self.words(WORDS)
        head = LibraryHead(
            session_id=f"s_{n:07d}", version=1, head=b'{"x":"%b"}' % (b"y" * 8000), owner=f"trainer{n % OWNERS}",
            name=f"task-{n}.ipynb", state=STATES[n % len(STATES)], active=False, created_ms=n, excerpt=prompt[:200],
            prompt_hash=str(n), text=f"{prompt} openai/gpt-5", planned_hunts=REPLIES, bands=prompt_bands(prompt),
        )  # fmt: skip
        hunts = tuple(self._hunt(n, place) for place in range(1, REPLIES + 1))
        return SessionChanges(head.session_id, FIRST_MS + n * 1000, head=head, notebook=b"{}", hunts=hunts)

    def _hunt(self, n: int, place: int) -> LibraryHunt:
        marks = (" zanzibar" if n % 1000 == 7 else "") + (" oldword" if n % 100_000 < 30_000 else "")
        return LibraryHunt(
            hunt_id=f"r_{n}.{place}", number=place, run_id=f"r_{n}", model="openai/gpt-5",
            outcome="broke" if place == 1 else "held", progress=1_000_000, cost_usd=0.1, target_cost_usd=0.05,
            state=b'{"s":1}' * 40, reply=b'{"t":"%b"}' % (b"z" * 800), text=self.words(WORDS) + marks,
        )  # fmt: skip


def main(arguments: list[str]) -> None:
    header, rows = measure_task_list(int(arguments[0]), arguments[1] if len(arguments) > 1 else "")
    print("\n".join([header, "|---|---|---|---|---|", *rows]))


if __name__ == "__main__":
    main(sys.argv[1:])
