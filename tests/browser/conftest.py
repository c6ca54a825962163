"""One server and one browser for each worker; for each test a context of its own, whose every fault fails it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.product import Product
from tests.browser.request_log import RequestLog
from tests.browser.states import CALL, REDUCE
from tests.browser.trainer import go_to

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking")
WAIT_MS = 15_000
DESK = {"width": 1440, "height": 900}

NewContext = Callable[..., BrowserContext]


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The server that most tests share: each test works in sessions of its own."""
    yield from running(Product(tmp_path_factory.mktemp("product")))


@pytest.fixture
def own_product(tmp_path: Path) -> Iterator[Product]:
    """A server that a test may kill."""
    yield from running(Product(tmp_path))


def running(product: Product) -> Iterator[Product]:
    try:
        product.start()
        yield product
    finally:
        product.close()


@pytest.fixture(scope="session")
def browser_and_loop(chromium_path: Path) -> Iterator[tuple[Browser, asyncio.AbstractEventLoop]]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=list(FLAGS))
        expect.set_options(timeout=WAIT_MS)
        loop = asyncio.get_running_loop()
        lay_aside(None)
        yield browser, loop
        lay_aside(loop)
        browser.close()


@pytest.fixture
def browser(browser_and_loop: tuple[Browser, asyncio.AbstractEventLoop]) -> Iterator[Browser]:
    browser, loop = browser_and_loop
    lay_aside(loop)
    yield browser
    lay_aside(None)


def lay_aside(loop: asyncio.AbstractEventLoop | None) -> None:
    """Playwright's own loop counts as running in this thread, which asynchronous tests beside these must not see."""
    asyncio._set_running_loop(loop)


@pytest.fixture
def request_log(product: Product) -> RequestLog:
    return RequestLog(product.url)


@pytest.fixture
def new_context(browser: Browser, request_log: RequestLog) -> Iterator[NewContext]:
    """Makes contexts (another browser profile each) that the request_log looks at."""
    contexts: list[BrowserContext] = []

    def make(**options: object) -> BrowserContext:
        context = browser.new_context(
            **({"viewport": DESK, "locale": "en-US", "base_url": request_log.origin} | options)
        )
        contexts.append(context)
        context.set_default_timeout(WAIT_MS)
        request_log.attach(context)
        return context

    yield make
    for context in contexts:
        context.close()
    assert request_log.problems() == []


@pytest.fixture
def page(new_context: NewContext) -> Page:
    return new_context().new_page()


@pytest.fixture
def ask(page: Page) -> Any:
    """`ask("format", "money", 1.5)`: what a function of a module answers."""
    go_to(page)
    return lambda module, name, *values: page.evaluate(CALL, [module, name, list(values)])


@pytest.fixture
def after(page: Page) -> Any:
    """The page's state after these events."""
    go_to(page)
    return lambda *events: page.evaluate(REDUCE, list(events))
