"""The history page: with nothing, with little, with broken lines, with much, and without the API."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard_app import data
from tests.dashboard_app.records_made_up import MODELS, team_at_work, write_log


def numbers(page) -> dict[str, tuple[str, str]]:
    return {metric.label: (metric.value, metric.delta) for metric in page.metric}


def words(page) -> str:
    every = [*page.info, *page.warning, *page.error, *page.caption, *page.markdown, *page.subheader]
    return "\n".join(element.value for element in every)


def test_an_empty_log_says_what_to_do(page, log_dir):
    test = page("history")
    assert not test.exception
    assert "No hunts yet" in words(test)
    assert "Press Start" in words(test)
    assert str(log_dir) in words(test)
    assert len(test.metric) == 0


def test_a_log_of_broken_lines_says_so(page, log_dir):
    log_dir.mkdir()
    (log_dir / "telemetry-2026-11-24-a.jsonl").write_bytes(b"{\n[]\nnonsense\n")
    test = page("history")
    assert not test.exception
    assert "3 lines of the log could not be understood" in words(test)


def test_one_hunt_that_held_is_a_rate_of_nought_and_one_error_is_no_rate(page, log_dir):
    hunts = [
        (at, record) for at, record in team_at_work(hunts=300, now=datetime.now(UTC)) if hasattr(record, "outcome")
    ]
    held = next((at, hunt) for at, hunt in hunts if hunt.outcome == "held")
    error = next((at, hunt) for at, hunt in hunts if hunt.outcome == "error")
    write_log(log_dir, [error])
    test = page("history", period="all")
    assert numbers(test)["Break rate"] == ("n/a", "")
    assert numbers(test)["Cost"][0] == "n/a"
    assert "n/a: no hunt is decided here" in words(test)
    write_log(log_dir, [held])
    test.run()
    assert numbers(test)["Break rate"] == ("0%", "0% to 79%")
    assert not test.exception


def test_numbers_are_those_of_the_log(page, log_dir):
    entries = list(team_at_work(hunts=400, now=datetime.now(UTC)))
    write_log(log_dir, entries)
    test = page("history", period="all")
    hunts = [record for _, record in entries if hasattr(record, "outcome")]
    broke = sum(hunt.outcome == "broke" for hunt in hunts)
    decided = sum(hunt.outcome in {"broke", "held"} for hunt in hunts)
    shown = numbers(test)
    assert not test.exception
    assert shown["Hunts"] == ("400", f"{400 - decided} not decided")
    assert shown["Breaks"] == (f"{broke}", f"of {decided} decided")
    assert shown["Break rate"][0] == f"{broke / decided:.0%}"
    assert shown["Errors"][0] == str(sum(hunt.outcome == "error" for hunt in hunts))
    assert len(test.get("vega_lite_chart")) == 6
    assert len(test.dataframe[0].value) == 400


def test_what_is_chosen_is_shown_be_it_in_the_address_or_on_the_page(page, log_dir):
    write_log(log_dir, team_at_work(hunts=300, now=datetime.now(UTC)))
    test = page("history", period="all", model=MODELS[0].name)
    assert set(test.dataframe[0].value["model"]) == {MODELS[0].name}
    everything = page("history", period="all")
    everything.selectbox(key="task").select("tax-table.ipynb").run()
    assert set(everything.dataframe[0].value["notebook"]) == {"tax-table.ipynb"}


@pytest.mark.parametrize("query", [{"period": "never"}, {"model": "gone/away"}, {"origin": "<script>"}])
def test_an_address_with_nonsense_shows_everything(page, log_dir, query):
    write_log(log_dir, team_at_work(hunts=40, days=1, now=datetime.now(UTC)))
    test = page("history", **query)
    assert not test.exception
    assert numbers(test)["Hunts"][0] == "40"


def test_a_choice_without_hunts_says_so(page, log_dir):
    write_log(log_dir, team_at_work(hunts=8, days=1, now=datetime.now(UTC) - timedelta(days=3)))
    test = page("history", period="1h")
    assert "No hunts match" in words(test)
    assert not test.exception


def test_simulated_hunts_are_labelled_and_can_be_left_out(page, log_dir):
    write_log(log_dir, team_at_work(hunts=300, now=datetime.now(UTC)))
    assert "hunts are simulated" in words(page("history", period="all"))
    assert "simulated" not in words(page("history", period="all", origin="real"))
    assert "All of these hunts were made with simulated models" in words(
        page("history", period="all", origin="simulated")
    )


def test_new_hunts_appear_at_the_next_run(page, log_dir):
    now = datetime.now(UTC)
    write_log(log_dir, team_at_work(hunts=8, days=1, now=now))
    test = page("history")
    write_log(log_dir, team_at_work(hunts=12, days=1, seed=8, now=now), instance="api-2")
    test.run()
    assert numbers(test)["Hunts"][0] == "20"


def test_hostile_names_are_shown_and_do_nothing(page, log_dir):
    entries = [
        (at, record.model_copy(update={"model": "evil/$x^2$ :red[**x**]<b>", "excerpt": "<script>alert(1)</script>"}))
        for at, record in team_at_work(hunts=8, now=datetime.now(UTC))
        if hasattr(record, "outcome")
    ]
    write_log(log_dir, entries)
    test = page("history", period="all")
    assert not test.exception
    assert set(test.dataframe[0].value["model"]) == {"evil/$x^2$ :red[**x**]<b>"}


def test_nothing_of_the_judge_but_the_outcome_is_shown(page, log_dir):
    write_log(log_dir, team_at_work(hunts=20, now=datetime.now(UTC)))
    columns = set(page("history", period="all").dataframe[0].value.columns)
    assert not columns & {"verdicts", "passed", "criteria"}


def test_a_log_that_cannot_be_read_says_so_and_recovers(page, log_dir, monkeypatch):
    def denied() -> None:
        raise PermissionError(13, "Permission denied", str(log_dir))

    monkeypatch.setattr(data, "telemetry", denied)
    test = page("history")
    assert "The telemetry log cannot be read" in words(test)
    monkeypatch.undo()
    test.run()
    assert not test.exception
