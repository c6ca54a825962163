"""One server for each worker; for each test a context of its own, whose every fault fails it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.product import Product
from tests.browser.request_log import RequestLog
from tests.browser.states import CALL, REDUCE
from tests.browser.trainer import go_to
from tests.house.shared_browser import WAIT_MS, set_running_loop

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


@pytest.fixture(scope="session")
def page_of_all(
    browser_and_loop: tuple[Browser, asyncio.AbstractEventLoop], product: Product
) -> Iterator[tuple[Page, RequestLog]]:
    browser, loop = browser_and_loop
    set_running_loop(loop)
    log = RequestLog(product.url)
    with browser.new_context(base_url=log.origin) as context:
        context.set_default_timeout(WAIT_MS)
        log.attach(context)
        page = context.new_page()
        go_to(page)
        set_running_loop(None)
        yield page, log
        set_running_loop(loop)
    set_running_loop(None)


@pytest.fixture
def modules(browser: Browser, page_of_all: tuple[Page, RequestLog]) -> Iterator[Page]:
    """A page that tests share: its pure modules are asked for values, and nothing is changed."""
    page, log = page_of_all
    yield page
    assert log.problems() == []


@pytest.fixture
def ask(modules: Page) -> Any:
    """`ask("format", "money", 1.5)`: what a function of a module answers."""
    return lambda module, name, *values: modules.evaluate(CALL, [module, name, list(values)])


@pytest.fixture
def after(modules: Page) -> Any:
    """The page's state after these events."""
    return lambda *events: modules.evaluate(REDUCE, list(events))
