"""A reply is watched while a real provider writes it: over HTTP, from another process, through failures; and stopped."""

import asyncio
import json
import time
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from redis.asyncio import Redis

from tests.api.conftest import TASK
from tests.benchmarks.live_text import measure_text
from tests.e2e.api_process import open_api
from tests.e2e.streaming_provider import JUDGE, TARGET, streaming_provider
from tests.lateness import on_reference_machine

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]
FIRST_TEXT_WITHIN_S = 0.3
WITHIN_S = 60


class Watched:
    """The text of a hunt as an event stream builds it up, and what arrived when."""

    def __init__(self):
        self.response = self.reasoning = ""
        self.events, self.times, self.texts = [], [], []
        self.changed = asyncio.Condition()

    async def read(self, response):
        kind = ident = ""
        async for line in response.aiter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                kind = value
            elif name == "id":
                ident = value
            elif name == "data":
                await self._take(kind, ident, json.loads(value))
                ident = ""

    async def _take(self, kind, ident, data):
        async with self.changed:
            self.events.append((kind, ident, data))
            if kind == "hunt.text":
                self.times.append(time.time())
                if data["restart"]:
                    self.texts.append(self.response)
                    self.response = self.reasoning = ""
                self.response += data["response"]
                self.reasoning += data["reasoning"]
            self.changed.notify_all()

    async def until(self, holds):
        async with asyncio.timeout(WITHIN_S), self.changed:
            await self.changed.wait_for(holds)

    async def until_text(self, text):
        await self.until(lambda: self.response == text)


class Desk:
    """A session with one hunt that is being called, at one process."""

    def __init__(self, address, client):
        self.address, self.client = address, client
        self.sid = self.hid = ""

    async def ask(self, method, path, **options):
        response = await self.client.request(method, f"{self.address}/api/{path}", **options)
        assert response.is_success, response.text
        return response.json()

    async def start(self, **opening):
        self.sid = (await self.ask("POST", "sessions", json={"task": TASK, **opening}))["session_id"]
        order = {"models": [TARGET], "hunts": 1, "judge_model": JUDGE}
        self.hid = (await self.ask("POST", f"sessions/{self.sid}/runs", json=order))["run_id"] + ".1"

    async def hunt(self):
        return await self.ask("GET", f"sessions/{self.sid}/hunts/{self.hid}")

    async def until_done(self):
        async with asyncio.timeout(WITHIN_S):
            while (hunt := await self.hunt())["status"] != "done":
                await asyncio.sleep(0.02)
        return hunt

    @asynccontextmanager
    async def watch(self, address=None, **headers):
        watched = Watched()
        url = f"{address or self.address}/api/sessions/{self.sid}/events"
        async with self.client.stream("GET", url, params={"text": self.hid}, headers=headers) as response:
            assert response.status_code == 200
            reading = asyncio.create_task(watched.read(response))
            try:
                yield watched
            finally:
                reading.cancel()
                await asyncio.wait([reading])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_provider():
    async with streaming_provider() as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api(shared_provider, tmp_path_factory):
    """The process that most tests share: each works in a session of its own."""
    async with open_api(tmp_path_factory.mktemp("api"), **shared_provider.settings) as opened:
        yield opened


@pytest.fixture
def provider(shared_provider):
    shared_provider.reset()
    return shared_provider


@pytest_asyncio.fixture(loop_scope="module")
async def client():
    async with httpx.AsyncClient(trust_env=False, timeout=30) as opened:
        yield opened


@pytest.fixture
def desk(api, client):
    return Desk(api.address, client)


