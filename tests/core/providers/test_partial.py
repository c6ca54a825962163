"""What has arrived of a reply can be read at any time: split as at the end, never reasoning as the reply."""

import asyncio
import json

import pytest

from core.domain.chat import STOPPED
from core.domain.finish_reason import FinishKind, finish_kind
from core.providers.base import CallContext
from core.providers.partial import PartialCompletion
from core.providers.reply import Timing, read_reply
from core.providers.wire import Merge
from tests.builders import NOW
from tests.core.providers.calling import REQUEST, open_caller
from tests.core.providers.raw_provider import raw_provider
from tests.core.providers.test_split_reasoning import APART, REPLY

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


def event(**delta):
    return b"data: " + json.dumps({"choices": [{"delta": delta}]}).encode() + b"\n\n"


def growing(**options):
    """A merge, and the partial reply of what is in it."""
    merged = Merge()

    def build():
        return read_reply(
            merged, request=REQUEST, timing=Timing(1, None), raw_request="{}", price_list="", unopened_think_tag=False,
            now=NOW, complete=False, **options,
        )  # fmt: skip

    return merged, PartialCompletion(lambda: merged.choices, build)


def add(merged, **delta):
    merged.add({"choices": [{"delta": delta}]})


@pytest.mark.parametrize("name", sorted(APART.keys() - {"harmony without tokens"}))
def test_no_beginning_of_a_framed_reply_shows_reasoning_or_tags_as_the_reply(name):
    merged, partial = growing()
    shown = []
    for character in APART[name]:
        add(merged, content=character)
        shown.append(partial.read().text)
    assert [text for text in shown if not (REPLY.startswith(text) or text.startswith(REPLY))] == []
    assert (partial.read().text, " ".join(partial.read().reasoning.split())) == (REPLY, "Three rivers.")


def test_progress_grows_with_every_chunk_and_reading_changes_nothing():
    merged, partial = growing()
    before = partial.progress
    add(merged, reasoning="Hm.")
    add(merged, content="Blue")
    assert partial.progress > before
    assert [(partial.read().text, partial.read().reasoning) for _ in range(2)] == [("Blue", "Hm.")] * 2


def test_half_an_emoji_waits_for_its_other_half():
    merged, partial = growing()
    add(merged, content="Fine \ud83d")
    assert partial.read().text == "Fine "
    add(merged, content="\ude00!")
    assert partial.read().text == "Fine 😀!"


def test_a_partial_reply_is_marked_as_stopped_and_no_provider_finishes_like_that():
    merged, partial = growing()
    add(merged, content="Blue")
    reply = partial.read()
    assert (reply.stopped, reply.cut_off, reply.cost_usd, reply.usage.output_tokens) == (True, False, None, None)
    assert finish_kind(STOPPED) is FinishKind.FAILED  # from a provider it would be an error, never a reply


async def test_each_http_call_gives_its_growing_reply_also_after_a_failure():
    seen, more = [], asyncio.Event()

    async def fail_in_the_middle(writer):
        writer.write(HEAD + event(content="First "))
        await writer.drain()
        await more.wait()
        writer.transport.abort()

    async def finish(writer):
        writer.write(HEAD + event(content="Second.") + b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n')
        writer.write(b"data: [DONE]\n\n")
        writer.close()

    async with (
        raw_provider(fail_in_the_middle, finish) as provider,
        open_caller(provider.base_url, attempts=2) as calls,
    ):
        calling = asyncio.create_task(calls.retrying.complete(REQUEST, CallContext(on_call=seen.append)))
        async with asyncio.timeout(10):
            while not seen or not seen[0].progress:
                await asyncio.sleep(0.005)
        assert (seen[0].read().text, seen[0].read().stopped) == ("First ", True)
        more.set()
        reply = await calling
    assert (reply.text, reply.stopped, len(seen)) == ("Second.", False, 2)
    assert seen[1].read().text == "Second."
