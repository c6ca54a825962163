"""Tasks in the library: the list, the archive, and tasks that resemble one."""

from __future__ import annotations

from quart import Blueprint, Response
from quart_schema import validate_querystring

from api.context import JsonResponse, answer, runtime
from api.identity import caller
from api.openapi import described
from api.payloads import TasksQuery
from core.domain.task_state import TaskState
from core.errors import BadInput, NotAllowed
from core.hunting.task_list import read_cursor
from core.hunting.views.listed_tasks import SimilarTasks, TaskList, WaitingList
from core.library.records import TaskQuery

EVERYONE = "*"
tasks = Blueprint("tasks", __name__, url_prefix="/api")


@tasks.get("/tasks")
@described("Tasks", errors=(400, 503))
@validate_querystring(TasksQuery)
async def list_tasks(query_args: TasksQuery) -> JsonResponse[TaskList]:
    """Your tasks, the last changed first; without a sign-in everyone's. At most a few seconds old.

    503 `library_off` without a library, `library_away` while its database is unavailable.
    """
    query = TaskQuery(
        owner=_owner(query_args.owner),
        states=_states(query_args.state),
        archived=query_args.archived,
        text=query_args.q,
        after=read_cursor(query_args.after),
        limit=query_args.limit,
        hidden_from=_hidden_from(),
    )
    return answer(await runtime().tasks.list(query))


@tasks.get("/waiting")
@described("Tasks", errors=(503,))
async def list_waiting() -> JsonResponse[WaitingList]:
    """What waits for you: tasks that you were given, second reviews, reveals, differences to settle.

    At most a few seconds old; empty without a sign-in. 503 `library_off` without a library, `library_away` while its
    database is unavailable.
    """
    return answer(await runtime().tasks.waiting(caller().name))


@tasks.post("/tasks/<sid>/archive")
@described("Tasks", status=204, errors=(404, 503))
async def archive_task(sid: str) -> Response:
    """List the task on request only (`archived=true`). It stays as it is and can be worked on."""
    await runtime().tasks.set_archived(sid, archived=True, actor=caller().name)
    return Response(status=204)


@tasks.post("/tasks/<sid>/unarchive")
@described("Tasks", status=204, errors=(404, 503))
async def unarchive_task(sid: str) -> Response:
    """List the task again."""
    await runtime().tasks.set_archived(sid, archived=False, actor=caller().name)
    return Response(status=204)


@tasks.get("/sessions/<sid>/similar")
@described("Tasks", errors=(404, 503))
async def similar_tasks(sid: str) -> JsonResponse[SimilarTasks]:
    """Tasks with the same prompt or nearly the same, among those that you may see."""
    return answer(await runtime().tasks.similar(sid, None if caller().admin else caller().name, _hidden_from()))


def _owner(wanted: str) -> str | None:
    """Return whose tasks are listed; None: everyone's. Raises NotAllowed."""
    known = caller()
    if not wanted:
        return known.name or None
    if not known.admin and wanted != known.name:
        raise NotAllowed(f"{known.name} is not an admin.", hint="Without owner, the list has your own tasks.")
    return None if wanted == EVERYONE else wanted


def _hidden_from() -> str:
    """Only admins' lists have tasks of others, of which they may be the second reviewer."""
    return caller().name if caller().admin else ""


def _states(wanted: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name for name in wanted.split(",") if name))
    if unknown := [name for name in names if name not in set(TaskState)]:
        raise BadInput(f"No task state is named {unknown[0][:40]!r}.", hint=f"Known: {', '.join(TaskState)}.")
    return names
