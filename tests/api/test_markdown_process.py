"""Markdown is rendered in a process of its own, which is killed when a text takes too long."""

import asyncio
import time

import pytest
from cachetools import LRUCache

from api import markdown_process
from api.markdown import render
from api.markdown_process import DEADLINE_S, TOO_LONG, TOO_SLOW, UNAVAILABLE, Renderer
from core import child_process

LONG = "**a** and *b*\n\n" * 1000
DEAR = "- a\n* b\n" * 20_000
"""Takes many seconds: each item begins a list of its own."""


@pytest.fixture
async def renderer():
    renderer = Renderer()
    yield renderer
    await renderer.close()


async def test_a_long_text_reads_as_a_short_one_and_is_rendered_once(renderer):
    assert await renderer.render("**a**") == '<p dir="auto"><strong>a</strong></p>\n'
    assert await renderer.render(LONG) == render(LONG)
    await renderer.close()
    assert await renderer.render(LONG) == render(LONG)
    assert renderer._process._child is None  # it was remembered


async def test_a_text_that_takes_too_long_is_shown_as_text_and_the_next_one_is_rendered(renderer):
    await renderer.render(LONG)  # the process has started
    before = time.monotonic()
    shown = await renderer.render(DEAR)
    assert time.monotonic() - before < DEADLINE_S + 1
    assert shown.startswith(f"<p><em>{TOO_SLOW}</em></p>\n<pre>- a\n* b\n")
    assert await renderer.render(LONG + "c") == render(LONG + "c")
    before = time.monotonic()
    assert await renderer.render(DEAR) == shown  # and is not tried again
    assert time.monotonic() - before < 0.2


async def test_a_process_that_dies_is_replaced(renderer):
    await renderer.render(LONG)
    renderer._process._child.kill()
    await renderer._process._child.wait()
    assert await renderer.render(LONG + "d") == render(LONG + "d")


async def test_who_goes_away_takes_nobody_s_answer_along(renderer):
    await renderer.render(LONG)
    asked = asyncio.create_task(renderer.render(DEAR))
    await asyncio.sleep(0)
    later = asyncio.create_task(renderer.render(LONG + "e"))
    await asyncio.sleep(0)
    asked.cancel()
    assert await later == render(LONG + "e")


async def test_what_is_hostile_to_the_process_is_text(renderer):
    for hostile in ("[" * 50_000, ">" * 100_000, "\ud800" * 3000, "\0" * 3000):
        shown = await renderer.render(hostile)
        assert shown.startswith(("<p", "<blockquote"))
    assert TOO_LONG in await renderer.render("a" * 300_000)


async def test_an_unavailable_process_and_a_full_queue_give_plain_text(renderer, monkeypatch):
    monkeypatch.setattr(child_process.sys, "executable", "/nowhere/python")
    assert UNAVAILABLE in await renderer.render(LONG)
    monkeypatch.setattr(markdown_process, "MAX_WAITING", 0)
    assert UNAVAILABLE in await renderer.render(LONG + "f")


async def test_the_cache_is_bounded_in_bytes(renderer):
    size = markdown_process._cached_bytes(await renderer.render(f"z{LONG}"))
    renderer._cache = LRUCache(2 * size, getsizeof=markdown_process._cached_bytes)
    for letter in "abcdef":
        await renderer.render(letter + LONG)
    assert len(renderer._cache) == 2
