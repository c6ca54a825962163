"""The judge cards are computed in a child process, on demand, and again only when they are old."""

import asyncio

import pytest

from core.errors import Unavailable
from core.hunting import judge_reports
from core.hunting.judge_reports import CACHE_FOLDER, MAX_AGE_S, open_judge_reports, read_report
from core.settings import TelemetrySettings
from tests.builders import NOW, HandClock
from tests.core.telemetry.judged_log import FIRST, write_judged_log

pytestmark = pytest.mark.timeout(240)  # a process with low priority reads the log


@pytest.fixture
def settings(tmp_path):
    return TelemetrySettings(directory=str(tmp_path / "log"))


async def test_a_report_is_kept_for_some_minutes_and_then_computed_while_the_old_one_is_shown(settings, tmp_path):
    clock = HandClock()
    async with open_judge_reports(settings, clock) as reports:
        empty = await reports.current()
        assert (empty.report.cards, empty.computed_at) == ((), NOW)
        write_judged_log(tmp_path / "log", hunts=5)
        clock.seconds = MAX_AGE_S - 1
        assert await reports.current() is empty
        clock.seconds = MAX_AGE_S
        assert await reports.current() is empty
        await reports._computing
        assert FIRST in {card.model for card in (await reports.current()).report.cards}


async def test_those_who_ask_at_once_wait_for_one_reading(settings):
    async with open_judge_reports(settings, HandClock()) as reports:
        one, other = await asyncio.gather(reports.current(), reports.current())
        assert one is other


async def test_a_reading_that_fails_is_an_error_and_the_next_one_works(settings, monkeypatch):
    async with open_judge_reports(settings, HandClock()) as reports:
        monkeypatch.setattr(judge_reports, "READING", judge_reports.CallLimits(cpu_s=0.001, wall_s=30))
        with pytest.raises(Unavailable, match="could not be computed"):
            await reports.current()
        monkeypatch.undo()
        assert (await reports.current()).report.cards == ()


def test_what_was_read_is_kept_beside_the_log_for_the_next_process(tmp_path):
    write_judged_log(tmp_path, hunts=3)
    settings = TelemetrySettings(directory=str(tmp_path))
    first = read_report(settings)
    assert list((tmp_path / CACHE_FOLDER).glob("*.duckdb"))
    assert read_report(settings) == first


def test_without_a_place_for_the_cache_the_log_is_read_all_the_same(tmp_path):
    write_judged_log(tmp_path, hunts=3)
    (tmp_path / "taken").write_text("")
    assert read_report(TelemetrySettings(directory=str(tmp_path), cache_dir=str(tmp_path / "taken"))).cards
