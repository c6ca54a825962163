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


@pytest.mark.parametrize("path", ["/", "/sign-in"])
async def test_every_file_that_a_page_names_is_there_for_ever(client, path):
    page = await client.get(path)
    assert page.headers["Cache-Control"] == "no-cache"
    named = NAMED.findall((await page.get_data()).decode())
    assert len(named) > 5
    for address in named:
        assert re.match(r"/static/v/[0-9a-f]{16}/", address)
        file = await client.get(address)
        assert (file.status_code, file.headers["Cache-Control"]) == (200, FOREVER), address
        plain = await client.get(re.sub(r"/v/[0-9a-f]{16}/", "/", address))
        assert (await plain.get_data(), plain.headers["Cache-Control"]) == (await file.get_data(), "no-cache")


async def test_of_another_version_there_is_nothing(client):
    for address in (
        "/static/v/0000000000000000/scripts/main.js",
        "/static/v//scripts/main.js",
        "/static/v/x/../../app.py",
    ):
        assert (await client.get(address)).status_code == 404
    version = StaticFiles(create_app_folder()).version()
    for path in ("nothing.js", "../app.py", "%2e%2e/app.py", "scripts/../../app.py", "scripts"):
        assert (await client.get(f"/static/v/{version}/{path}")).status_code == 404, path


def create_app_folder():
    from api.app import STATIC

    return STATIC


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
