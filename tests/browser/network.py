"""Cuts and restores the network of a page with events."""

from playwright.sync_api import Page


def cut(page: Page) -> None:
    """Without any network but loopback (tools/offline.py) chromium is offline from the beginning: it does not tell."""
    page.context.set_offline(True)
    page.evaluate("dispatchEvent(new Event('offline'))")


def restore(page: Page) -> None:
    page.context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
