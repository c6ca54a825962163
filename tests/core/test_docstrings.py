"""The strings after fields become the descriptions in JSON schemas."""

from pydantic import TypeAdapter

from api.errors import ErrorBody
from core.docstrings import field_docstrings
from core.hunting.orders import CheckOrder, CheckRequest, OpenOrder


def test_fields_of_a_class_and_its_bases_are_described():
    assert field_docstrings(OpenOrder) == {
        "audit_held": "Held hunts drawn at random into the review desk, for the corrected break rate.",
        "require_two_sided_check": "A run needs a passed two-sided check.",
        "judge_cut_replies": "Judge replies cut off at an output limit; otherwise they are errors. "
        "Fixed by the first run.",
        "owner": 'The signed-in user; "" without sign-in.',
    }


def test_a_typed_dictionary_is_described():
    assert field_docstrings(ErrorBody)["hint"] == "What to do."


def test_classes_of_others_are_not_read():
    assert field_docstrings(dict) == {}


def test_the_schema_of_an_order_has_them():
    for schema in (CheckRequest.model_json_schema(), TypeAdapter(CheckOrder).json_schema()):
        assert schema["properties"]["judge_model"]["description"] == (
            "Empty: the default judge, or the previous one when a reply is judged again."
        )
        assert "description" not in schema["properties"].get("idempotency_key", {})
