"""Corrected rates of the dashboard against the log's lines, counted in plain Python, and scipy's posteriors."""

from collections import Counter
from datetime import UTC, datetime

import numpy
import pytest
from scipy.stats import beta

from core.telemetry.reader import TelemetryReader
from core.telemetry.records import HuntRecord, ReviewRecord
from dashboard_app.components.corrected_rates import as_frame, corrected_rates
from dashboard_app.filter_conditions import Choice
from tests.dashboard_app.helpers import records, words
from tests.dashboard_app.records_made_up import NOTEBOOKS, NOW, team_at_work, write_log

PROMPTS = ("aaaaaaaaaaaa", "bbbbbbbbbbbb")


def asked_log(log_dir, now=NOW):
    """A log whose judge was asked with two prompts, by the notebook; every other reviewed held hunt was drawn, and a
    third of the log is of an older version, which names no prompt."""
    made = []
    for place, (at, record) in enumerate(team_at_work(hunts=500, now=now)):
        if isinstance(record, HuntRecord | ReviewRecord):
            prompt = PROMPTS[NOTEBOOKS.index(record.notebook) % 2]
            if record.notebook != NOTEBOOKS[2]:
                record = record.model_copy(update={"judge_prompt": prompt, "pass_rule": "majority"})
            if isinstance(record, ReviewRecord) and record.judge_outcome == "held":
                record = record.model_copy(update={"audit": place % 2 == 0})
        made.append((at, record))
    write_log(log_dir, made)


def counted(log_dir, prompt, model=None):
    said = {review["hunt_id"]: review for review in records(log_dir, "review")}
    n = Counter()
    for hunt in records(log_dir, "hunt"):
        if hunt["judge_prompt"] != prompt or hunt["outcome"] not in {"broke", "held"}:
            continue
        if model not in (None, hunt["model"]):
            continue
        n[hunt["outcome"]] += 1
        review = said.get(hunt["hunt_id"])
        if review and (hunt["outcome"] == "broke" or review["audit"]):
            n[f"{hunt['outcome']} reviewed"] += 1
            n[f"{hunt['outcome']} confirmed"] += review["human_outcome"] == hunt["outcome"]
    names = ("broke", "held", "broke reviewed", "broke confirmed", "held reviewed", "held confirmed")
    return tuple(n[name] for name in names)


def counts(row):
    return (row.broke, row.held, row.reviewed_breaks, row.true_breaks, row.audited_held, row.true_held)


@pytest.fixture
def asked(log_dir):
    asked_log(log_dir)
    with TelemetryReader(log_dir) as reader:
        reader.refresh()
        yield reader


def test_only_hunts_of_one_judge_prompt_are_pooled_and_those_of_older_logs_are_left_out(asked, log_dir):
    found = corrected_rates(asked, Choice(NOW))
    assert {one.judge_prompt for one in found} == set(PROMPTS)
    for one in found:
        all_models, *models = one.rows
        assert counts(all_models) == counted(log_dir, one.judge_prompt)
        assert all_models.reviewed_breaks > 0 < all_models.audited_held
        for row in models:
            assert counts(row) == counted(log_dir, one.judge_prompt, row.label)
    assert [one.tasks for one in sorted(found, key=lambda one: one.judge_prompt)] == [1, 2]


def test_the_rate_is_that_of_the_posteriors(asked):
    for one in corrected_rates(asked, Choice(NOW)):
        broke, held, reviewed, true_breaks, audited, true_held = counts(one.rows[0])
        chance = numpy.random.default_rng(3)
        draw = lambda yes, no: beta.rvs(yes + 0.5, no + 0.5, size=300_000, random_state=chance)  # noqa: B023, E731
        rate, ppv, npv = (
            draw(broke, held),
            draw(true_breaks, reviewed - true_breaks),
            draw(true_held, audited - true_held),
        )
        expected = numpy.quantile(rate * ppv + (1 - rate) * (1 - npv), [0.025, 0.5, 0.975])
        found = one.rows[0].corrected
        assert (found.low, found.rate, found.high) == pytest.approx(tuple(expected), abs=0.005)


def test_the_filters_apply_to_the_hunts(asked):
    (one,) = corrected_rates(asked, Choice(NOW, notebook=NOTEBOOKS[1]))
    assert (one.judge_prompt, one.tasks) == (PROMPTS[1], 1)
    assert corrected_rates(asked, Choice(NOW, notebook=NOTEBOOKS[2])) == []


def test_the_page_says_each_number_and_that_it_is_pooled(page, log_dir):
    asked_log(log_dir, datetime.now(UTC))
    test = page("overview", period="all")
    assert not test.exception
    with TelemetryReader(log_dir) as reader:
        reader.refresh()
        found = corrected_rates(reader, Choice(datetime.now(UTC)))
    said = words(test)
    for one in found:
        assert all(sentence in said for sentence in one.rows[0].sentences)
    assert "From 2 tasks with the same judge" in said
    tables = [table.value for table in test.dataframe if "ppv" in table.value]
    assert list(tables[0]["corrected"]) == pytest.approx(as_frame(found)["corrected"].tolist(), abs=1e-3, nan_ok=True)


def test_without_reviews_the_page_says_what_they_need(page, log_dir):
    write_log(log_dir, [one for one in team_at_work(hunts=40, now=datetime.now(UTC)) if isinstance(one[1], HuntRecord)])
    assert "Corrected rates appear here after trainers review breaks" in words(page("overview", period="all"))
