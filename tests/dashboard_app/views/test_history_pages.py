"""Every history page: with an empty, small, damaged or large log, and without the API."""

from datetime import UTC, datetime

import pytest

from dashboard_app import data
from tests.dashboard_app.helpers import VIEWS, hunts_only, words
from tests.dashboard_app.records_made_up import MODELS, team_at_work, write_log


@pytest.mark.parametrize("view", VIEWS)
def test_an_empty_log_says_what_to_do(page, log_dir, view):
    test = page(view)
    assert not test.exception
    assert "No hunts yet" in words(test)
    assert "Press Start" in words(test)
    assert str(log_dir) in words(test)
    assert len(test.metric) == 0


@pytest.mark.parametrize("view", VIEWS)
def test_a_log_of_broken_lines_says_so(page, log_dir, view):
    log_dir.mkdir()
    (log_dir / "telemetry-2026-11-24-a.jsonl").write_bytes(b"{\n[]\nnonsense\n")
    test = page(view)
    assert not test.exception
    assert "3 lines of the log skipped: 3 damaged or cut off" in words(test)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("outcome", ["held", "error", "cancelled"])
def test_a_single_hunt_is_enough_and_broken_lines_beside_it_do_no_harm(page, log_dir, view, outcome):
    write_log(log_dir, [next(entry for entry in hunts_only(hunts=300) if entry[1].outcome == outcome)])
    with next(log_dir.glob("*.jsonl")).open("ab") as file:
        file.write(b'{"ts": "2026-11-24T10:00:00Z", "type": "hunt", "schema": 1, "data": {}}\n{"half')
    test = page(view, period="all")
    assert not test.exception
    assert "1 line of the log skipped: 1 without fields" in words(test)


@pytest.mark.parametrize("view", VIEWS)
def test_a_full_log_is_shown_without_a_word_of_nothing(page, log_dir, view):
    write_log(log_dir, team_at_work(hunts=400, now=datetime.now(UTC)))
    test = page(view, period="all")
    assert not test.exception
    assert "No hunts" not in words(test)
    assert len(test.get("vega_lite_chart")) + len(test.dataframe) > 0


@pytest.fixture(scope="module")
def large_log(tmp_path_factory):
    models = tuple(MODELS[n % 5].__class__(f"lab/model-{n}", 0.3, 900.0, 0.001) for n in range(60))
    folder = tmp_path_factory.mktemp("large") / "log"
    write_log(folder, team_at_work(hunts=6000, days=29, now=datetime.now(UTC), models=models))
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("view", VIEWS)
def test_much_is_shown_as_well(page, large_log, monkeypatch, view):
    monkeypatch.setenv("TELEMETRY_DIR", str(large_log))
    test = page(view, period="30d")
    assert not test.exception
    assert "No hunts" not in words(test)


@pytest.mark.parametrize("view", VIEWS)
def test_simulated_hunts_are_labelled_and_can_be_left_out(page, log_dir, view):
    write_log(log_dir, team_at_work(hunts=300, now=datetime.now(UTC)))
    assert "hunts are simulated" in words(page(view, period="all"))
    assert "hunts are simulated" not in words(page(view, period="all", origin="real"))
    only = words(page(view, period="all", origin="simulated"))
    assert "All of these hunts used simulated models" in only


def test_hostile_names_are_shown_and_do_nothing(page, log_dir):
    evil = {"model": "evil/$x^2$ :red[**x**]<b>", "excerpt": "<script>alert(1)</script>", "notebook": "](javascript:x)"}
    write_log(log_dir, [(at, hunt.model_copy(update=evil)) for at, hunt in hunts_only(hunts=8)])
    for view in VIEWS:
        assert not page(view, period="all").exception
    assert set(page("find", period="all").dataframe[0].value["model"]) == {"evil/$x^2$ :red[**x**]<b>"}


@pytest.mark.parametrize("view", VIEWS)
def test_a_log_that_cannot_be_read_says_so_and_recovers(page, log_dir, monkeypatch, view):
    def denied() -> None:
        raise PermissionError(13, "Permission denied", str(log_dir))

    monkeypatch.setattr(data, "telemetry", denied)
    test = page(view)
    assert "The telemetry log cannot be read" in words(test)
    monkeypatch.undo()
    test.run()
    assert not test.exception


@pytest.mark.parametrize("view", [*VIEWS, "hunt", "alarms"])
def test_while_older_days_are_being_read_the_page_says_what_is_missing(page, older_days_wait, view):
    test = page(view, period="7d")
    assert not test.exception
    assert "Older days are still being read" in words(test)
    older_days_wait.set()
    assert data.followed().wait(60)
    test.run()
    assert not test.exception
    assert "still being read" not in words(test)
