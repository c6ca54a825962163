"""`hunt` and `check` as a person and as a script use them, with the simulated provider."""

import asyncio
import json
import os
import signal

import nbformat
import pytest

from core.notebooks.examples import read_example
from tests.core.cli.running import QUICK, run, run_process, start


async def test_a_hunt_shows_progress_and_a_table_and_writes_the_notebook(folder):
    models = ("--model", "simulated/hasty", "--model", "simulated/careful")
    code, out, err = await run_process(folder, "hunt", "words.ipynb", *models, "--hunts", "8", "--out", "done.ipynb")
    assert code == 0
    for words in (
        "words.ipynb: completed",
        "(simulated)",
        "simulated/hasty",
        "simulated/careful",
        "all",
        "breaks",
        "break hunt ",
    ):
        assert words in out
    assert "8/8" in err
    assert "Wrote done.ipynb (4 slots filled)" in err
    notebook = json.loads((folder / "done.ipynb").read_bytes())
    nbformat.validate(notebook)
    code, out, _ = await run(folder, "check", "done.ipynb")
    assert (code, "reference check: passed, judged by simulated/judge (simulated)" in out) == (0, True)


async def test_a_script_gets_json_on_stdout_and_nothing_else_from_stdin_too(folder):
    code, out, err = await run_process(
        folder, "hunt", "-", "--model", "simulated/hasty", "--hunts", "3", "--json", stdin=read_example("word-budget")
    )
    (line,) = out.splitlines()
    told = json.loads(line)
    assert (code, told["notebook"], told["status"], told["counts"]["total"], err) == (
        0,
        "stdin.ipynb",
        "completed",
        3,
        "",
    )
    assert [h["number"] for h in told["hunts"]] == [1, 2, 3]


SECOND_JUDGE = ("--model", "simulated/hasty", "--hunts", "12", "--confirm-judge", "simulated/fallible")
ERRS = {**QUICK, "break_rate": 0.7, "models": {"fallible": {"judge_flip": 0.5, "judge_shared": 0.0}}}


async def test_another_judge_confirms_or_contests_breaks_in_the_table_and_in_json(folder):
    code, out, err = await run(folder, "hunt", "words.ipynb", *SECOND_JUDGE, script=ERRS)
    columns = next(line.split() for line in out.splitlines() if "hunts" in line and "breaks" in line)
    assert code == 0, err
    assert [word for word in columns if word in {"breaks", "confirmed", "contested", "held"}] == [
        "breaks", "confirmed", "contested", "held"
    ]  # fmt: skip
    assert {"(confirmed)", "(contested)"} <= {
        word.rstrip(":") for line in out.splitlines() if line.startswith("break hunt") for word in line.split()
    }
    code, out, _ = await run(folder, "hunt", "words.ipynb", *SECOND_JUDGE, "--json", script=ERRS)
    told = json.loads(out)
    counts, broke = told["counts"], [hunt for hunt in told["hunts"] if hunt["outcome"] == "broke"]
    states = [hunt["confirmation"] for hunt in broke]
    assert (told["confirm"]["policy"], [judge["model"] for judge in told["confirm"]["judges"]]) == (
        "breaks",
        ["simulated/fallible"],
    )
    assert (counts["confirmed"], counts["contested"]) == (states.count("confirmed"), states.count("contested"))
    assert min(counts["confirmed"], counts["contested"]) > 0
    assert {vote["judge_model"] for hunt in broke for vote in hunt["votes"]} == {"simulated/fallible"}
    assert not any(hunt["votes"] for hunt in told["hunts"] if hunt["outcome"] == "held")


async def test_extra_calls_have_a_limit_and_held_replies_are_asked_about_on_request(folder):
    words = ("hunt", "words.ipynb", *SECOND_JUDGE, "--confirm", "pivotal", "--max-extra-calls", "7", "--json")
    _, out, _ = await run(folder, *words, script={**ERRS, "break_rate": 0.0})
    told = json.loads(out)
    votes = [len(hunt["votes"]) for hunt in told["hunts"]]
    assert (told["counts"]["broke"], sum(votes), set(votes)) == (0, 5, {0, 5})  # of five criteria each


async def test_the_run_stops_at_confirmed_breaks(folder):
    words = ("hunt", "words.ipynb", *SECOND_JUDGE, "--hunts", "60", "--stop", "confirmed_breaks=2", "--json")
    script = {**QUICK, "break_rate": 1.0, "target_latency_ms": 100, "models": {"fallible": {"judge_flip": 0.0}}}
    _, out, _ = await run(folder, *words, script=script, SIMULATED_CONCURRENCY="2")
    told = json.loads(out)
    assert told["counts"]["confirmed"] >= 2
    assert "confirmed" in told["stop_reason"]


@pytest.mark.parametrize(
    ("judge", "said"),
    [("simulated/judge", "is the judge already"), ("nobody/x", '"nobody/x" is not a known model')],
)
async def test_a_confirming_judge_that_cannot_be_is_one_error_before_any_notebook(folder, judge, said):
    words = ("hunt", "words.ipynb", "words.ipynb", "--model", "simulated/hasty", "--confirm-judge", judge)
    code, out, err = await run(folder, *words)
    assert (code, out, err.count(said)) == (2, "", 1)


async def test_a_default_judge_that_is_none_names_its_variable_and_no_notebook(folder):
    code, out, err = await run(folder, "check", "words.ipynb", DEFAULT_JUDGE="foo")
    assert (code, out) == (2, "")
    assert err.startswith('DEFAULT_JUDGE: "foo" is not a known model.')


