"""The interface that was released: routes, JSON fields, commands and options, and what a later version lacks of it.

`python -m tests.contracts.released` records the current one in released.json. Do that after a release, never to make a
test pass: a client of the release before relies on every line of that file.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from api.app import create_app
from api.view_schemas import view_schema
from core.cli.check import CheckReport
from core.cli.options import parser
from core.cli.report import HuntReport
from core.hunting.views.events import HuntEvent, RunEvent, SessionEvent
from core.hunting.views.tasks import CheckAnswer
from core.runtime import open_runtime
from tests.settings import make_settings

RELEASED = Path(__file__).with_name("released.json")
Json = dict[str, Any]
CHECKED = {"type", "properties", "required", "items", "anyOf", "$ref", "enum", "const", "additionalProperties"}
"""Keywords of a JSON schema that are recorded; descriptions, limits and examples may change."""
VIEWS: dict[str, type] = {
    "check.changed": CheckAnswer,
    "hunt.changed": HuntEvent,
    "run.changed": RunEvent,
    "session.changed": SessionEvent,
    "check --json": CheckReport,
    "hunt --json": HuntReport,
}
"""JSON that /openapi.json does not describe: data of events, and lines of the command line."""


async def current_openapi() -> Json:
    with tempfile.TemporaryDirectory() as folder:
        async with open_runtime(make_settings(telemetry__directory=folder)) as runtime:
            answer = await create_app(runtime).test_client().get("/openapi.json")
            described: Json = await answer.get_json()
    return described


def current_commands() -> dict[str, list[str]]:
    """Per command, its options and arguments; "required" follows the name of those that must be given."""
    every = parser()
    commands = next(a for a in every._actions if isinstance(a, argparse._SubParsersAction)).choices
    return {"": _options(every), **{name: _options(command) for name, command in commands.items()}}


def _options(command: argparse.ArgumentParser) -> list[str]:
    return [
        f"{name} required" if action.required else name
        for action in command._actions
        if not isinstance(action, argparse._SubParsersAction)
        for name in action.option_strings or [action.dest]
    ]


def without_texts(schema: Any) -> Any:
    """The keywords of a schema that are compared."""
    if isinstance(schema, list):
        return [without_texts(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: without_texts(value) for key, value in schema.items() if key in CHECKED and key != "properties"}
    if "properties" in schema:
        kept["properties"] = {name: without_texts(field) for name, field in schema["properties"].items()}
    return kept


def operations(described: Json) -> dict[str, Json]:
    """Per "METHOD /path": parameters, bodies by media type, and answers by status and media type."""
    return {
        f"{method.upper()} {path}": {
            "parameters": {
                f"{one['in']} {one['name']}": {
                    "required": one.get("required", False),
                    "schema": without_texts(one["schema"]),
                }
                for one in operation["parameters"]
            },
            "body": _bodies(operation.get("requestBody", {})),
            "body required": operation.get("requestBody", {}).get("required", False),
            "answers": {status: _bodies(answer) for status, answer in operation["responses"].items()},
        }
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    }


def _bodies(message: Json) -> Json:
    return {media: without_texts(body["schema"]) for media, body in message.get("content", {}).items()}


def shapes_of(described: Json) -> Json:
    return {name: without_texts(schema) for name, schema in described["components"]["schemas"].items()}


class Comparison:
    """Compares two sets of named schemas."""

    def __init__(self, before: Mapping[str, Json], after: Mapping[str, Json]) -> None:
        self.before, self.after = before, after

    def breaks(self, before: Json, after: Json, where: str, *, sent: bool) -> Iterator[str]:
        """Sentences on what no longer holds for a client of `before`. `sent`: the client sends this value, otherwise
        it receives it."""
        old, new = alternatives(before, self.before), alternatives(after, self.after)
        yield from _types(old, new, where, sent=sent)
        yield from self._fields(old, new, where, sent=sent)
        for keyword in ("items", "additionalProperties"):
            inner_old, inner_new = _inner(old, keyword), _inner(new, keyword)
            if inner_old and inner_new:
                yield from self.breaks({"anyOf": inner_old}, {"anyOf": inner_new}, f"{where}[]", sent=sent)

    def _fields(self, old: list[Json], new: list[Json], where: str, *, sent: bool) -> Iterator[str]:
        old_fields, new_fields = _properties(old), _properties(new)
        if gone := sorted(old_fields.keys() - new_fields.keys()):
            yield f"{where} has no {', '.join(gone)}"
        old_required, new_required = _required(old), _required(new)
        sends_objects = any(part.get("type") == "object" for part in old)
        if sent and sends_objects and (more := sorted(new_required - old_required)):
            yield f"{where} now requires {', '.join(more)}"
        if not sent and (fewer := sorted((old_required & new_fields.keys()) - new_required)):
            yield f"{where} may lack {', '.join(fewer)}"
        for name in old_fields.keys() & new_fields.keys():
            inner = {"anyOf": old_fields[name]}, {"anyOf": new_fields[name]}
            yield from self.breaks(*inner, f"{where}.{name}" if where else name, sent=sent)


def alternatives(schema: Json, shapes: Mapping[str, Json]) -> list[Json]:
    """The schemas, none of them a reference or a choice, of which a value has to match one."""
    if "$ref" in schema:
        return alternatives(shapes[schema["$ref"].rpartition("/")[2]], shapes)
    if "anyOf" in schema:
        return [found for part in schema["anyOf"] for found in alternatives(part, shapes)]
    return [schema]


def _types(old: list[Json], new: list[Json], where: str, *, sent: bool) -> Iterator[str]:
    """A value that is sent must still be accepted; one that is received must be of a type that the client knows."""
    known, given = (old, new) if sent else (new, old)
    wide, narrow = {_type(one) for one in given}, {_type(one) for one in known}
    wide |= {"integer"} if "number" in wide else set()
    if "anything" not in wide and (odd := sorted(narrow - wide)):
        yield f"{where} {'no longer takes' if sent else 'may be'} {', '.join(odd)}"
    values = [_values(one) for one in new]
    if sent and "anything" not in wide and None not in values:
        lost = {value for one in old for value in _values(one) or ()} - {value for one in values for value in one or ()}
        if lost:
            yield f"{where} no longer takes {', '.join(sorted(map(str, lost)))}"


def _type(schema: Json) -> str:
    return str(schema.get("type", "anything"))


def _values(schema: Json) -> list[Any] | None:
    """The only values of a schema; None if it has others."""
    if _type(schema) == "null":
        return []
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _properties(parts: list[Json]) -> dict[str, list[Json]]:
    names = {name: None for part in parts for name in part.get("properties", {})}
    return {name: [p["properties"][name] for p in parts if name in p.get("properties", {})] for name in names}


def _required(parts: list[Json]) -> set[str]:
    """What every object among the alternatives has."""
    objects = [set(part.get("required", ())) for part in parts if _type(part) == "object"]
    return set.intersection(*objects) if objects else set()


def _inner(parts: list[Json], keyword: str) -> list[Json]:
    return [part[keyword] for part in parts if isinstance(part.get(keyword), dict)]


def broken_operations(before: Json, after: Json) -> Iterator[str]:
    """`before`, `after`: {"operations", "shapes"}."""
    compare = Comparison(before["shapes"], after["shapes"])
    for name, old in before["operations"].items():
        new = after["operations"].get(name)
        if new is None:
            yield f"{name} is gone"
            continue
        for parameter, was in old["parameters"].items():
            now = new["parameters"].get(parameter)
            if now is None:
                yield f"{name} has no parameter {parameter}"
            else:
                yield from compare.breaks(was["schema"], now["schema"], f"{name} {parameter}", sent=True)
        required = {parameter for parameter, now in new["parameters"].items() if now["required"]}
        required |= {"body"} if new["body required"] else set()
        allowed = {parameter for parameter, was in old["parameters"].items() if was["required"]}
        allowed |= {"body"} if old["body required"] else set()
        if more := sorted(required - allowed):
            yield f"{name} now requires {', '.join(more)}"
        yield from _broken_bodies(compare, old["body"], new["body"], name, sent=True)
        for status, bodies in old["answers"].items():
            yield from _broken_bodies(compare, bodies, new["answers"].get(status, {}), f"{name} {status}", sent=False)


def _broken_bodies(compare: Comparison, old: Json, new: Json, where: str, *, sent: bool) -> Iterator[str]:
    for media, schema in old.items():
        if media not in new:
            yield f"{where} has no {media}"
        else:
            yield from compare.breaks(schema, new[media], f"{where}", sent=sent)


def broken_commands(before: Mapping[str, list[str]], after: Mapping[str, list[str]]) -> Iterator[str]:
    for command, options in before.items():
        now = after.get(command)
        if now is None:
            yield f"{command} is gone"
            continue
        names = {option.removesuffix(" required") for option in now}
        yield from (f"{command} has no {name}" for name in options if name.removesuffix(" required") not in names)
        more = [option for option in now if option.endswith(" required") and option not in options]
        yield from (f"{command}: {option}" for option in more)


def current_json() -> tuple[Json, Json]:
    """The schemas of the events' data and of `--json`, and the named schemas that they refer to."""
    found = {name: view_schema(view) for name, view in VIEWS.items()}
    shapes = {name: without_texts(shape) for _, named in found.values() for name, shape in named.items()}
    return {name: without_texts(schema) for name, (schema, _) in found.items()}, shapes


def broken_json(before: Json, after: tuple[Json, Json]) -> Iterator[str]:
    views, shapes = after
    compare = Comparison(before["shapes"], shapes)
    for name, schema in before["json"].items():
        yield from compare.breaks(schema, views[name], name, sent=False)


def current() -> Json:
    described = asyncio.run(current_openapi())
    views, shapes = current_json()
    return {
        "operations": operations(described),
        "shapes": shapes | shapes_of(described),
        "commands": current_commands(),
        "json": views,
    }


def _one_line_each(interface: Json) -> str:
    """JSON with a line for each operation, shape and command."""
    sections = []
    for section, entries in interface.items():
        lines = [f"{json.dumps(name)}: {json.dumps(entry, sort_keys=True)}" for name, entry in sorted(entries.items())]
        sections.append(f"{json.dumps(section)}: {{\n" + ",\n".join(lines) + "\n}")
    return "{\n" + ",\n".join(sections) + "\n}\n"


if __name__ == "__main__":
    RELEASED.write_text(_one_line_each(current()), encoding="utf-8")
