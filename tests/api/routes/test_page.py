"""The page and its files."""

import re

import pytest

from api.static_files import FOREVER, StaticFiles
from tests.api.test_static_files import NAMED


@pytest.mark.parametrize("path", ["/", "/sign-in"])
async def test_every_file_that_a_page_names_is_there_for_ever(client, path):
    page = await client.get(path)
    assert page.headers["Cache-Control"] == "no-cache"
    named = NAMED.findall((await page.get_data()).decode())
    assert len(named) in {5, 6}
    for address in named:
        assert re.match(r"/static/v/[0-9a-f]{16}/", address)
        file = await client.get(address)
        assert (file.status_code, file.headers["Cache-Control"]) == (200, FOREVER), address
        if "/bundle/" in address:  # made of the files, not one of them
            continue
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
