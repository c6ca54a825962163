"""A run begins once, also where the process that started it died."""

import asyncio

from core.domain.hunt import HuntStatus
from core.domain.parameters import Target
from core.domain.run import RunStatus
from core.domain.verdict import Outcome
from core.hunting.orders import RunOrder
from core.hunting.runs.start import retrying, with_new_run
from core.hunting.runs.targets import requested_targets
from core.runtime import open_runtime
from tests.builders import NOW, a_run, a_session
from tests.e2e.api_process import QUICK
from tests.settings import make_settings


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


def test_a_retry_repeats_the_target_and_the_share_of_each_failed_hunt():
    run = a_run(6, models=("told/a", "told/b"), allocation="adaptive")
    failed = {"outcome": Outcome.ERROR, "status": HuntStatus.DONE}
    hunts = [run.hunt(0).model_copy(update=failed), run.hunt(2).model_copy(update={**failed, "model": "told/b"})]
    order = retrying(a_session(runs=(run,)), RunOrder(retry_errors_of="r_one"), hunts)
    assert ([one.model for one in order.models], order.shares) == (["told/a", "told/b"], ("uniform", "adaptive"))
    (retry,) = with_new_run(a_session(), order, "r_two", requested_targets(order.models), JUDGE, NOW, part_hunts=8).runs
    assert [(retry.hunt(n).model, retry.hunt(n).share) for n in (0, 1)] == [
        ("told/a", "uniform"),
        ("told/b", "adaptive"),
    ]
    assert retrying(a_session(runs=(a_run(1),)), RunOrder(retry_errors_of="r_one"), [a_failed_hunt()]).shares == ()


JUDGE = Target(model="told/judge")


def a_failed_hunt():
    return a_run(1).hunt(0).model_copy(update={"outcome": Outcome.ERROR, "status": HuntStatus.DONE})
