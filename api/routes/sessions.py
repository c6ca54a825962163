"""Sessions: open, show, edit the task, check the reference, export, delete."""

from __future__ import annotations

from urllib.parse import quote

from quart import Blueprint, Response, request
from quart_schema import document_request, validate_querystring
from typing_extensions import TypedDict
from werkzeug.exceptions import UnsupportedMediaType

from api.context import JsonResponse, answer, runtime
from api.identity import caller, role
from api.openapi import BODY_ERRORS, IDEMPOTENCY_KEY, described
from api.payloads import MAX_NAME_CHARS, ExportQuery, OpenPayload
from api.request_body import idempotency_key, read_json, read_open_payload
from core.access.roles import SessionRole
from core.domain.session import Session, TaskWarning
from core.domain.task import Task
from core.errors import BadInput
from core.hunting.orders import CheckOrder, CheckRequest, EditOrder, OpenOrder, OpenRequest
from core.hunting.reviews.delivery import Preview
from core.hunting.views.sessions import SessionView
from core.hunting.views.tasks import CheckAnswer, TaskView, check_view, task_view
from core.notebooks.examples import read_example
from core.notebooks.export import delivery_name

TASK = {
    "prompt": "In exactly one word: what is the capital of France?",
    "response": "Paris",
    "criteria": [
        {"id": "C1", "text": 'Mentions "Paris".'},
        {"id": "C2", "text": "Is at most 1 word long."},
        {"id": "C3", "text": 'Does not mention "London".'},
    ],
}
"""Example of a typed-in task for the OpenAPI description."""
sessions = Blueprint("sessions", __name__, url_prefix="/api/sessions")


class OpenedSession(TypedDict):
    """The new session, or the one created with the same Idempotency-Key."""

    session_id: str
    also_open: bool
    """The same task is open in another session."""
    task: TaskView
    warnings: tuple[TaskWarning, ...]


@sessions.post("")
@document_request(OpenPayload)
@described(
    "Sessions", status=201, errors=(*BODY_ERRORS, 404), headers=(IDEMPOTENCY_KEY,), form=True,
    body_examples={"an example": {"example": "word-budget"}, "a typed-in task": {"task": TASK}},
)  # fmt: skip
async def open_session() -> JsonResponse[OpenedSession]:
    """Open a session from an uploaded notebook (multipart `file`), or from url, notebook, example, task or blank."""
    if request.mimetype == "multipart/form-data":
        session = await _open_upload()
    elif request.mimetype == "application/json":
        session = await _open_json(*await read_open_payload())
    else:
        raise UnsupportedMediaType
    opened: OpenedSession = {
        "session_id": session.session_id,
        "also_open": await runtime().service.is_open_elsewhere(session),
        "task": task_view(session.task, session.missing_criteria),
        "warnings": session.warnings,
    }
    return answer(opened, 201, Location=f"/api/sessions/{session.session_id}")


@sessions.get("/<sid>")
@described("Sessions", errors=(404,))
async def show_session(sid: str) -> JsonResponse[SessionView]:
    """The snapshot: everything the page shows but the hunts."""
    return answer(await runtime().status.snapshot(sid))


@sessions.delete("/<sid>")
@described("Sessions", status=204, errors=(403, 404))
async def delete_session(sid: str) -> Response:
    """Cancel the session's runs and remove it."""
    await runtime().service.delete(sid)
    return Response(status=204)


@sessions.patch("/<sid>/task")
@document_request(EditOrder)
@described(
    "Sessions",
    errors=(*BODY_ERRORS, 404, 409),
    body_examples={"all": {"version": 1, "pass_rule": "all"}},
)
async def edit_task(sid: str) -> JsonResponse[SessionView]:
    """Change the task. 409 if the version is not current."""
    await runtime().service.edit_task(sid, await read_json(EditOrder))
    return answer(await runtime().status.snapshot(sid))


