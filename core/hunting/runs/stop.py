"""Tracks which hunts of a running run must stop: those that a person cancelled, and those that had not started when
the stop rule was met."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from core.domain.hunt import Hunt, HuntStatus
from core.domain.stop_rule import StopRule
from core.providers.base import PartialReply


@dataclass
class Stopping:
    rule: StopRule
    over: str = ""
    """Why no further hunt starts; "" while hunts may start."""
    ending: bool = False
    """Whether the reason is a server shutdown, which nobody requested for this run."""
    failed: bool = False
    """Whether the reason is a failure of the run: its judge cannot judge."""
    _cancelled: set[str] = field(default_factory=set)
    _tasks: dict[str, asyncio.Task[Any]] = field(default_factory=dict)
    _states: dict[str, Hunt] = field(default_factory=dict)
    _taken_off: set[str] = field(default_factory=set)
    _calls: dict[str, PartialReply] = field(default_factory=dict)
    """The call in flight of each hunt."""

    @property
    def counts_matter(self) -> bool:
        return self.rule.rule != "all" and not self.over

    @property
    def leaves_unfinished(self) -> bool:
        """Whether some hunts may be unfinished because they did not start or were stopped."""
        return bool(self.over or self._cancelled)

    def cancelled(self, hunt_id: str) -> bool:
        """Whether a person cancelled the hunt."""
        return hunt_id in self._cancelled

    def took_off(self, hunt_id: str) -> bool:
        """Whether we cancelled the hunt's task, rather than the owner of the run."""
        return hunt_id in self._taken_off

    def begins(self, hunt: Hunt) -> bool:
        """Register the calling task as the hunt's. Returns False if the hunt must not start.

        Only running tasks are cancelled: a task that is cancelled before it starts would never release its semaphores.
        """
        task = asyncio.current_task()
        if self.over or hunt.hunt_id in self._cancelled or task is None:
            return False
        self._tasks[hunt.hunt_id] = task
        self._states[hunt.hunt_id] = hunt
        task.add_done_callback(lambda _: self._tasks.pop(hunt.hunt_id, None))
        return True

    def record(self, hunt: Hunt) -> None:
        """Store the hunt's newest state, in which a cancelled hunt is ended."""
        self._states[hunt.hunt_id] = hunt

    def record_call(self, hunt_id: str, reply: PartialReply | None) -> None:
        """Store the hunt's call in flight; None: it has ended."""
        if reply is not None:
            self._calls[hunt_id] = reply
        else:
            self._calls.pop(hunt_id, None)

    def state(self, hunt: Hunt) -> Hunt:
        """Return the newest state of a stopped hunt, with what had arrived of its reply."""
        newest, call = self._states.get(hunt.hunt_id, hunt), self._calls.get(hunt.hunt_id)
        if newest.reply is not None or call is None:
            return newest
        reply = call.read()
        return newest.model_copy(update={"reply": reply}) if reply.text or reply.reasoning else newest

    def meet(self, why: str) -> None:
        """Cancel all hunts that have not started, because the stop rule was met."""
        self.over = self.over or why
        self._take_off_waiting()

    def end(self, why: str) -> None:
        """Cancel all hunts that have not started, because of a shutdown."""
        self.over, self.ending = self.over or why, not self.over
        self._take_off_waiting()

    def fail(self, why: str) -> None:
        """Cancel all hunts that have not started, because the run failed. Started hunts continue: their replies are
        paid for."""
        if not self.over:
            self.over, self.failed = why, True
        self._take_off_waiting()

    @property
    def finishes(self) -> bool:
        """Whether decided hunts still get second opinions: not after a failure, nor during a shutdown."""
        return not self.over or self.by_wish

    @property
    def by_wish(self) -> bool:
        """Whether the stop was requested, by a person or the stop rule."""
        return bool(self.over) and not self.ending and not self.failed

    def cancel(self, hunt_ids: Iterable[str]) -> list[str]:
        """Cancel the hunts that a person cancelled. Returns the newly cancelled ones that have no task here."""
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