async def test_text_and_reasoning_arrive_while_they_are_written_and_the_hunt_is_judged_at_the_end(desk, provider):
    await desk.start()
    async with desk.watch() as watched:
        call = await provider.next_call()
        await call.write(reasoning="Capitals. ")
        await watched.until(lambda: watched.reasoning == "Capitals. ")
        await call.write("Par")
        await watched.until_text("Par")
        await call.write("is")
        await watched.until_text("Paris")
        await call.finish()
        hunt = await desk.until_done()
    assert (hunt["response"], hunt["reasoning"], hunt["outcome"], hunt["stopped"]) == (
        "Paris", "Capitals. ", "held", False,
    )  # fmt: skip
    assert {ident for kind, ident, _ in watched.events if kind == "hunt.text"} == {""}
    assert all(ident for kind, ident, _ in watched.events if kind == "hunt.changed")


async def test_the_first_text_arrives_soon_and_later_ones_at_most_ten_times_a_second(desk, provider):
    late = []
    for _ in range(3):  # the machine may be busy with something else once
        await desk.start()
        async with desk.watch() as watched:
            call = await provider.next_call()
            await watched.until(lambda seen=watched: bool(seen.times))  # the call has begun
            await call.write("w0 ")
            await watched.until_text("w0 ")
            late.append(watched.times[-1] - call.first_at)
            for number in range(1, 150):
                await call.write(f"w{number} ")
                await asyncio.sleep(0.01)
            await watched.until_text("".join(f"w{number} " for number in range(150)))
            await call.finish()
            span = watched.times[-1] - watched.times[0]
            assert len(watched.times) <= span / 0.1 + 2
        if late[-1] < FIRST_TEXT_WITHIN_S:
            break
    assert min(late) < FIRST_TEXT_WITHIN_S, late


async def test_who_joins_late_gets_what_came_so_far_and_a_reconnect_loses_nothing(desk, provider):
    await desk.start()
    call = await provider.next_call()
    await call.write("The whole of the beginning, ")
    async with desk.watch() as first:
        await first.until_text("The whole of the beginning, ")
        restarts = [data["restart"] for kind, _, data in first.events if kind == "hunt.text"]
        assert (restarts[0], any(restarts[1:])) == (True, False)  # it may come in two pieces
        await first.until(lambda: any(kind == "hunt.changed" for kind, *_ in first.events))
        last = [ident for _, ident, _ in first.events if ident][-1]
    async with desk.watch(**{"Last-Event-ID": last}) as second:
        await call.write("and the end.")
        await second.until_text("The whole of the beginning, and the end.")
        await call.finish()
        await desk.until_done()
        await second.until(lambda: any(kind == "run.changed" for kind, *_ in second.events))
    assert last not in [ident for _, ident, _ in second.events]


async def test_a_retry_restarts_the_text(desk, provider):
    await desk.start()
    async with desk.watch() as watched:
        call = await provider.next_call()
        await call.write("A first try that br")
        await watched.until_text("A first try that br")
        call.cut()
        call = await provider.next_call()
        await watched.until_text("")
        await call.write("Paris")
        await watched.until_text("Paris")
        await call.finish()
        hunt = await desk.until_done()
    assert (hunt["response"], hunt["attempts"], watched.texts[-1]) == ("Paris", 2, "A first try that br")


async def test_a_hunt_is_stopped_and_keeps_what_had_arrived(desk, provider):
    await desk.start()
    call = await provider.next_call()
    await call.write("I ramble and ram", reasoning="Words. ")
    async with desk.watch() as watched:
        await watched.until_text("I ramble and ram")
        await desk.ask("POST", f"sessions/{desk.sid}/hunts/{desk.hid}/cancel")
        hunt = await desk.until_done()
    assert (hunt["outcome"], hunt["response"], hunt["reasoning"]) == ("cancelled", "I ramble and ram", "Words. ")
    assert (hunt["stopped"], hunt["verdicts"], hunt["cost_usd"], provider.judged) == (True, [], None, 0)
    snapshot = await desk.ask("GET", f"sessions/{desk.sid}")
    assert (snapshot["counts"]["cancelled"], snapshot["counts"]["broke"], snapshot["attempts_made"]) == (1, 0, 1)
    again = await desk.client.post(f"{desk.address}/api/sessions/{desk.sid}/hunts/{desk.hid}/rejudge", json={})
    assert (again.status_code, again.json()["error"]["code"]) == (400, "stopped")