@sessions.post("/<sid>/reference-check")
@document_request(CheckRequest)
@described(
    "Sessions", status=202, errors=(*BODY_ERRORS, 404, 409), optional_body=True,
    body_examples={"the default judge": {}, "a judge": {"judge_model": "openai/gpt-5"}},
)  # fmt: skip
async def check_reference(sid: str) -> JsonResponse[CheckAnswer]:
    """Judge the reference response; progress arrives as events. Repeating an Idempotency-Key starts it only once."""
    wish = await read_json(CheckRequest, optional=True)
    order = CheckOrder(**wish.model_dump(), idempotency_key=idempotency_key())
    session = await runtime().service.start_check(sid, order)
    return answer({"check": check_view(session.check, session.task)}, 202)


@sessions.get("/<sid>/export")
@described("Export", errors=(400, 404, 429), media=("application/x-ipynb+json",))
@validate_querystring(ExportQuery)
async def export(sid: str, query_args: ExportQuery) -> Response:
    """The notebook with the selected hunts in its slots."""
    by_reader = role() is SessionRole.READER
    delivery = await runtime().service.deliver(sid, _hunt_ids(query_args), query_args.criteria, by_reader=by_reader)
    response = Response(delivery.notebook, content_type="application/x-ipynb+json")
    response.headers["Content-Disposition"] = attachment(delivery_name(delivery.name))
    response.headers["Cache-Control"] = "no-store"
    if delivery.comparison.differ:
        response.headers["X-Reviews-Differ"] = delivery.comparison.words
    return response


@sessions.get("/<sid>/export/preview")
@described("Export", errors=(400, 404, 429))
@validate_querystring(ExportQuery)
async def preview_export(sid: str, query_args: ExportQuery) -> JsonResponse[Preview]:
    """What the export changes, cell by cell, and how another reader sees the notebook."""
    return answer(await runtime().service.preview(sid, _hunt_ids(query_args), query_args.criteria))


def _hunt_ids(query: ExportQuery) -> list[str] | None:
    return None if query.hunt_ids is None else [i for i in query.hunt_ids.split(",") if i]


def attachment(name: str) -> str:
    """A download header for any file name: ASCII for old clients, the full name as in RFC 5987."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%;' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


async def _open_upload() -> Session:
    form, files = await request.form, await request.files
    if [name for name, _ in files.items(multi=True)] != ["file"]:
        raise BadInput("The form must contain exactly one file.", hint="Send the notebook in a field named file.")
    upload = files["file"]
    order = _order(OpenRequest.model_validate({key: value for key, value in form.items() if value}))
    name = (upload.filename or "task.ipynb")[:MAX_NAME_CHARS]
    return await runtime().service.open_notebook(upload.read(), name, order)


async def _open_json(payload: OpenPayload, notebook: bytes) -> Session:
    sources = ("url", "notebook", "example", "task", "blank")
    if sum(getattr(payload, name) is not None for name in sources) != 1:
        raise BadInput("Give exactly one of url, notebook, example, task and blank.", hint="See /docs for the shapes.")
    order, bench = _order(payload), runtime().service
    if payload.task is not None:
        return await bench.open_task(Task(**payload.task.model_dump()), order, payload.name)
    if payload.blank:
        return await bench.open_task(Task(), order, payload.name)
    if payload.example is not None:
        return await bench.open_notebook(read_example(payload.example), f"{payload.example}.ipynb", order)
    if payload.url is not None:
        raw, name = await runtime().fetcher.fetch(payload.url)
        return await bench.open_notebook(raw, payload.name or name, order)
    return await bench.open_notebook(notebook, payload.name or "task.ipynb", order)


def _order(request: OpenRequest) -> OpenOrder:
    options = {name: getattr(request, name) for name in OpenRequest.model_fields}
    return OpenOrder(**options, idempotency_key=idempotency_key(), owner=caller().name)
