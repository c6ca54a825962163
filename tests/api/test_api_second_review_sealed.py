"""Until both reviewers are done, nothing that is returned or recorded depends on what the other one reviewed.

Everything that a person can ask for is recorded twice: the other's verdicts and words are exchanged between. Both
recordings are the same byte by byte, but for versions and times, so lengths, orders and headers are, too.
"""

import asyncio
import json
import re

import pytest

from api.app import create_app
from core.runtime import open_runtime
from core.settings import read_settings
from tests.api.conftest import QUICK
from tests.api.people import People
from tests.api.signing_in import ENTRIES, bearer
from tests.settings import make_settings

PATHS = ["", "/hunts", "/desk", "/insights", "/corrected-rates", "/export", "/export/preview", "/events?format=json",
         "/second-review", "/comments", "/similar", "/selection/proposal", "/trials", "/turns/1/hunts"]  # fmt: skip
ELSEWHERE = ["/api/tasks", "/api/tasks?q=capital", "/api/tasks?owner=*", "/api/waiting", "/api/judges", "/api/who",
             "/api/admin/status"]  # fmt: skip
VARYING = re.compile(
    rb'\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)|"[a-z_]*(version|_s|_ms|mb|bytes|redis|library)[a-z_]*": ?[\d.]+'
)
"""Versions, times, and the resources of the process."""
MILD = "PIGEON the reply meets what the criterion asks for and nothing is wrong with it"
HARSH = "WEASEL no, it is wrong in each sentence; I would not accept a reply like this from anybody at all"


@pytest.fixture
async def runtime(tmp_path):
    settings = make_settings(
        read_settings({"HUNTER_TOKENS": ENTRIES}),
        telemetry__directory=str(tmp_path / "telemetry"),
        providers__simulated_script=QUICK,
        hunting__blind_outcome_step_s=0.01,
        library__url=f"sqlite:///{tmp_path}/library.sqlite",
        server__sse_keepalive_s=0.1,
    )
    async with open_runtime(settings, seed=1) as opened:
        yield opened


@pytest.fixture
async def people(runtime):
    made = People(create_app(runtime).test_client())
    await made.hunted()
    await made.asked()
    return made


async def recorded(runtime, people, name: str) -> list[bytes]:
    """Everything that `name` can ask for."""
    await runtime.store.flush()
    found = []
    for path in [*(f"/api/sessions/{people.sid}{path}" for path in PATHS), *ELSEWHERE]:
        answer = await people.client.get(path, headers=bearer(name))
        headers = [(key, value) for key, value in answer.headers.items() if key.lower() != "content-length"]
        raw = await answer.get_data()
        found.append(b"%s %d %s %s" % (path.encode(), answer.status_code, json.dumps(headers).encode(), raw))
    summary = {"session_ids": [people.sid]}
    answer = await people.client.post("/api/sessions/summaries", json=summary, headers=bearer(name))
    return [*found, await answer.get_data(), await stream(people, name)]


async def stream(people, name: str) -> bytes:
    """What a page is told while it is open; the error of somebody who may not watch."""
    path = f"/api/sessions/{people.sid}/events?after=0-0"
    headers = bearer(name) | {"Accept": "text/event-stream"}
    async with people.client.request(path, headers=headers) as connection:
        await connection.send_complete()
        told = b""
        async with asyncio.timeout(5):
            while b"alive" not in told and b"error" not in told:
                told += await connection.receive()
        await connection.disconnect()
        return told.partition(b": alive")[0]


def exchanged(reviews):
    """The same reviews with the other verdicts, and with other words."""
    other = {"PASS": "FAIL", "FAIL": "PASS"}
    changed = []
    for review in reviews:
        verdicts = tuple((criterion, other[verdict]) for criterion, verdict in review.verdicts)
        changed.append(type(review)(**dict(review) | {"verdicts": verdicts, "explanation": HARSH}))
    return tuple(changed)


def second_reviews_exchanged(session):
    second = session.second_review
    return session.model_copy(
        update={"second_review": second.model_copy(update={"reviews": exchanged(second.reviews)})}
    )


def first_reviews_exchanged(session):
    return session.model_copy(update={"reviews": exchanged(session.reviews)})


def assert_same(before: list[bytes], after: list[bytes]) -> None:
    assert len(before) == len(after) > 20
    for one, another in zip(before, after, strict=True):
        assert not re.search(b"PIGEON|WEASEL", one + another), one[:80]
        if not one.startswith(b"/api/admin/status"):  # counts what the process did meanwhile
            assert VARYING.sub(b"*", one) == VARYING.sub(b"*", another)


@pytest.mark.parametrize("done", [False, True])
async def test_nobody_learns_what_the_second_reviewer_says_before_both_are_done(runtime, people, tmp_path, done):
    await people.review("alice", "FPF", "It gives the wrong answer and no source for it at all.")
    await people.review("bob", "PFP", MILD)
    if done:
        await people.ask("bob", "POST", "/second-review/done")
    before = {name: await recorded(runtime, people, name) for name in ("alice", "root")}
    await runtime.store.change(people.sid, second_reviews_exchanged)
    for name, told in before.items():
        assert_same(told, await recorded(runtime, people, name))
    await runtime.telemetry.flush()
    logged = b"".join(path.read_bytes() for path in (tmp_path / "telemetry").rglob("*") if path.is_file())
    assert logged
    assert not re.search(b"PIGEON|WEASEL", logged)


@pytest.mark.parametrize("reviewer", ["bob", "root"])
async def test_the_second_reviewer_learns_neither_what_the_first_says_nor_the_judge(runtime, tmp_path, reviewer):
    people = People(create_app(runtime).test_client())
    await people.hunted()
    await people.asked(reviewer)
    await people.review("alice", "PFP", MILD)
    await people.review(reviewer, "FPF", "It gives the wrong answer and no source for it at all.")
    await people.ask(reviewer, "POST", "/second-review/done")
    session = await runtime.store.read(people.sid)
    told = await recorded(runtime, people, reviewer)
    for said in (b'"outcome"', b'"model"', b"judge_reason", *(hunt_id.encode() for hunt_id in session.desk_ids)):
        assert not [one[:60] for one in told if said in one and one.startswith(b"/api/sessions/s_")], said
    assert not [one for one in told if people.sid.encode() in one and one.startswith(b"/api/tasks")]
    await runtime.store.change(people.sid, first_reviews_exchanged)
    assert_same(told, await recorded(runtime, people, reviewer))


async def test_afterwards_both_see_both_reviews(people):
    await people.review("bob", "PPP", MILD)
    await people.review("alice", "FFF", HARSH)
    await people.ask("bob", "POST", "/second-review/done")
    assert "WEASEL" not in json.dumps(await people.ask("bob", "GET", "/second-review"))
    await people.ask("alice", "POST", "/reveal")
    for name in ("alice", "bob"):
        told = json.dumps(await people.ask(name, "GET", "/second-review"))
        assert ("PIGEON" in told, "WEASEL" in told) == (True, True)