async def test_a_blind_session_shows_the_reply_and_nothing_of_the_judge(desk, provider):
    await desk.start(visibility="blind")
    async with desk.watch() as watched:
        call = await provider.next_call()
        await call.write("Paris")
        await watched.until_text("Paris")
        await call.finish()
        await watched.until(lambda: any(d.get("hunt", {}).get("outcome") for _, _, d in watched.events))
    assert "It does." not in json.dumps(watched.events)
    texts = [data for kind, _, data in watched.events if kind == "hunt.text"]
    assert {name for data in texts for name in data} == {"hunt_id", "restart", "response", "reasoning", "truncated"}


async def test_only_hunts_of_the_session_can_be_watched_and_json_has_no_text(desk, provider):
    await desk.start()
    call = await provider.next_call()
    await call.write("Paris")
    other = Desk(desk.address, desk.client)
    other.sid = (await desk.ask("POST", "sessions", json={"task": TASK}))["session_id"]
    for wrong in (desk.hid, "r_none.1", "x"):
        answer = await desk.client.get(f"{desk.address}/api/sessions/{other.sid}/events", params={"text": wrong})
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_hunt")
    told = await desk.ask("GET", f"sessions/{desk.sid}/events", params={"text": desk.hid, "format": "json"})
    assert "hunt.text" not in {event["type"] for event in told["events"]}


