"""Work that nobody may be doing any more is gone on with: all that is not done, and nothing else."""

import asyncio

from core.domain.hunt import HuntStatus, Judging
from core.domain.run import RunStatus
from core.domain.session import CheckStatus, ReferenceCheck
from core.domain.verdict import Outcome
from core.errors import Unavailable
from core.hunting.checks import reference_check as checking
from core.hunting.checks import rejudge as rejudging
from core.hunting.dispatch.base import Job, JobKind
from core.hunting.orders import RunOrder
from core.hunting.resume import Resumer
from core.runtime import open_runtime
from tests.builders import NOW, a_finished_hunt, a_run, a_session
from tests.core.hunting.fakes import Bench
from tests.e2e.api_process import QUICK
from tests.settings import make_settings


class Told:
    """A dispatcher that notes what it is given; it takes nothing at first when it is `ending`."""

    def __init__(self, refusals: int = 0) -> None:
        self.jobs: list[Job] = []
        self.refusals = refusals

    async def submit(self, job: Job, *, fresh: bool = True) -> None:
        if self.refusals:
            self.refusals -= 1
            raise Unavailable("not now")
        self.jobs.append(job)


def a_resumer(bench, dispatcher, *reattached):
    bugs = []
    return Resumer(bench.store, dispatcher, set(reattached), 0.001, bugs.append), bugs


async def test_runs_checks_and_judgings_that_are_not_done_are_gone_on_with():
    bench, told = Bench(), Told()
    runs = [
        a_run(1, run_id="r_done", status=RunStatus.COMPLETED, first_number=1),
        a_run(1, run_id="r_waits", first_number=2),
        a_run(1, run_id="r_runs", status=RunStatus.RUNNING, first_number=3),
        a_run(1, run_id="r_stopped", status=RunStatus.CANCELLED, first_number=4),
        a_run(1, run_id="r_ended", status=RunStatus.CANCELLED, first_number=5),
        a_run(1, run_id="r_try", first_number=-1, trial=True),
    ]
    check = ReferenceCheck(status=CheckStatus.RUNNING, started_at=NOW)
    session = a_session(runs=tuple(runs), check=check, hunts_issued=5, trials_issued=1)
    await bench.open(session)
    earlier = Judging(at=NOW, judge_model="told/judge", outcome=Outcome.BROKE, verdicts=())
    again = {"status": HuntStatus.JUDGING, "outcome": None, "judged": (earlier,)}
    await bench.store.save_hunt("s_one", a_finished_hunt(1, hunt_id="r_done.1", run_id="r_done", **again))
    ended = {"hunt_id": "r_ended.1", "run_id": "r_ended", "outcome": Outcome.CANCELLED}
    await bench.store.save_hunt("s_one", a_finished_hunt(5, **ended))
    resumer, _ = a_resumer(bench, told)
    await resumer.resume("s_one")
    assert told.jobs == [
        *(Job(JobKind.RUN, "s_one", key) for key in ("r_waits", "r_runs", "r_stopped", "r_try")),
        Job(JobKind.CHECK, "s_one", checking.job_key(session)),
        Job(JobKind.JUDGING, "s_one", rejudging.job_key("s_one", await bench.store.hunt("s_one", "r_done.1"))),
    ]


async def test_one_session_that_is_gone_holds_up_no_other_and_what_is_refused_is_tried_again():
    bench, told = Bench(), Told(refusals=1)
    await bench.open(a_session(runs=(a_run(),)))
    resumer, bugs = a_resumer(bench, told, "s_gone", "s_one")
    keeping = asyncio.create_task(resumer.keep())
    async with asyncio.timeout(5):
        while not told.jobs:
            await asyncio.sleep(0.001)
    keeping.cancel()
    assert (told.jobs, told.refusals, bugs) == ([Job(JobKind.RUN, "s_one", "r_one")], 0, [])


async def test_a_run_whose_process_died_before_it_began_begins_when_its_request_is_repeated(tmp_path):
    settings = make_settings(
        telemetry__directory=str(tmp_path), providers__simulated_script=QUICK, server__drain_timeout_s=0.1
    )
    async with open_runtime(settings, seed=1) as runtime, asyncio.timeout(20):
        await runtime.store.create(a_session(runs=(a_run(2, idempotency_key="key"),), hunts_issued=2), b"")
        order = RunOrder(models=("simulated/hasty",), hunts=2, judge_model="simulated/judge", idempotency_key="key")
        assert (await runtime.service.start_run("s_one", order)).run_id == "r_one"
        while (await runtime.store.read("s_one")).runs[0].status is not RunStatus.COMPLETED:
            await asyncio.sleep(0.01)
