"""Lists from providers that answer, fail, hang, flood or refuse; over restarts and several processes."""

import asyncio
import json
import random
import threading
from datetime import UTC, datetime, timedelta

import pytest

from core.providers.http import open_http
from core.providers.model_list import refresh
from core.providers.model_list.entries import merge_list
from core.providers.model_list.refresh import ListSource, ModelLists, open_model_lists
from core.providers.openai_compatible import MAX_LIST_BYTES, OpenAICompatible
from core.settings import Account, CallSettings
from core.simulator.script import read_script
from core.simulator.server import open_server
from tests.core.providers.raw_provider import raw_provider, says, silent_after, whole

KEY = "sk-secret-0123456789"
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


class SetClock:
    def __init__(self):
        self.at = NOW

    def now(self):
        return self.at

    def monotonic(self):
        return self.at.timestamp()


def answer(*names):
    return says(whole("200 OK", json.dumps({"data": [{"id": name} for name in names]}).encode()))


@pytest.fixture
async def http():
    async with open_http(CallSettings(timeout_s=0.3)) as opened:
        yield opened


@pytest.fixture
def clock():
    return SetClock()


@pytest.fixture
def lists_of(http, tmp_path, clock):
    """The lists of one process: all such processes share a disk."""

    def opened(base_url, folder="models", key=KEY):
        provider = OpenAICompatible(Account("lab", base_url, key), http, clock, CallSettings(timeout_s=0.3))
        source = ListSource("lab", base_url, provider.list_models)
        return ModelLists([source], tmp_path / folder, clock, chance=random.Random(1))

    return opened


async def test_a_list_is_asked_for_with_the_key_and_survives_a_restart(lists_of):
    async with raw_provider(answer("a", "b")) as lab:
        lists = lists_of(lab.base_url)
        assert (lists.models("lab"), lists.fetched_at("lab")) == ({}, None)
        await lists.refresh()
        assert list(lists.models("lab")) == ["a", "b"]
        assert lab.requests[0].startswith(b"GET /v1/models HTTP/1.1")
        assert f"Bearer {KEY}".encode() in lab.requests[0]
        again = lists_of(lab.base_url)
    await again.load()
    assert (list(again.models("lab")), again.fetched_at("lab")) == (["a", "b"], NOW)


async def test_a_list_is_merged_outside_the_event_loop(lists_of, monkeypatch):
    threads = []

    def merging(*arguments):
        threads.append(threading.current_thread())
        return merge_list(*arguments)

    monkeypatch.setattr(refresh, "merge_list", merging)
    async with raw_provider(answer("a")) as lab:
        await lists_of(lab.base_url).refresh()
    assert threads
    assert threading.main_thread() not in threads


async def test_several_processes_ask_once_in_an_interval(lists_of, clock):
    async with raw_provider(answer("a"), answer("a", "b")) as lab:
        processes = [lists_of(lab.base_url) for _ in range(5)]
        for _ in range(3):
            await asyncio.gather(*(one.refresh() for one in processes))
            await asyncio.gather(*(one.load() for one in processes))
        assert len(lab.requests) == 1
        assert all(list(one.models("lab")) == ["a"] for one in processes)
        clock.at += timedelta(hours=7)
        await asyncio.gather(*(one.refresh() for one in processes))
        await asyncio.gather(*(one.load() for one in processes))
        assert len(lab.requests) == 2
    assert all(one.models("lab")["b"].is_new(clock.at) for one in processes)


