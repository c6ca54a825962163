"""Judge cards on the page Judge: the same numbers as everywhere, few verdicts as counts, and shared mistakes named."""

from datetime import UTC, datetime

from core.hunting.judge_reports import read_report
from core.settings import TelemetrySettings
from core.telemetry.reader import TelemetryReader
from dashboard_app.components.judge_cards import cards_frame, pairs_frame, report_of
from dashboard_app.filter_conditions import Choice
from tests.core.telemetry.judged_log import FIRST, LIKE_FIRST, PROMPT, SECOND, hunted, reviewed, write_judged_log
from tests.dashboard_app.helpers import words
from tests.dashboard_app.records_made_up import write_log

CHOICE = Choice(datetime.now(UTC))


def test_the_page_shows_each_card_in_words_and_warns_of_shared_mistakes(page, log_dir):
    write_judged_log(log_dir)
    shown = page("judge", period="all")
    assert {f"{model} (prompt {PROMPT})" for model in (FIRST, SECOND, LIKE_FIRST)} == {
        expander.label.replace("\\", "") for expander in shown.expander
    }
    text = words(shown)
    report = read_report(TelemetrySettings(directory=str(log_dir)))
    for card in report.cards:
        assert all(sentence in text for sentence in card.sentences)
    assert "These two make the same mistakes: together they count like 1." in text


def test_the_numbers_are_those_of_the_api_and_the_filters_apply(log_dir):
    write_judged_log(log_dir)
    with TelemetryReader(log_dir) as reader:
        reader.refresh()
        report = report_of(reader, CHOICE)
        assert report == read_report(TelemetrySettings(directory=str(log_dir)))
        assert report_of(reader, Choice(CHOICE.now, model="no/such")).cards == ()
    assert list(cards_frame(report)["reviewed"]) == [card.reviewed for card in report.cards]
    assert [said for said in cards_frame(report)["drift"] if said] == ["changed"]
    assert list(pairs_frame(report)["n"]) == [pair.n for pair in report.pairs]


def test_few_verdicts_are_counts(log_dir):
    write_log(
        log_dir, [(CHOICE.now, hunted(1, {"C1": "FAIL"})), (CHOICE.now, reviewed(1, {"C1": "FAIL"}, {"C1": "FAIL"}))]
    )
    with TelemetryReader(log_dir) as reader:
        reader.refresh()
        (row,) = cards_frame(report_of(reader, CHOICE)).to_dict("records")
    assert (row["agreement"], row["specificity"], row["drift"]) == ("1 of 1", None, "")


def test_without_judges_there_are_no_cards(page, log_dir):
    log_dir.mkdir()
    assert "Judge cards" not in words(page("judge", period="all"))
