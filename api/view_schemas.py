"""JSON schemas of views, with the docstrings of their fields as descriptions."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import ConfigDict, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from core.docstrings import field_docstrings

REFERENCE = "#/components/schemas/{model}"


@cache
def view_schema(view: type) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a reference to the view's schema, and all named schemas that it needs."""
    views: Any = list[view]  # type: ignore[valid-type]  # inside a list each type is named and referenced
    adapter = TypeAdapter(views, config=ConfigDict(arbitrary_types_allowed=True))  # for serialized JSON
    whole = adapter.json_schema(ref_template=REFERENCE, schema_generator=_ViewSchema, mode="serialization")
    return whole["items"], whole["$defs"]


class _ViewSchema(GenerateJsonSchema):
    def field_is_required(self, field: Any, total: bool) -> bool:
        """A value or a dataclass has all of its fields in JSON, but for those that are left out when empty; a typed
        dictionary has those that are not NotRequired."""
        if field["type"] == "typed-dict-field":
            return bool(field.get("required", total))
        return "serialization_exclude_if" not in field

    def typed_dict_schema(self, schema: Any) -> dict[str, Any]:
        return _with_descriptions(super().typed_dict_schema(schema), schema["cls"])

    def model_schema(self, schema: Any) -> dict[str, Any]:
        return _with_descriptions(super().model_schema(schema), schema["cls"])

    def dataclass_schema(self, schema: Any) -> dict[str, Any]:
        return _with_descriptions(super().dataclass_schema(schema), schema["cls"])


def _with_descriptions(schema: dict[str, Any], view: type) -> dict[str, Any]:
    for name, text in field_docstrings(view).items():
        if name in schema["properties"]:
            schema["properties"][name].setdefault("description", text)
    return schema