@pytest.mark.parametrize(
    ("speak", "says_what"),
    [
        (says(whole("401 Unauthorized", b'{"error": {"message": "bad key %s"}}' % KEY.encode())), "did not accept the key (401): bad key [key]"),
        (says(whole("404 Not Found", b"nothing")), "offers no list of models (404)"),
        (says(whole("500 Oops", b"")), "failed on its side (500)"),
        (says(whole("200 OK", b"<html>hello</html>")), "Not a list of models: the answer is not JSON."),
        (says(whole("200 OK", b'{"data": []}')), "Not a list of models: the list is empty."),
        (silent_after(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"), "no list of models in 0.3 s"),
        (silent_after(b""), "no list of models in 0.3 s"),
        (says(whole("302 Found", b"", f"Location: http://127.0.0.1:9/{KEY}")), "(302)"),
    ],
)  # fmt: skip
async def test_after_a_failure_the_last_list_stays_and_the_provider_is_left_alone_for_a_while(
    lists_of, clock, tmp_path, speak, says_what
):
    async with raw_provider(answer("a"), speak) as lab:
        lists = lists_of(lab.base_url)
        await lists.refresh()
        clock.at += timedelta(hours=7)
        await lists.refresh()
        assert says_what in lists.error("lab")
        assert KEY not in lists.error("lab")
        assert (list(lists.models("lab")), lists.fetched_at("lab")) == (["a"], NOW)
        clock.at += timedelta(minutes=5)
        for one in (lists, lists_of(lab.base_url)):
            await one.load()
            await one.refresh()
        assert len(lab.requests) == 2
        clock.at += timedelta(minutes=6)
        await lists.refresh()
        assert len(lab.requests) == 3
    assert not any(KEY.encode() in path.read_bytes() for path in (tmp_path / "models").iterdir())


async def test_a_flood_is_cut_off(lists_of):
    async def flood(writer):
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n[")
        for _ in range(2 * MAX_LIST_BYTES // (1 << 20)):
            writer.write(b" " * (1 << 20))
            await writer.drain()

    async with raw_provider(flood) as lab:
        lists = lists_of(lab.base_url)
        await lists.refresh()
    assert "too large" in lists.error("lab") or "no list of models" in lists.error("lab")  # a slow machine
    assert lists.models("lab") == {}


async def test_offline_the_last_known_list_is_there(lists_of, clock):
    async with raw_provider(answer("a")) as lab:
        await lists_of(lab.base_url).refresh()
    clock.at += timedelta(days=3)
    offline = lists_of(lab.base_url)
    await offline.load()
    await offline.refresh()
    assert list(offline.models("lab")) == ["a"]
    assert "cannot be reached" in offline.error("lab")


async def test_a_disk_that_cannot_be_written_leaves_the_list_in_memory(lists_of, tmp_path):
    (tmp_path / "models").write_text("no folder")
    async with raw_provider(answer("a")) as lab:
        lists = lists_of(lab.base_url)
        await lists.refresh()
        await lists.refresh()
        assert list(lists.models("lab")) == ["a"]
        assert "cannot be written" in lists.error("lab")
        assert len(lab.requests) == 1


async def test_the_list_of_another_address_is_not_used(lists_of):
    async with raw_provider(answer("a")) as one, raw_provider(answer("b")) as other:
        await lists_of(one.base_url).refresh()
        moved = lists_of(other.base_url)
        await moved.load()
        assert moved.models("lab") == {}


async def test_in_the_background_it_loads_at_once_and_refreshes_when_due(lists_of, clock):
    async with raw_provider(answer("a"), answer("b")) as lab:
        await lists_of(lab.base_url).refresh()
        clock.at += timedelta(hours=7)
        lists = lists_of(lab.base_url)
        keeping = asyncio.create_task(lists.keep(first_s=0.01, look_s=0.01))
        await lab.until(lambda _: "b" in lists.models("lab"))
        keeping.cancel()
        assert lists.models("lab")["a"].gone_at == clock.at


async def test_opening_does_not_wait_for_a_provider(lists_of):
    async with raw_provider(silent_after(b"")) as lab:
        lists = lists_of(lab.base_url)
        async with asyncio.timeout(0.2), open_model_lists(lists, pytest.fail):
            assert lists.models("lab") == {}


async def test_the_simulated_server_serves_such_a_list(lists_of):
    script = {"models": {"vendor/alpha": {"input_usd_per_mtok": 2.5, "output_usd_per_mtok": 10, "reasoning": "field"}}}
    async with open_server(read_script(json.dumps(script))) as server:
        base = f"http://127.0.0.1:{server.port}/v1"
        lists = lists_of(base)
        await lists.refresh()
        alpha = lists.models("lab")["vendor/alpha"]
        assert (alpha.input_usd_per_mtok, alpha.output_usd_per_mtok, alpha.reasoning) == (2.5, 10.0, True)
        refused = lists_of(base, folder="other", key="bad-key")
        await refused.refresh()
    assert "did not accept the key (401)" in refused.error("lab")
