"""Failures while a robustness report or a two-sided check is made, on one Redis: no verdict is lost, and none is paid
for again but those in flight. tests/core/sessions/test_merging_checks.py has the merge case by case.
"""

import asyncio
import json
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import pytest

from core.domain.checks import CheckStatus, ReportStatus
from core.errors import HunterError
from core.hunting.orders import CheckOrder, OpenOrder, RobustnessOrder, RunOrder
from core.runtime import open_runtime
from tests.builders import a_task
from tests.chaos.hunting import chaos_settings
from tests.chaos.processes import Trainer, ended, start_cluster
from tests.chaos.test_calls_are_paid_once import LIMITS
from tests.chaos.test_redis_breaks import flushed, hung, restarted_with_its_data
from tests.house.real_redis import open_redis

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(120)]
JUDGE = "simulated/strict"
FAMILY = ("openers",)
SCRIPT = {"seed": 7, "target_latency_ms": 1, "judge_latency_ms": 1}
IN_FLIGHT = 8 * 3
"""Texts at once × criteria."""


class Processes:
    """Runtimes on one Redis, with one log of their calls."""

    def __init__(self, runtimes, folder):
        self.runtimes, self.folder = runtimes, folder
        self.sid = ""

    async def open(self):
        """A session with a run that has ended, and an edit of the reference response for each criterion."""
        one = self.runtimes[0]
        self.sid = (await one.service.open_task(a_task(), OpenOrder())).session_id
        await one.service.start_run(
            self.sid, RunOrder(models=("simulated/hasty",), hunts=2, judge_model="simulated/judge")
        )
        await self.until(lambda session: not session.active_runs)
        for criterion in ("C1", "C2", "C3"):
            await one.two_sided.write(self.sid, criterion, f"Argon, against {criterion}.")

    async def until(self, holds, runtime=None, within_s=60):
        async with asyncio.timeout(within_s):
            while True:
                try:
                    if holds(session := await (runtime or self.runtimes[0]).store.read(self.sid)):
                        return session
                except HunterError:
                    pass  # out of reach while Redis is away
                await asyncio.sleep(0.02)

    async def calls(self, model="strict"):
        """Calls to the judge, of all processes."""
        for runtime in self.runtimes:
            await runtime.telemetry.flush()
        lines = [json.loads(line) for path in self.folder.glob("*.jsonl") for line in path.open()]
        return sum(line["type"] == "call" and line["data"]["model"] == model for line in lines)


@asynccontextmanager
async def processes(server, folder, number=1, *, latency_ms=60, **changes):
    async with AsyncExitStack() as stack:
        runtimes = []
        for n in range(number):
            settings = chaos_settings(
                server, folder, providers__simulated_script=json.dumps(SCRIPT | {"models": {"strict": {"judge_latency_ms": latency_ms}}}),
                redis__journal_dir=f"{folder}/journal-{n}", server__instance=f"api-{n}", **changes,
            )  # fmt: skip
            runtimes.append(await stack.enter_async_context(open_runtime(settings, seed=n)))
        ours = Processes(runtimes, folder / "telemetry")
        await ours.open()
        yield ours
        assert [runtime.activity.bugs for runtime in runtimes] == [0] * number


def given(session):
    """Verdicts of the robustness report."""
    return sum(letter != "-" for one in session.robustness.twins for letter in one.verdicts)


def reported(session):
    return session.robustness.status is not ReportStatus.RUNNING


def checked(session):
    return session.two_sided_check.status is not CheckStatus.RUNNING


def verdicts(session):
    return sum(len(edit.verdicts) for edit in session.two_sided_check.edits) + len(session.two_sided_check.reference)


async def report(runtime, sid, **order):
    return await runtime.robustness.start(sid, RobustnessOrder(judge_model=JUDGE, replies=1, families=FAMILY, **order))


@pytest.mark.parametrize(
    "broken",
    [flushed, *(pytest.param(one, marks=pytest.mark.long) for one in (restarted_with_its_data, hung))],
    ids=lambda b: b.__name__,
)
async def test_a_report_and_a_check_outlast_redis_and_no_verdict_is_paid_for_again(broken, tmp_path):
    with open_redis() as server:
        async with processes(server, tmp_path) as ours:
            (one,) = ours.runtimes
            began = await report(one, ours.sid)
            await one.two_sided.start(ours.sid, CheckOrder(judge_model=JUDGE))
            await ours.until(lambda session: given(session) >= 6)
            async with broken(server):
                await ours.until(lambda _: one.store.state().backend == "memory")
                await asyncio.sleep(0.2)
            ended = await ours.until(lambda session: reported(session) and checked(session))
            await ours.until(lambda _: one.store.state().backend == "redis")
            stored = await one.store.read(ours.sid)
            calls = await ours.calls()
    assert stored.robustness == ended.robustness
    assert (stored.robustness.status, stored.two_sided_check.error) == (ReportStatus.DONE, "")
    total = sum(len(twin.verdicts) for twin in began.robustness.twins)
    assert (given(stored), verdicts(stored), calls) == (total, 12, total + 12)
    assert stored.robustness.calls == total


