"""Sessions: open, show, edit the task, check the reference, export, delete."""

from __future__ import annotations

import json
from urllib.parse import quote

from quart import Blueprint, Response, request
from quart_schema import document_request, validate_querystring, validate_request
from werkzeug.exceptions import UnsupportedMediaType

from api.context import answer, runtime
from api.payloads import CheckPayload, ExportQuery, OpenPayload, TaskEdit
from core.domain.session import Session, Visibility
from core.domain.task import Task
from core.errors import BadInput
from core.hunt.orders import EditOrder, OpenOrder
from core.hunt.views import check_view, task_view, warning_view
from core.notebooks.examples import read_example

sessions = Blueprint("sessions", __name__, url_prefix="/api/sessions")


@sessions.post("")
@document_request(OpenPayload)
async def open_session() -> Response:
    """Open a session from an uploaded notebook (multipart `file`), or from url, notebook, example or task."""
    if request.mimetype == "multipart/form-data":
        session = await _open_upload()
    elif request.mimetype == "application/json":
        session = await _open_json(OpenPayload.model_validate_json(await request.get_data()))
    else:
        raise UnsupportedMediaType
    opened = {
        "session_id": session.session_id,
        "task": task_view(session.task, session.missing_criteria),
        "warnings": [warning_view(w) for w in session.warnings],
    }
    return answer(opened, 201, Location=f"/api/sessions/{session.session_id}")


@sessions.get("/<sid>")
async def show_session(sid: str) -> Response:
    """The snapshot: everything the page shows but the hunts."""
    return answer(await runtime().board.snapshot(sid))


@sessions.delete("/<sid>")
async def delete_session(sid: str) -> Response:
    """Cancel the session's runs and remove it."""
    await runtime().workbench.delete(sid)
    return Response(status=204)


@sessions.patch("/<sid>/task")
@validate_request(TaskEdit)
async def edit_task(sid: str, data: TaskEdit) -> Response:
    """Change the task; 409 when the version is not the current one."""
    await runtime().workbench.edit_task(sid, EditOrder(**data.model_dump(exclude_unset=True)))
    return answer(await runtime().board.snapshot(sid))


@sessions.post("/<sid>/reference-check")
async def check_reference(sid: str) -> Response:
    """Have the reference response judged; progress arrives as events. The same Idempotency-Key begins it once."""
    order = CheckPayload.model_validate_json(await request.get_data() or b"{}")
    key = request.headers.get("Idempotency-Key", "")[:200]
    session = await runtime().workbench.start_check(sid, order.judge_model, key)
    return answer({"check": check_view(session.check, session.task)}, 202)


@sessions.get("/<sid>/export")
@validate_querystring(ExportQuery)
async def export(sid: str, query_args: ExportQuery) -> Response:
    """The notebook with the selected hunts in its slots."""
    hunt_ids = None if query_args.hunt_ids is None else [i for i in query_args.hunt_ids.split(",") if i]
    delivery = await runtime().workbench.deliver(sid, hunt_ids)
    response = Response(delivery.notebook, content_type="application/x-ipynb+json")
    response.headers["Content-Disposition"] = attachment(delivery.name)
    response.headers["Cache-Control"] = "no-store"
    return response


def attachment(name: str) -> str:
    """A download header for any file name: plain letters for old clients, the real name in RFC 5987's form."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%;' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


async def _open_upload() -> Session:
    form, files = await request.form, await request.files
    upload = files.get("file")
    if upload is None:
        raise BadInput("The form has no file.", hint="Send the notebook in a field named file.")
    if unknown := set(form) - {"visibility", "require_check"}:
        raise BadInput(f"Unknown field: {', '.join(sorted(unknown))}.", hint="See /docs for the form's fields.")
    flags = {key: value for key, value in form.items() if value}
    order = _order(OpenPayload.model_validate(flags))
    return await runtime().workbench.open_notebook(upload.read(), upload.filename or "task.ipynb", order)


async def _open_json(payload: OpenPayload) -> Session:
    given = [name for name in ("url", "notebook", "example", "task") if getattr(payload, name) is not None]
    if len(given) != 1:
        raise BadInput("Give exactly one of url, notebook, example and task.", hint="See /docs for the shapes.")
    order, bench = _order(payload), runtime().workbench
    if payload.task is not None:
        return await bench.open_task(Task(**payload.task.model_dump()), order)
    if payload.example is not None:
        return await bench.open_notebook(read_example(payload.example), f"{payload.example}.ipynb", order)
    if payload.url is not None:
        raw, name = await runtime().fetcher.fetch(payload.url)
        return await bench.open_notebook(raw, payload.name or name, order)
    raw = json.dumps(payload.notebook, ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass")
    return await bench.open_notebook(raw, payload.name or "task.ipynb", order)


def _order(payload: OpenPayload) -> OpenOrder:
    if payload.visibility is Visibility.BLIND:
        raise BadInput("Blind sessions come with the review.", hint='Open the session with visibility "open".')
    return OpenOrder(
        visibility=payload.visibility,
        require_check=payload.require_check,
        idempotency_key=request.headers.get("Idempotency-Key", "")[:200],
    )
