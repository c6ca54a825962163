"""Answers of routes, and what belongs to one application."""

from quart import Quart

from api.context import answer, put_runtime, put_static_files, runtime, static_files


async def test_an_answer_is_json_that_nobody_keeps():
    response = answer({"a": 1}, 201, Location="/api/x")
    assert (await response.get_json(), response.status_code) == ({"a": 1}, 201)
    assert {name: response.headers[name] for name in ("Content-Type", "Cache-Control", "Location")} == {
        "Content-Type": "application/json", "Cache-Control": "no-store", "Location": "/api/x",
    }  # fmt: skip


async def test_every_application_has_its_own_runtime_and_files():
    apps = Quart("one"), Quart("two")
    for app in apps:
        put_runtime(app, app.name)
        put_static_files(app, f"files of {app.name}")
    found = []
    for app in apps:
        async with app.app_context():
            found.append((runtime(), static_files()))
    assert found == [("one", "files of one"), ("two", "files of two")]