async def test_a_narrow_terminal_gets_a_list_that_can_be_read(folder):
    models = ("--model", "simulated/hasty", "--model", "simulated/careful", "--hunts", "4")
    for columns in ("40", "60"):
        code, out, _ = await run(folder, "hunt", "words.ipynb", *models, COLUMNS=columns)
        assert (code, "…\n" in out.split("break hunt")[0]) == (0, False)
        lines = out.splitlines()
        for model in ("simulated/hasty", "simulated/careful", "all"):
            assert lines[lines.index(model) + 1].startswith("  hunts ")


async def test_a_check_that_does_not_pass_and_a_hunt_without_any_reply_are_a_1(folder, shared_dir):
    blank = (shared_dir / "notebooks" / "blank-template.ipynb").read_bytes()
    code, out, _ = await run(folder, "check", "-", stdin=blank)
    assert (code, "is not ready" in out) == (1, True)
    words = ("hunt", "words.ipynb", "--model", "simulated/hasty", "--hunts", "2")
    code, out, _ = await run(folder, *words, script={**QUICK, "server_error": 1.0}, MAX_CALL_ATTEMPTS="1")
    assert (code, "2 × server_error" in out) == (1, True)


async def test_a_notebook_that_cannot_be_written_is_kept_elsewhere(folder):
    (folder / "words.ipynb").rename(folder / "in.ipynb")
    words = ("hunt", "in.ipynb", "--model", "simulated/hasty", "--hunts", "1", "--out", "/dev/full")
    code, _, err = await run_process(folder, *words)
    assert code == 2
    kept = err.rpartition("The notebook is in ")[2].strip().removesuffix(".")
    assert json.loads(open(kept, "rb").read())["cells"]  # noqa: SIM115, PTH123
    os.unlink(kept)  # noqa: PTH108


async def test_a_second_run_into_the_same_file_keeps_the_first_ones_hunts(folder):
    words = ("--model", "simulated/hasty", "--hunts", "2", "--out", "done.ipynb")
    assert (await run(folder, "hunt", "words.ipynb", *words))[0] == 0
    first = (folder / "done.ipynb").read_bytes()
    code, _, err = await run(folder, "hunt", "words.ipynb", *words)
    assert (code, "done.ipynb already existed with other content; it was renamed to done.1.ipynb." in err) == (0, True)
    assert (folder / "done.1.ipynb").read_bytes() == first
    code, _, err = await run(folder, "hunt", "done.ipynb", *words)  # goes on with the hunts that are there
    assert (code, "already existed" in err) == (0, False)
    assert sorted(path.name for path in folder.glob("done*")) == ["done.1.ipynb", "done.ipynb"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_ctrl_c_keeps_what_is_there(folder, number):
    slow = {"seed": 7, "target_latency_ms": 150, "judge_latency_ms": 1}
    words = ("hunt", "words.ipynb", "--model", "simulated/hasty", "--hunts", "400", "--out", "done.ipynb")
    process = await start(folder, *words, script=slow)
    written = folder / "telemetry"
    async with asyncio.timeout(30):
        while not any('"type":"hunt"' in file.read_text() for file in written.glob("*")):  # a hunt has ended
            await asyncio.sleep(0.05)
    process.send_signal(number)
    out, err = (text.decode() for text in await asyncio.wait_for(process.communicate(), 20))
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "words.ipynb: cancelled" in out
    assert "Wrote done.ipynb" in err
    code, told, _ = await run(
        folder, "hunt", "done.ipynb", "--model", "simulated/hasty", "--hunts", "1", "--json", "--out", "again.ipynb"
    )
    (hunt,) = json.loads(told)["hunts"]
    assert (code, hunt["number"]) == (0, 401)  # the first 400 numbers are taken: the notebook brought them along


async def test_ctrl_c_ends_a_check_with_a_word(folder):
    process = await start(
        folder, "check", "words.ipynb", script={**QUICK, "judge_latency_ms": 20_000}, DRAIN_TIMEOUT="0.5"
    )
    written = folder / "telemetry"
    async with asyncio.timeout(30):
        while not any('"created"' in file.read_text() for file in written.glob("*")):
            await asyncio.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = await asyncio.wait_for(process.communicate(), 30)
    assert (process.returncode, b"Traceback" in err) == (130, False)
    assert err.decode().endswith("Stopped.\n")


async def test_an_adaptive_hunt_says_what_its_rate_counts(folder):
    models = ("--model", "simulated/hasty", "--model", "simulated/careful", "--hunts", "10")
    code, out, _ = await run(folder, "hunt", "words.ipynb", *models, "--allocation", "adaptive", "--out", "done.ipynb")
    assert (code, "Adaptive allocation. Break rates and forecasts count only" in " ".join(out.split())) == (0, True)
    code, out, _ = await run(folder, "hunt", "words.ipynb", *models, "--allocation", "adaptive", "--json")
    report = json.loads(out)
    assert (code, report["allocation"], report["counts"]["rated_decided"]) == (0, "adaptive", 2)
    assert [hunt["share"] for hunt in report["hunts"]] == (["uniform"] + ["adaptive"] * 4) * 2


async def test_an_adaptive_hunt_of_one_model_is_rejected(folder):
    one = ("--model", "simulated/hasty", "--allocation", "adaptive")
    code, _, err = await run(folder, "hunt", "words.ipynb", *one)
    assert (code, "needs at least two models" in err) == (2, True)