async def test_a_watcher_that_does_not_read_neither_slows_the_hunt_nor_misses_text(desk, provider):
    await desk.start()
    call = await provider.next_call()
    await call.write("0 ")
    address = httpx.URL(desk.address)
    reader, writer = await asyncio.open_connection(address.host, address.port, limit=2**12)
    writer.write(f"GET /api/sessions/{desk.sid}/events?text={desk.hid} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    words = ["0 "] + [f"{number:06} " * 60 for number in range(200)]
    for word in words[1:]:
        await call.write(word)
        await asyncio.sleep(0.005)
    await call.finish()
    assert (await desk.until_done())["response"] == "".join(words)
    text, frames = "", 0
    async with asyncio.timeout(WITHIN_S):
        while text != "".join(words):
            line = (await _line(reader)).decode()
            if line.startswith("data: ") and '"restart"' in line:
                data = json.loads(line[6:])
                text = ("" if data["restart"] else text) + data["response"]
                frames += 1
    assert frames < 60
    writer.close()


async def _line(reader):
    """A line of any length."""
    pieces = []
    while not (pieces and pieces[-1].endswith(b"\n")):
        pieces.append(await reader.read(1))
    return b"".join(pieces)


@asynccontextmanager
async def two_processes(folder, redis_server, provider):
    for name in ("one", "two"):
        (folder / name).mkdir()
    shared = {"REDIS_URL": redis_server.url, "LOG_LEVEL": "warning"}
    async with (
        open_api(folder / "one", **provider.settings | _of_process("one", folder) | shared) as one,
        open_api(folder / "two", **provider.settings | _of_process("two", folder) | shared) as two,
    ):
        yield one, two


def _of_process(name, folder):
    return {"INSTANCE": name, "JOURNAL_DIR": str(folder / name), "OPENROUTER_API_KEY": f"key-{name}"}


def in_order_of_work(processes, call):
    """The process that made the call, and the other: either may claim the run."""
    one, two = processes
    return (one, two) if call.key == "key-one" else (two, one)


async def everything_in(redis_server):
    """Every key of this Redis with its value."""
    redis = Redis.from_url(redis_server.url)
    try:
        return b"".join([key + (await redis.dump(key) or b"") for key in await redis.keys("*")])
    finally:
        await redis.aclose()


async def test_another_process_shows_the_text_and_nothing_of_it_remains(provider, client, redis_server, tmp_path):
    async with two_processes(tmp_path, redis_server, provider) as (one, two):
        desk = Desk(one.address, client)
        await desk.start()
        call = await provider.next_call()
        await call.write("Vanishing wor")
        async with desk.watch(two.address) as there, desk.watch() as here:
            await there.until_text("Vanishing wor")
            await here.until_text("Vanishing wor")
            call.cut()
            call = await provider.next_call()
            for watched in (there, here):
                await watched.until_text("")
            await call.write("Par")
            for watched in (there, here):
                await watched.until_text("Par")
            await call.write("is")
            await call.finish()
            hunt = await desk.until_done()
        assert hunt["response"] == "Paris"
        assert provider.targets == 2
        told = await desk.ask("GET", f"sessions/{desk.sid}/events", params={"format": "json"})
        assert "Vanishing" not in json.dumps(told)
        await one.end(within_s=20)
        assert b"Vanishing" not in await everything_in(redis_server)
        assert b"Paris" in await everything_in(redis_server)
    written = [path.read_text(encoding="utf-8") for path in Path(tmp_path).rglob("*") if path.is_file()]
    assert any("Paris" in text for text in written)
    assert not any("Vanishing" in text for text in written)


@pytest.mark.long
async def test_a_hunt_is_stopped_from_another_process(provider, client, redis_server, tmp_path):
    async with two_processes(tmp_path, redis_server, provider) as (one, two):
        desk = Desk(one.address, client)
        await desk.start()
        call = await provider.next_call()
        await call.write("I ramble and ram")
        desk.address = two.address
        async with desk.watch() as watched:
            await watched.until_text("I ramble and ram")
            await desk.ask("POST", f"sessions/{desk.sid}/hunts/{desk.hid}/cancel")
            hunt = await desk.until_done()
    assert (hunt["outcome"], hunt["response"], hunt["stopped"]) == ("cancelled", "I ramble and ram", True)
    assert (provider.targets, provider.judged, hunt["verdicts"]) == (1, 0, [])


@pytest.mark.long
async def test_redis_goes_away_and_comes_back_and_only_the_text_notices(provider, client, redis_server, tmp_path):
    async with two_processes(tmp_path, redis_server, provider) as processes:
        desk = Desk(processes[0].address, client)
        await desk.start()
        call = await provider.next_call()
        working, other = in_order_of_work(processes, call)
        desk.address = working.address  # the other knows its own copy of the session only while Redis is away
        await call.write("Before. ")
        async with desk.watch(other.address) as there, desk.watch() as here:
            await there.until_text("Before. ")
            redis_server.stop(save=True)
            await call.write("Meanwhile. ")
            await here.until_text("Before. Meanwhile. ")
            redis_server.start()
            await call.write("After. ")
            await there.until_text("Before. Meanwhile. After. ")
            await call.write("Paris")
            for watched in (there, here):
                await watched.until_text("Before. Meanwhile. After. Paris")
            await call.finish()
            hunt = await desk.until_done()
        assert (hunt["response"], hunt["outcome"], provider.targets) == (
            "Before. Meanwhile. After. Paris", "held", 1,
        )  # fmt: skip


async def test_a_killed_process_loses_its_text_and_its_successor_writes_another(
    provider, client, redis_server, tmp_path
):
    async with two_processes(tmp_path, redis_server, provider) as processes:
        desk = Desk(processes[0].address, client)
        await desk.start()
        call = await provider.next_call()
        working, other = in_order_of_work(processes, call)
        await call.write("Lost wor")
        desk.address = other.address
        async with desk.watch() as watched:
            await watched.until_text("Lost wor")
            working.process.kill()
            call = await provider.next_call()
            await call.write("Paris")
            await watched.until_text("Paris")
            await call.finish()
            hunt = await desk.until_done()
        assert (hunt["response"], hunt["outcome"], provider.targets) == ("Paris", "held", 2)


@pytest.mark.long
async def test_fifty_watchers_of_one_hunt_cost_under_five_percent_of_a_core():
    measured = await measure_text()
    assert (measured.watchers, measured.complete) == (50, 50)
    assert on_reference_machine(measured.share, 0.05) < 0.05
