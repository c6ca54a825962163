"""Judging reviewed replies again: planned within limits, estimated, and each verdict in the log as it arrives."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from core.domain.parameters import Target
from core.errors import Conflict
from core.hunting.checks.drift import DriftJudging, estimated_usd, judging_alone, plan_drift
from core.hunting.records import hunt_record, review_record, task_record
from core.hunting.runs.cost_range import Prices
from core.settings import TelemetrySettings
from core.telemetry.writer import TelemetryWriter
from tests.builders import a_finished_hunt, a_review, a_run, a_session
from tests.core.hunting.fakes import Bench, passes
from tests.core.telemetry.judged_log import START
from tests.dashboard_app.records_made_up import write_log

SINCE = datetime(2026, 11, 1, tzinfo=UTC)
REPLIES = 4


class ListPrices:
    def __init__(self, *prices):
        self.found = Prices(*prices)

    def prices(self, _model, _parameters=None):
        return self.found


@pytest.fixture
def settings(tmp_path):
    session, run, entries = a_session(), a_run(judge_model="told/judge"), []
    for number in range(1, REPLIES + 1):
        hunt = a_finished_hunt(number)
        at = START + timedelta(minutes=number)
        entries += [(at, hunt_record(session, run, hunt, max_reply_chars=100)),
                    (at, review_record(session, run, hunt, a_review(hunt.hunt_id)))]  # fmt: skip
    write_log(tmp_path, [*entries, (START, task_record(session, run))])
    return TelemetrySettings(directory=str(tmp_path))


def planned(settings, judge=None, max_calls=100, since=SINCE, not_after=SINCE):
    return plan_drift(settings, since, judge, max_calls, not_after)


async def judged(settings, plan, bench, stopped=None):
    async with TelemetryWriter("cli", settings, bench.clock) as telemetry:
        judging = DriftJudging(bench.hunter.judge, telemetry, bench.clock, 1.0)
        return await judging.run(plan, stopped or asyncio.Event(), lambda: None)


def test_the_plan_keeps_to_the_calls_and_asks_the_judge_of_the_review_or_another(settings):
    plan = planned(settings, max_calls=7)
    assert (plan.calls, plan.over_limit, plan.calls_by_judge) == (6, 2, {"told/judge": 6})
    assert planned(settings, Target(model="told/other")).calls_by_judge == {"told/other": 12}
    assert planned(settings, since=START + timedelta(days=1)).calls == 0


def test_the_cost_is_that_of_earlier_verdicts_or_of_the_texts_or_unknown(settings):
    plan = planned(settings)
    assert estimated_usd(plan, ListPrices(None, None)) == pytest.approx(12 * 0.001)
    other = planned(settings, Target(model="told/other"))
    assert estimated_usd(other, ListPrices(None, None)) is None
    assert 12 * 200 * 10 / 1e6 < estimated_usd(other, ListPrices(2.0, 10.0)) < 0.1
    assert estimated_usd(planned(settings, Target(model="simulated/judge")), ListPrices(None, None)) == 0


async def test_verdicts_are_in_the_log_and_are_not_asked_for_again(settings):
    bench = Bench(passes)
    result = await judged(settings, planned(settings, max_calls=6), bench)
    assert (result.judged, result.failed, bench.provider.judgements) == (6, 0, 6)
    rest = planned(settings)
    assert (rest.calls, rest.recent) == (6, 6)
    await judged(settings, rest, bench)
    (card,) = planned(settings).report.cards
    assert (card.drift.n, card.drift.now_right) == (12, 4)  # people said PASS, FAIL, FAIL


async def test_after_a_stop_no_further_reply_is_begun(settings):
    bench, stopped = Bench(passes), asyncio.Event()
    stopped.set()
    result = await judged(settings, planned(settings), bench, stopped)
    assert (result.judged, bench.provider.judgements) == (0, 0)


async def test_a_command_that_is_broken_off_keeps_its_verdicts_and_the_next_one_asks_for_the_rest(settings):
    bench, asked = Bench(passes), []

    async def counted(request, context, complete=bench.provider.complete):
        asked.append(request.messages[-1].content)
        return await complete(request, context)

    bench.provider.complete = counted
    judging = asyncio.create_task(judged(settings, planned(settings), bench))
    async with asyncio.timeout(20):
        while (written := planned(settings).recent) < 2:
            await asyncio.sleep(0.001)
    judging.cancel()
    await asyncio.wait([judging])
    rest = planned(settings)
    assert (rest.recent >= written, rest.recent + rest.calls) == (True, 12)
    began = len(asked)
    result = await judged(settings, rest, bench)
    assert (result.judged, len(asked) - began, planned(settings).calls) == (rest.calls, rest.calls, 0)


async def test_when_the_log_cannot_be_written_no_further_reply_is_judged(settings, monkeypatch):
    bench, plan = Bench(passes), planned(settings)
    monkeypatch.setattr("core.hunting.checks.drift.REPLIES_AT_ONCE", 1)

    def full(_path, _lines):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("core.telemetry.writer.append_lines", full)
    result = await judged(settings, plan, bench)
    assert bench.provider.judgements == 3  # of the first reply
    assert (result.judged, result.failed, result.problem) == (
        3, 3, "The telemetry cannot be written (TELEMETRY_DIR).",
    )  # fmt: skip


def test_one_command_at_a_time_judges_again_on_a_log(settings):
    with judging_alone(settings), pytest.raises(Conflict, match="Another command"), judging_alone(settings):
        pass
    with judging_alone(settings):
        pass
