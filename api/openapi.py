"""The routes' descriptions for /openapi.json, derived from their return types. They neither validate nor serialise
responses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import cleandoc
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from quart_schema import document_response, tag
from quart_schema.openapi import OpenAPIProvider
from werkzeug.routing import Rule

from api.context import JsonResponse
from api.errors import ErrorAnswer
from api.view_schemas import REFERENCE, view_schema
from core.hunting.orders import OpenRequest

Route = TypeVar("Route", bound=Callable[..., Any])
ATTRIBUTE = "_described"
ERRORS = {
    400: "The request is invalid; the message says what to correct.",
    401: "Not signed in, or unknown token (HUNTER_TOKENS).",
    403: "Admin scope required, session that you may only review or read, request from another site's page, or host "
    "name not allowed.",
    404: "Session, run, hunt, example or page not found, or owned by another user.",
    408: "The body did not arrive within 60 s.",
    409: "Conflict with the current state, or the events after that ID have been dropped.",
    413: "Over a size limit (MAX_BODY_BYTES, MAX_NOTEBOOK_BYTES).",
    415: "The body is neither JSON nor (where accepted) a multipart form.",
    429: "A bounded queue is full.",
    500: "Internal error, logged with its traceback.",
    503: "Temporarily unavailable.",
}
ACCESS_ERRORS = (401, 403)
"""Any route may return these before its own code runs (api/identity.py)."""
BODY_ERRORS = (400, 403, 408, 413, 415, 429)
PARAMETERS: dict[str, dict[str, Any]] = {
    "sid": {"description": "The session's ID.", "example": "s_9fQ2bq0L1a5XrDg7uUo3cWm8Zt4YkE6P"},
    "rid": {"description": "The run's ID.", "example": "r_3mVx0aPq7LkT"},
    "hid": {"description": "The hunt's ID.", "example": "r_3mVx0aPq7LkT.1"},
    "cid": {"description": "A card's ID from the desk, or the hunt's ID.", "example": "c_0f3a51d29be47c6688a1f0d2"},
    "criterion_id": {"description": "The criterion's ID.", "example": "C2"},
    "comment_id": {"description": "The comment's ID.", "example": "m_3mVx0aPq7LkT"},
    "name": {"description": "The name of somebody who may sign in.", "example": "bob"},
    "turn": {"description": "The turn's number, from 1.", "example": "1"},
    "version": {"description": "The hash of the page's files.", "example": "0f3a51d29be47c66"},
    "filename": {"description": "A file of the page.", "example": "scripts/main.js"},
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Repeating a key returns the first result, so retries are safe.",
    "schema": {"type": "string", "maxLength": 200},
    "example": "5f0c3c0e-8f5e-4c62-9f0e-2b8f2a4f7c11",
}
LAST_EVENT_ID = {
    "name": "Last-Event-ID",
    "in": "header",
    "required": False,
    "description": "ID of the last received event; browsers send it automatically. Overrides ?after=.",
    "schema": {"type": "string"},
    "example": "1795532627599-0",
}


@dataclass(frozen=True)
class Description:
    status: int
    media: tuple[str, ...]
    errors: tuple[int, ...]
    headers: tuple[dict[str, Any], ...]
    body_examples: dict[str, Any]
    form: bool
    optional_body: bool


STATIC_FILES = Description(200, ("*/*",), (404,), (), {}, form=False, optional_body=False)
"""Quart's own route, the only one without a description of its own."""


