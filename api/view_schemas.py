"""JSON schemas of views, with the docstrings of their fields as descriptions."""

from __future__ import annotations

import ast
from functools import cache
from inspect import cleandoc, getsource
from itertools import pairwise
from textwrap import dedent
from typing import Any

from pydantic import ConfigDict, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

REFERENCE = "#/components/schemas/{model}"
OURS = ("api", "core")


@cache
def view_schema(view: type) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a reference to the view's schema, and all named schemas that it needs."""
    views: Any = list[view]  # type: ignore[valid-type]  # inside a list each type is named and referenced
    adapter = TypeAdapter(views, config=ConfigDict(arbitrary_types_allowed=True))  # for serialized JSON
    whole = adapter.json_schema(ref_template=REFERENCE, schema_generator=_ViewSchema, mode="serialization")
    return whole["items"], whole["$defs"]


class _ViewSchema(GenerateJsonSchema):
    def field_is_required(self, field: Any, total: bool) -> bool:
        """A value or a dataclass has all of its fields in JSON, a typed dictionary those that are not NotRequired."""
        return bool(field.get("required", total)) if field["type"] == "typed-dict-field" else True

    def typed_dict_schema(self, schema: Any) -> dict[str, Any]:
        return _with_descriptions(super().typed_dict_schema(schema), schema["cls"])

    def model_schema(self, schema: Any) -> dict[str, Any]:
        return _with_descriptions(super().model_schema(schema), schema["cls"])

    def dataclass_schema(self, schema: Any) -> dict[str, Any]:
        return _with_descriptions(super().dataclass_schema(schema), schema["cls"])


def _with_descriptions(schema: dict[str, Any], view: type) -> dict[str, Any]:
    for name, text in _field_docstrings(view).items():
        if name in schema["properties"]:
            schema["properties"][name].setdefault("description", text)
    return schema


@cache
def _field_docstrings(view: type) -> dict[str, str]:
    """Return the strings after the fields of a class and its bases. A typed dictionary has its bases in
    `__orig_bases__`."""
    if view.__module__.partition(".")[0] not in OURS:
        return {}
    found: dict[str, str] = {}
    for base in getattr(view, "__orig_bases__", view.__bases__):
        found |= _field_docstrings(base) if isinstance(base, type) else {}
    body = ast.parse(dedent(getsource(view))).body[0]
    for node, after in pairwise(getattr(body, "body", ())):
        match node, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = cleandoc(text)
    return found
