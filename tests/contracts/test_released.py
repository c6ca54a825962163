"""Clients and scripts of the release before still work: nothing that it had is gone, nothing more is required."""

import json
import tomllib

import pytest

from core.cli.commands import main
from tests.contracts.released import (
    RELEASED,
    Comparison,
    broken_commands,
    broken_json,
    broken_operations,
    current_commands,
    current_json,
    current_openapi,
    operations,
    shapes_of,
)
from tests.house.tree import ROOT

BEFORE = json.loads(RELEASED.read_text(encoding="utf-8"))


async def test_every_route_and_every_json_field_of_the_release_before_is_there():
    described = await current_openapi()
    after = {"operations": operations(described), "shapes": shapes_of(described)}
    assert list(broken_operations(BEFORE, after)) == []


def test_every_field_of_events_and_of_json_on_the_command_line_is_there():
    assert list(broken_json(BEFORE, current_json())) == []


def test_every_command_and_option_of_the_release_before_is_there():
    assert list(broken_commands(BEFORE["commands"], current_commands())) == []


@pytest.mark.parametrize("command", BEFORE["commands"])
def test_help_names_every_option_of_the_release_before(command, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit):
        main([*filter(None, [command]), "--help"])
    shown = capsys.readouterr().out
    named = [option.removesuffix(" required") for option in BEFORE["commands"][command] if option.startswith("-")]
    assert [name for name in (named if command else [*named, *BEFORE["commands"]]) if name not in shown] == []


def test_the_installed_program_has_the_same_commands():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["scripts"] == {"model-hunter": f"{main.__module__}:{main.__name__}"}


def objects(required=(), **properties):
    return {"type": "object", "properties": properties, "required": list(required)}


TEXT, NUMBER, WHOLE, NULL = {"type": "string"}, {"type": "number"}, {"type": "integer"}, {"type": "null"}
EITHER = {"anyOf": [TEXT, NULL]}
RULE = {"type": "string", "enum": ["all", "majority"]}


@pytest.mark.parametrize(
    ("before", "after", "sent", "said"),
    [
        (objects(a=TEXT), objects(b=TEXT), False, ["x has no a"]),
        (objects(a=TEXT), objects(a=TEXT, b=TEXT), False, []),
        (objects(["a"], a=TEXT), objects(a=TEXT), False, ["x may lack a"]),
        (objects(a=TEXT), objects(["a"], a=TEXT), True, ["x now requires a"]),
        (objects(["a"], a=TEXT), objects(a=TEXT), True, []),
        (objects(a=TEXT), objects(a=WHOLE), False, ["x.a may be integer"]),
        (objects(a=NUMBER), objects(a=WHOLE), False, []),
        (objects(a=WHOLE), objects(a=NUMBER), True, []),
        (objects(a=NUMBER), objects(a=WHOLE), True, ["x.a no longer takes number"]),
        (TEXT, EITHER, False, ["x may be null"]),
        (EITHER, TEXT, False, []),
        (EITHER, TEXT, True, ["x no longer takes null"]),
        (TEXT, {}, True, []),
        ({"type": "array", "items": TEXT}, {"type": "array", "items": NULL}, False, ["x[] may be null"]),
        (RULE, {"type": "string", "const": "all"}, True, ["x no longer takes majority"]),
        (RULE, TEXT, True, []),
        (TEXT, {"anyOf": [TEXT, objects(["a"], a=TEXT)]}, True, []),
        ({"$ref": "#/One"}, {"anyOf": [{"$ref": "#/One"}, {"$ref": "#/Two"}]}, False, ["x may lack a"]),
    ],
)  # fmt: skip
def test_what_a_client_would_notice_is_found(before, after, sent, said):
    shapes = {"One": objects(["a"], a=TEXT), "Two": objects(a=TEXT)}
    assert list(Comparison(shapes, shapes).breaks(before, after, "x", sent=sent)) == said


def test_a_lost_route_parameter_body_or_status_is_found():
    before = {
        "parameters": {"query after": {"required": False, "schema": WHOLE}},
        "body": {"application/json": objects(a=TEXT)},
        "body required": False,
        "answers": {"200": {"application/json": objects(a=TEXT)}},
    }
    after = {**before, "parameters": {}, "body": {}, "body required": True, "answers": {}}
    one, other = (
        {"shapes": {}, "operations": {"GET /a": a, **more}} for a, more in ((before, {"GET /b": before}), (after, {}))
    )
    assert list(broken_operations(one, other)) == [
        "GET /a has no parameter query after",
        "GET /a now requires body",
        "GET /a has no application/json",
        "GET /a 200 has no application/json",
        "GET /b is gone",
    ]


def test_a_lost_command_or_option_is_found():
    before = {"hunt": ["--model required", "--out"], "demo": []}
    after = {"hunt": ["--model required", "--judge required"]}
    assert list(broken_commands(before, after)) == ["hunt has no --out", "hunt: --judge required", "demo is gone"]
