"""The robustness report through the whole runtime: estimates, what moved, the export."""

import asyncio
import json

from core.domain.checks import ReportStatus
from core.hunting.orders import OpenOrder, RobustnessOrder, RunOrder
from core.hunting.views.robustness import MAX_MOVED, robustness_view
from core.notebooks.examples import read_example
from core.runtime import open_runtime
from tests.settings import make_settings

QUICK = {"seed": 7, "target_latency_ms": 1, "judge_latency_ms": 1}


def a_runtime(tmp_path):
    settings = make_settings(telemetry__directory=str(tmp_path), providers__simulated_script=json.dumps(QUICK))
    return open_runtime(settings, seed=1)


async def hunted(runtime):
    session = await runtime.service.open_notebook(read_example("word-budget"), "word-budget.ipynb", OpenOrder())
    await runtime.service.start_run(session.session_id, RunOrder(models=("simulated/hasty",), hunts=4))
    async with asyncio.timeout(20):
        while (await runtime.store.read(session.session_id)).active_runs:
            await asyncio.sleep(0.02)
    return session.session_id


async def report_on(runtime, sid, **order):
    await runtime.robustness.start(sid, RobustnessOrder(**order))
    async with asyncio.timeout(60):
        while (session := await runtime.store.read(sid)).robustness.status is ReportStatus.RUNNING:
            await asyncio.sleep(0.05)
    return session


async def test_a_report_judges_what_was_estimated_and_lists_what_moved(tmp_path):
    async with a_runtime(tmp_path) as runtime:
        sid = await hunted(runtime)
        estimate = await runtime.robustness.estimate(sid, RobustnessOrder(replies=2, families=("forged",)))
        view = robustness_view(await report_on(runtime, sid, replies=2, families=("forged",)))
        assert (view["status"], view["judged"], view["error"]) == (ReportStatus.DONE, estimate["calls"], "")
        forged = next(row for row in view["families"] if row["family"] == "forged")
        assert forged["compared"] > 80
        moved = sum(row["raised"] + row["lowered"] for row in view["families"])
        assert len(view["moved"]) == min(moved, MAX_MOVED)
        assert {one["before"] for one in view["moved"]} <= {"PASS", "FAIL"}


async def test_a_report_comes_back_with_the_export(tmp_path):
    async with a_runtime(tmp_path) as runtime:
        sid = await hunted(runtime)
        before = robustness_view(await report_on(runtime, sid, replies=1, families=("roles",)))
        delivery = await runtime.service.deliver(sid)
        again = await runtime.service.open_notebook(delivery.notebook, "again.ipynb", OpenOrder())
        assert robustness_view(again) == before
        assert again.robustness.idempotency_key == ""
