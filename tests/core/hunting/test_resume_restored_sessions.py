"""Unfinished work that no process is doing is resumed, and nothing else."""

import asyncio

from core.domain.checks import CheckStatus, EditProposals, ReferenceCheck, TwoSidedCheck
from core.domain.hunt import HuntStatus, Judging
from core.domain.parameters import Parameters
from core.domain.run import RunStatus
from core.domain.verdict import Outcome
from core.errors import Unavailable
from core.hunting.checks import propose_edits, two_sided
from core.hunting.checks import reference_check as checking
from core.hunting.checks import rejudge as rejudging
from core.hunting.dispatch.base import Job, JobKind
from core.hunting.resume_restored_sessions import Resumer
from tests.builders import NOW, a_finished_hunt, a_run, a_session
from tests.core.hunting.fakes import Bench


class RecordingDispatcher:
    """Records the submitted jobs, and rejects the first `refusals` of them."""

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


async def test_unfinished_runs_checks_and_judgings_are_resumed():
    bench, dispatcher = Bench(), RecordingDispatcher()
    runs = [
        a_run(1, run_id="r_done", status=RunStatus.COMPLETED, first_number=1),
        a_run(1, run_id="r_waits", first_number=2, judge_parameters=Parameters(seed=1)),
        a_run(1, run_id="r_runs", status=RunStatus.RUNNING, first_number=3),
        a_run(1, run_id="r_stopped", status=RunStatus.CANCELLED, first_number=4),
        a_run(1, run_id="r_ended", status=RunStatus.CANCELLED, first_number=5),
        a_run(1, run_id="r_try", first_number=-1, trial=True),
    ]
    check = ReferenceCheck(status=CheckStatus.RUNNING, started_at=NOW)
    proposals = EditProposals(running=True, started_at=NOW)
    two_sided_check = TwoSidedCheck(status=CheckStatus.RUNNING, proposals=proposals, started_at=NOW)
    session = a_session(runs=tuple(runs), check=check, two_sided_check=two_sided_check, hunts_issued=5, trials_issued=1)
    await bench.open(session)
    earlier = Judging(at=NOW, judge_model="dispatcher/judge", outcome=Outcome.BROKE, verdicts=())
    again = {"status": HuntStatus.JUDGING, "outcome": None, "judged": (earlier,)}
    await bench.store.save_hunt("s_one", a_finished_hunt(1, hunt_id="r_done.1", run_id="r_done", **again))
    ended = {"hunt_id": "r_ended.1", "run_id": "r_ended", "outcome": Outcome.CANCELLED}
    await bench.store.save_hunt("s_one", a_finished_hunt(5, **ended))
    resumer, _ = a_resumer(bench, dispatcher)
    await resumer.resume("s_one")
    assert dispatcher.jobs == [
        Job(JobKind.RUN, "s_one", "r_waits", has_parameters=True),
        *(Job(JobKind.RUN, "s_one", key) for key in ("r_runs", "r_stopped", "r_try")),
        Job(JobKind.CHECK, "s_one", checking.job_key(session)),
        Job(JobKind.TWO_SIDED, "s_one", two_sided.job_key(session), has_parameters=True),
        Job(JobKind.EDITS, "s_one", propose_edits.job_key(session), has_parameters=True),
        Job(JobKind.JUDGING, "s_one", rejudging.job_key("s_one", await bench.store.hunt("s_one", "r_done.1"))),
    ]


async def test_one_session_that_is_gone_holds_up_no_other_and_what_is_refused_is_tried_again():
    bench, dispatcher = Bench(), RecordingDispatcher(refusals=1)
    await bench.open(a_session(runs=(a_run(),)))
    resumer, bugs = a_resumer(bench, dispatcher, "s_gone", "s_one")
    keeping = asyncio.create_task(resumer.keep())
    async with asyncio.timeout(5):
        while not dispatcher.jobs:
            await asyncio.sleep(0.001)
    keeping.cancel()
    assert (dispatcher.jobs, dispatcher.refusals, bugs) == ([Job(JobKind.RUN, "s_one", "r_one")], 0, [])
