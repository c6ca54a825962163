"""Finds tasks in the library: the list of somebody's tasks, the archive, and tasks with similar prompts."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from dataclasses import replace

from core.clock import Clock
from core.domain.prompt_similarity import similarity
from core.domain.task_state import TO_DO
from core.errors import BadInput, Unavailable
from core.hunting.views.listed_tasks import (
    SimilarTask,
    SimilarTasks,
    TaskList,
    WaitingList,
    listed_task,
    similar_task,
    waiting_view,
)
from core.library.base import Library
from core.library.records import LibraryEvent, SimilarQuery, StoredTask, TaskCursor, TaskQuery
from core.sessions.base import no_session
from core.sessions.codec import StoredUnreadable, read_head
from core.sessions.durable import DurableSessionStore
from core.sessions.library_records import bands_of, milliseconds, prompt_hash

MIN_SIMILARITY = 0.6
"""Prompts that share less are other tasks; the library finds most of those that share this much."""
MAX_SIMILAR = 5
MAX_WAITING = 200


class TaskService:
    def __init__(self, durable: DurableSessionStore | None, clock: Clock) -> None:
        """Without a durable store, there is no library: everything raises Unavailable (`library_off`)."""
        self._durable = durable
        self._clock = clock

    async def list(self, query: TaskQuery) -> TaskList:
        """Return a page of tasks as the library has them: a few seconds behind. Raises LibraryAway."""
        return await list_tasks(self._library().library, query)

    async def set_archived(self, sid: str, *, archived: bool, actor: str) -> None:
        """Archive a task or take it back. Raises NotFound, LibraryAway."""
        durable = self._library()
        event_id, at_ms = secrets.token_hex(8), milliseconds(self._clock.now())
        event = LibraryEvent(event_id, at_ms, actor, "archived" if archived else "unarchived")
        if await durable.library.set_archived(sid, archived, event):
            return
        await durable.flush()  # a session that was opened a moment ago
        if not await durable.library.set_archived(sid, archived, event):
            raise no_session()

    async def waiting(self, person: str) -> WaitingList:
        """Return what waits for somebody, as the library has it. Raises LibraryAway."""
        found = await self._library().library.waiting_for(person, TO_DO, MAX_WAITING) if person else ()
        return {"waiting": [waiting_view(one) for one in found]}

    async def similar(self, sid: str, owner: str | None, hidden_from: str = "") -> SimilarTasks:
        """Return tasks whose prompts are the same or nearly the same, the most similar first: of one owner, or of
        everyone (None) but those that `hidden_from` reviews blind. Raises NotFound, LibraryAway."""
        durable = self._library()
        task = (await durable.summary(sid)).session.task
        query = SimilarQuery(
            session_id=sid,
            prompt_hash=prompt_hash(task),
            bands=bands_of(task),
            owner=owner,
            hidden_from=hidden_from,
        )
        found: list[SimilarTask] = []
        for stored, head in await durable.library.similar(query):
            with suppress(StoredUnreadable):  # it is listed, and says so when it is opened
                alike = similarity(task.prompt, read_head(head).task.prompt)
                if alike >= MIN_SIMILARITY:
                    found.append(similar_task(stored, alike))
            await asyncio.sleep(0)
        found.sort(key=lambda one: -one["similarity"])
        return {"tasks": found[:MAX_SIMILAR]}

    def _library(self) -> DurableSessionStore:
        if self._durable is None:
            raise no_library()
        return self._durable


async def list_tasks(library: Library, query: TaskQuery) -> TaskList:
    """Return a page of tasks. Raises LibraryAway."""
    found = await library.tasks(replace(query, limit=query.limit + 1))
    page = found[: query.limit]
    return {
        "tasks": [listed_task(one) for one in page],
        "next": _cursor_text(page[-1]) if len(found) > len(page) else None,
    }


def read_cursor(said: str) -> TaskCursor | None:
    """Read the `next` of an earlier page; None for an empty one. Raises BadInput."""
    if not said:
        return None
    at_ms, _, session_id = said.partition("-")
    if not at_ms.isdecimal() or not at_ms.isascii() or len(at_ms) > 15 or not session_id:
        raise BadInput("`after` is not valid.", hint="Send the `next` of the last response, or leave `after` out.")
    return TaskCursor(int(at_ms), session_id)


def _cursor_text(task: StoredTask) -> str:
    return f"{task.changed_ms}-{task.session_id}"


def no_library() -> Unavailable:
    return Unavailable(
        "Tasks are not listed, because this installation has no library (LIBRARY_URL=off).",
        hint="Set LIBRARY_URL, for example to sqlite:///library/library.sqlite, and restart. Open sessions continue.",
        code="library_off",
    )
