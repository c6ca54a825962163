"""What a route says about itself for /openapi.json. It describes; it neither validates nor writes an answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel
from quart_schema import document_response, tag
from quart_schema.openapi import OpenAPIProvider
from werkzeug.routing import Rule

from api.shapes import ErrorAnswer

Route = TypeVar("Route", bound=Callable[..., Any])
ATTRIBUTE = "_described"
ERRORS = {
    400: "The request is invalid; the message says what to correct.",
    401: "Nobody is signed in, or the token is not known (HUNTER_TOKENS).",
    403: "It takes an admin, or a page of another site wants to change something, or the server has another name.",
    404: "There is no such session, run, hunt, example or page; or it is somebody else's.",
    408: "The body did not arrive within 60 s.",
    409: "Conflict with the current state, or the events after that id are no longer kept.",
    413: "Over a size limit (MAX_BODY_BYTES, MAX_NOTEBOOK_BYTES).",
    415: "The body is neither JSON nor, where that is taken, a multipart form.",
    429: "A bounded queue is full.",
    500: "A bug of ours, logged with its trace.",
    503: "It cannot be served now.",
}
OF_THE_DOOR = (401, 403)
"""What any route may answer before it is asked (api/identity.py)."""
OF_A_BODY = (400, 403, 408, 413, 415, 429)
PARAMETERS: dict[str, dict[str, Any]] = {
    "sid": {"description": "The session's id.", "example": "s_9fQ2bq0L1a5XrDg7uUo3cWm8Zt4YkE6P"},
    "rid": {"description": "The run's id.", "example": "r_3mVx0aPq7LkT"},
    "hid": {"description": "The hunt's id.", "example": "r_3mVx0aPq7LkT.1"},
    "cid": {"description": "A card's id from the desk, or the hunt's id.", "example": "c_0f3a51d29be47c6688a1f0d2"},
    "turn": {"description": "The turn's number, from 1.", "example": "1"},
    "version": {"description": "The hash of all of the page's files.", "example": "0f3a51d29be47c66"},
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
    "description": "Id of the last event that was seen; browsers send it by themselves. Wins over ?after=.",
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
"""Quart's own route, the only one that does not describe itself."""


def described(
    room: str,
    shape: type[BaseModel] | None = None,
    *,
    status: int = 200,
    media: tuple[str, ...] = (),
    errors: tuple[int, ...] = (),
    headers: tuple[dict[str, Any], ...] = (),
    body_examples: dict[str, Any] | None = None,
    form: bool = False,
    optional_body: bool = False,
    also: dict[int, type[BaseModel]] | None = None,
) -> Callable[[Route], Route]:
    """Describe a route: its room (tag), the shape of its JSON answer, further media types, errors, headers;
    `also`: the shapes of other statuses that are no errors of ours."""

    def describe(route: Route) -> Route:
        for each, its_shape in {**({status: shape} if shape else {}), **(also or {})}.items():
            document_response(its_shape, each)(route)
        told = Description(status, media, errors, headers, body_examples or {}, form, optional_body)
        setattr(route, ATTRIBUTE, told)
        return tag([room])(route)

    return describe


class Describer(OpenAPIProvider):
    """quart-schema's description, finished with errors, media types, headers and examples."""

    def schema(self) -> dict[str, Any]:
        whole: dict[str, Any] = super().schema()
        shapes = whole["components"]["schemas"]
        error = ErrorAnswer.model_json_schema(ref_template="#/components/schemas/{model}")
        shapes.update(error.pop("$defs"))
        shapes["ErrorAnswer"] = error
        paths = dict(whole["paths"])
        for operation in (operation for path in paths.values() for operation in path.values()):
            for message in (*operation["responses"].values(), operation.get("requestBody", {})):
                _refer(message, shapes)
        return {**whole, "paths": paths}

    def build_paths(self, rule: Rule) -> tuple[dict[str, Any], dict[str, Any]]:
        paths, components = super().build_paths(rule)
        told = getattr(self._app.view_functions[rule.endpoint], ATTRIBUTE, STATIC_FILES)
        for operation in (operation for path in paths.values() for operation in path.values()):
            if told is STATIC_FILES:
                operation |= {"summary": "A file of the page.", "tags": ["Pages"]}
            _finish(operation, told)
        return paths, components


def _refer(message: dict[str, Any], shapes: dict[str, Any]) -> None:
    """Move the named shapes of a body to the shared ones and refer to them there: the same shape for several statuses
    or routes is one type for whoever makes a client of this description."""
    for body in message.get("content", {}).values():
        name = body["schema"].get("title")
        if name is not None and shapes.setdefault(name, body["schema"]) == body["schema"]:
            body["schema"] = {"$ref": f"#/components/schemas/{name}"}


def _finish(operation: dict[str, Any], told: Description) -> None:
    for parameter in operation["parameters"]:
        parameter.update(PARAMETERS.get(parameter["name"], {}))
    operation["parameters"] += told.headers
    if "requestBody" in operation:
        _finish_body(operation["requestBody"], told)
    responses = {str(status): response for status, response in operation["responses"].items()}
    success = responses.setdefault(str(told.status), {"description": operation["summary"]})
    for media in told.media:
        kind = "object" if media.endswith("+json") else "string"
        success.setdefault("content", {})[media] = {"schema": {"type": kind}}
    if told.status == 201:
        success["headers"] = {"Location": {"schema": {"type": "string"}, "description": "Its address."}}
    for status in sorted({*told.errors, *OF_THE_DOOR, 500}):
        responses.setdefault(str(status), _error(status))
    for response in responses.values():
        response["description"] = response["description"] or operation["summary"]
    operation["responses"] = responses


def _finish_body(body: dict[str, Any], told: Description) -> None:
    body["required"] = not told.optional_body
    content = body["content"]["application/json"]
    content["examples"] = {name: {"value": value} for name, value in told.body_examples.items()}
    if told.form:
        body["content"]["multipart/form-data"] = {
            "schema": {
                "type": "object",
                "required": ["file"],
                "additionalProperties": False,
                "properties": {
                    "file": {"type": "string", "format": "binary", "description": "The notebook (.ipynb)."},
                    "visibility": {"type": "string", "enum": ["open", "blind"]},
                    "require_check": {"type": "boolean"},
                    "judge_cut_replies": {"type": "boolean"},
                },
            }
        }


def _error(status: int) -> dict[str, Any]:
    shape = {"$ref": "#/components/schemas/ErrorAnswer"}
    return {"description": ERRORS[status], "content": {"application/json": {"schema": shape}}}
