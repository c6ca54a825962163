"""Which hunts of a run are not to go on, while it is worked on: those that a person cancelled, and those that had not
begun when the run's stop rule was met."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from core.domain.hunt import Hunt, HuntStatus
from core.domain.run import Counts, StopRule


@dataclass
class Stopping:
    rule: StopRule
    over: str = ""
    """Why no further hunt begins; "" while they do."""
    ending: bool = False
    """Whether that is because the server ends, which nobody wished for this run."""
    failed: bool = False
    """Whether that is because the run makes no sense any more: its judge cannot judge."""
    _cancelled: set[str] = field(default_factory=set)
    _tasks: dict[str, asyncio.Task[Any]] = field(default_factory=dict)
    _states: dict[str, Hunt] = field(default_factory=dict)
    _taken_off: set[str] = field(default_factory=set)

    @property
    def counts_matter(self) -> bool:
        return self.rule.rule != "all" and not self.over

    @property
    def kept_off(self) -> bool:
        """Whether there may be hunts that were not begun, or taken off, and have no end yet."""
        return bool(self.over or self._cancelled)

    def cancelled(self, hunt_id: str) -> bool:
        """Whether a person has cancelled it."""
        return hunt_id in self._cancelled

    def took_off(self, hunt_id: str) -> bool:
        """Whether its task was ended by us, and not by whoever owns the run."""
        return hunt_id in self._taken_off

    def begins(self, hunt: Hunt) -> bool:
        """Told by the hunt's own task before it does anything; False when it is not to begin any more.

        A task is taken off only once it runs: one that is cancelled before would never put down what it holds.
        """
        task = asyncio.current_task()
        if self.over or hunt.hunt_id in self._cancelled or task is None:
            return False
        self._tasks[hunt.hunt_id] = task
        self._states[hunt.hunt_id] = hunt
        task.add_done_callback(lambda _: self._tasks.pop(hunt.hunt_id, None))
        return True

    def note(self, hunt: Hunt) -> None:
        """The hunt's newest state: what a cancelled one is ended with."""
        self._states[hunt.hunt_id] = hunt

    def state(self, hunt: Hunt) -> Hunt:
        return self._states.get(hunt.hunt_id, hunt)

    def look_at(self, counts: Counts) -> None:
        """Take off all hunts that have not begun when the rule is met by these counts."""
        self.over = self.over or self.rule.met(counts)
        if self.over:
            self._take_off_waiting()

    def end(self, why: str) -> None:
        """Take off all hunts that have not begun, because the server ends."""
        self.over, self.ending = self.over or why, not self.over
        self._take_off_waiting()

    def fail(self, why: str) -> None:
        """Take off all hunts that have not begun, because the run has failed. Those that have begun go to their end:
        their replies are paid for."""
        if not self.over:
            self.over, self.failed = why, True
        self._take_off_waiting()

    @property
    def by_wish(self) -> bool:
        """Whether somebody wanted the run to end here."""
        return bool(self.over) and not self.ending and not self.failed

    def cancel(self, hunt_ids: Iterable[str]) -> list[str]:
        """Take off what a person cancelled. Those that are cancelled only now and have no task here."""
        fresh = [i for i in hunt_ids if i not in self._cancelled]
        self._cancelled.update(fresh)
        self._take_off(i for i in fresh if i in self._tasks)
        return [i for i in fresh if i not in self._tasks]

    def _take_off_waiting(self) -> None:
        self._take_off([i for i in self._tasks if self._states[i].status is HuntStatus.QUEUED])

    def _take_off(self, hunt_ids: Iterable[str]) -> None:
        for hunt_id in hunt_ids:
            if hunt_id not in self._taken_off:
                self._taken_off.add(hunt_id)
                self._tasks[hunt_id].cancel()