@pytest.mark.long
async def test_a_report_that_is_stopped_and_started_again_at_another_process_pays_for_the_calls_in_flight_at_most(
    tmp_path,
):
    with open_redis() as server:
        async with processes(server, tmp_path, 2, latency_ms=500) as ours:  # longer than a save waits
            one, two = ours.runtimes
            began = await report(one, ours.sid)
            await ours.until(lambda session: given(session) >= 6)
            stopped = await two.robustness.stop(ours.sid)
            assert (stopped.robustness.status, stopped.robustness.error) == (
                ReportStatus.ERROR,
                "The report was stopped.",
            )
            await report(two, ours.sid)
            ended = await ours.until(reported)
            calls = await ours.calls()
    total = sum(len(twin.verdicts) for twin in began.robustness.twins)
    assert (ended.robustness.status, given(ended)) == (ReportStatus.DONE, total)
    assert total <= calls <= total + IN_FLIGHT


@pytest.mark.long
async def test_what_two_processes_change_in_a_check_without_redis_is_merged(tmp_path):
    with open_redis() as server:
        async with processes(server, tmp_path, 2) as ours:
            one, two = ours.runtimes
            await report(one, ours.sid)
            await one.two_sided.start(ours.sid, CheckOrder(judge_model=JUDGE, criterion_ids=("C1", "C2")))
            await ours.until(lambda session: given(session) >= 6 and verdicts(session) >= 2)
            await two.store.read(ours.sid)
            server.stop(save=True)
            await ours.until(lambda _: two.store.state().backend == "memory", two)
            await two.robustness.stop(ours.sid)
            await two.two_sided.write(ours.sid, "C3", "Argon, by hand.")
            paid = await ours.calls()
            await ours.until(lambda session: checked(session))
            server.start()
            await ours.until(lambda _: {r.store.state().backend for r in ours.runtimes} == {"redis"})
            await ours.until(reported)
            stored = await two.store.read(ours.sid)
            calls = await ours.calls()
    assert stored.two_sided_check.edit("C3").text == "Argon, by hand."
    assert [len(edit.verdicts) for edit in stored.two_sided_check.edits] == [3, 3, 0]
    assert verdicts(stored) == 9
    assert paid <= given(stored) + 9 + IN_FLIGHT
    assert 0 <= calls - given(stored) - 9 <= IN_FLIGHT
    assert stored.robustness.status in {ReportStatus.ERROR, ReportStatus.DONE}


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.long
async def test_another_process_continues_the_report_and_the_check_of_a_killed_one():
    script = {"target_latency_ms": 1, "models": {"other": {"judge_latency_ms": 300}}}
    judge = {"judge_model": "openai/other"}
    with start_cluster(2, script=script, SHARD_LEASE=3, **LIMITS) as ours:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            trainer = Trainer(client, ours.apis[1])
            await trainer.start(2, ours.apis[0])
            await trainer.until(ended)
            path = f"sessions/{trainer.sid}"
            for number in (1, 2, 3):
                edit = {"text": f"35, against C{number}."}
                await trainer.ask("PUT", f"{path}/two-sided-check/edits/C{number}", json=edit)
            await trainer.ask("POST", f"{path}/two-sided-check", ours.apis[0], json=judge)
            order = judge | {"replies": 1, "families": list(FAMILY)}
            total = (await trainer.ask("POST", f"{path}/robustness", ours.apis[0], json=order))["robustness"]["total"]
            async with asyncio.timeout(60):
                while votes_of_other(ours) < 16:
                    await asyncio.sleep(0.02)
            in_flight = ours.counters()["by_model"]["other"]["in_flight"]
            ours.apis[0].kill()
            async with asyncio.timeout(60):
                while True:
                    session = await trainer.ask("GET", path)
                    report, check = session["robustness"], session["two_sided_check"]
                    if "running" not in {report["status"], check["status"]}:
                        break
                    await asyncio.sleep(0.2)
            calls = ours.counters()["by_model"]["other"]["calls"]
    assert (report["status"], report["judged"], check["error"]) == ("done", total, "")
    assert [len(edit["verdicts"]) for edit in check["edits"]] == [3, 3, 3]
    assert total + 12 <= calls <= total + 12 + 2 * in_flight + LIMITS["OPENAI_CONCURRENCY"]


def votes_of_other(ours):
    votes = ours.counters()["by_model"].get("other", {"calls": 0, "in_flight": 0})
    return votes["calls"] - votes["in_flight"]