def described(
    tag_name: str,
    *,
    status: int = 200,
    media: tuple[str, ...] = (),
    errors: tuple[int, ...] = (),
    headers: tuple[dict[str, Any], ...] = (),
    body_examples: dict[str, Any] | None = None,
    form: bool = False,
    optional_body: bool = False,
    also: tuple[int, ...] = (),
) -> Callable[[Route], Route]:
    """Describes a route: its tag, other media types than JSON, errors, headers; `also`: other statuses with the same
    JSON. The JSON is that of the route's return type, `JsonResponse[View]`."""

    def describe(route: Route) -> Route:
        returned = get_type_hints(route)["return"]
        for view in (get_args(one)[0] for one in (returned, *get_args(returned)) if get_origin(one) is JsonResponse):
            for each in (status, *also):
                document_response(view, each)(route)
        description = Description(
            status, media, errors, headers, body_examples or {}, form=form, optional_body=optional_body
        )
        setattr(route, ATTRIBUTE, description)
        return tag([tag_name])(route)

    return describe


class Describer(OpenAPIProvider):
    """quart-schema's description, completed with errors, media types, headers and examples."""

    def schema(self) -> dict[str, Any]:
        whole: dict[str, Any] = super().schema()
        shapes = whole["components"]["schemas"]
        shapes.update(view_schema(ErrorAnswer)[1])
        paths = dict(whole["paths"])
        for operation in (operation for path in paths.values() for operation in path.values()):
            _refer(operation.get("requestBody", {}), shapes)
        return {**whole, "paths": paths}

    def build_response_object(self, model: Any, _headers_model: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        schema, shapes = view_schema(model)
        return {
            "description": cleandoc(model.__doc__ or ""),
            "content": {"application/json": {"schema": schema}},
        }, shapes

    def build_paths(self, rule: Rule) -> tuple[dict[str, Any], dict[str, Any]]:
        paths, components = super().build_paths(rule)
        description = getattr(self._app.view_functions[rule.endpoint], ATTRIBUTE, STATIC_FILES)
        for operation in (operation for path in paths.values() for operation in path.values()):
            if description is STATIC_FILES:
                operation |= {"summary": "A file of the page.", "tags": ["Pages"]}
            _finish(operation, description)
        return paths, components


def _refer(message: dict[str, Any], shapes: dict[str, Any]) -> None:
    """Moves a body's schema to the shared components and references it, so that generated clients have one type per
    schema."""
    for body in message.get("content", {}).values():
        name = body["schema"].get("title")
        if name is not None and shapes.setdefault(name, body["schema"]) == body["schema"]:
            body["schema"] = {"$ref": f"#/components/schemas/{name}"}


def _finish(operation: dict[str, Any], description: Description) -> None:
    for parameter in operation["parameters"]:
        parameter.update(PARAMETERS.get(parameter["name"], {}))
    operation["parameters"] += description.headers
    if "requestBody" in operation:
        _finish_body(operation["requestBody"], description)
    responses = {str(status): response for status, response in operation["responses"].items()}
    success = responses.setdefault(str(description.status), {"description": operation["summary"]})
    for media in description.media:
        kind = "object" if media.endswith("+json") else "string"
        success.setdefault("content", {})[media] = {"schema": {"type": kind}}
    if description.status == 201:
        success["headers"] = {"Location": {"schema": {"type": "string"}, "description": "URL of the new resource."}}
    for status in sorted({*description.errors, *ACCESS_ERRORS, 500}):
        responses.setdefault(str(status), _error(status))
    for response in responses.values():
        response["description"] = response["description"] or operation["summary"]
    operation["responses"] = responses


def _finish_body(body: dict[str, Any], description: Description) -> None:
    body["required"] = not description.optional_body
    content = body["content"]["application/json"]
    content["examples"] = {name: {"value": value} for name, value in description.body_examples.items()}
    if description.form:
        body["content"]["multipart/form-data"] = {
            "schema": {
                "type": "object",
                "required": ["file"],
                "additionalProperties": False,
                "properties": {
                    "file": {"type": "string", "format": "binary", "description": "The notebook (.ipynb)."},
                    **OpenRequest.model_json_schema(ref_template=REFERENCE)["properties"],
                },
            }
        }


def _error(status: int) -> dict[str, Any]:
    shape = {"$ref": "#/components/schemas/ErrorAnswer"}
    return {"description": ERRORS[status], "content": {"application/json": {"schema": shape}}}
