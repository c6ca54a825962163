"""Views as JSON schemas, described by the docstrings of their fields."""

from api.errors import ErrorAnswer
from api.view_schemas import view_schema
from core.domain.chat import Reply
from core.hunting.views.targets import TargetView


def test_a_view_is_named_and_its_parts_are_referred_to():
    reference, schemas = view_schema(ErrorAnswer)
    assert reference == {"$ref": "#/components/schemas/ErrorAnswer"}
    assert set(schemas) == {"ErrorAnswer", "ErrorBody"}
    assert schemas["ErrorAnswer"]["properties"]["error"]["$ref"] == "#/components/schemas/ErrorBody"


def test_fields_have_their_docstrings():
    body = view_schema(ErrorAnswer)[1]["ErrorBody"]
    assert {name: field.get("description") for name, field in body["properties"].items()} == {
        "code": "Stable; for programs.", "message": "What happened, to what.", "hint": "What to do.", "details": None,
    }  # fmt: skip
    assert body["required"] == ["code", "message", "hint", "details"]


def test_a_field_that_is_left_out_when_empty_is_not_required():
    _, schemas = view_schema(Reply)
    assert "upstream" in schemas["Reply"]["properties"]
    assert "upstream" not in schemas["Reply"]["required"]
    assert "text" in schemas["Reply"]["required"]


def test_the_same_view_is_built_once():
    assert view_schema(TargetView) is view_schema(TargetView)
