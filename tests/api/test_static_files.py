"""The page's files are kept by browsers for ever under an address that changes with any of them."""

import re

import pytest

from api.app import create_app
from api.context import FILES
from api.static_files import FOREVER, StaticFiles

NAMED = re.compile(r'(?:href|src)="(/static/[^"]+)"')


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "files" / "scripts").mkdir(parents=True)
    (tmp_path / "files" / "index.html").write_text('<script src="/static/scripts/main.js"></script>')
    (tmp_path / "files" / "scripts" / "main.js").write_text("one")
    return tmp_path / "files"


async def test_a_file_that_changes_changes_the_address_at_the_next_look(runtime, folder):
    app = create_app(runtime)
    app.config[FILES] = StaticFiles(folder)
    client, seen = app.test_client(), []
    for content in ("one", "two!", "one"):
        (folder / "scripts" / "main.js").write_text(content)
        (address,) = NAMED.findall((await (await client.get("/")).get_data()).decode())
        assert await (await client.get(address)).get_data() == content.encode()
        seen.append(address)
    assert seen[0] == seen[2] != seen[1]


def test_the_version_is_that_of_names_and_contents_and_of_nothing_else(folder, tmp_path):
    first = StaticFiles(folder).version()
    (folder / "scripts" / "main.js").touch()
    assert StaticFiles(folder).version() == first
    (folder / "scripts" / "main.js").rename(folder / "scripts" / "other.js")
    assert StaticFiles(folder).version() != first


async def test_a_file_that_changes_is_not_served_under_the_old_address(runtime, folder):
    app = create_app(runtime)
    app.config[FILES] = StaticFiles(folder)
    client = app.test_client()
    (address,) = NAMED.findall((await (await client.get("/")).get_data()).decode())
    (folder / "scripts" / "new.js").write_text("new")
    assert (await client.get(address)).status_code == 200, "its own content is that of the old version"
    assert (await client.get(address.replace("main", "new"))).status_code == 404
    (folder / "scripts" / "main.js").write_text("another")
    assert (await (await client.get(address)).get_json())["error"]["code"] == "other_version"


async def test_a_file_is_not_sent_again_to_who_has_it(client):
    page = await client.get("/")
    address = next(a for a in NAMED.findall((await page.get_data()).decode()) if a.endswith(".js"))
    first = await client.get(address)
    assert first.content_type == "text/javascript; charset=utf-8"
    for name, value in (
        ("If-None-Match", first.headers["ETag"]),
        ("If-Modified-Since", first.headers["Last-Modified"]),
    ):
        again = await client.get(address, headers={name: value})
        assert (again.status_code, await again.get_data()) == (304, b"")
        assert again.headers["Cache-Control"] == FOREVER
    head = await client.head(address)
    assert (head.status_code, head.headers["Content-Length"]) == (200, first.headers["Content-Length"])
