"""One chromium for all browser tests of a worker; each test works in contexts of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking")
WAIT_MS = 15_000


@pytest.fixture(scope="session")
def browser_and_loop(chromium_path: Path) -> Iterator[tuple[Browser, asyncio.AbstractEventLoop]]:
    from playwright.sync_api import expect, sync_playwright  # other tests do without it

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=list(FLAGS))
        expect.set_options(timeout=WAIT_MS)
        loop = asyncio.get_running_loop()
        set_running_loop(None)
        yield browser, loop
        set_running_loop(loop)
        browser.close()


@pytest.fixture
def browser(browser_and_loop: tuple[Browser, asyncio.AbstractEventLoop]) -> Iterator[Browser]:
    browser, loop = browser_and_loop
    set_running_loop(loop)
    yield browser
    set_running_loop(None)


def set_running_loop(loop: asyncio.AbstractEventLoop | None) -> None:
    """Playwright's own loop counts as running in this thread, which asynchronous tests beside these must not see."""
    asyncio._set_running_loop(loop)
