"""`hunt` and `check` as a person and as a script use them: real processes, the simulated provider."""

import asyncio
import json
import os
import signal
import sys

import nbformat
import pytest

from core.notebooks.examples import read_example
from tests.house.tree import ROOT

QUICK = {"seed": 7, "target_latency_ms": 1, "judge_latency_ms": 1}


async def start(folder, *words, script=QUICK, **variables):
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "SIMULATED_SCRIPT": json.dumps(script), "COLUMNS": "120",
        "TELEMETRY_DIR": str(folder / "telemetry"), **variables,
    }  # fmt: skip
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "core", *words, cwd=folder, env=environment, stdin=pipe, stdout=pipe, stderr=pipe
    )


async def run(folder, *words, stdin=b"", **how):
    """(exit code, stdout, stderr); no way of using it may end in a trace."""
    process = await start(folder, *words, **how)
    out, err = await asyncio.wait_for(process.communicate(stdin), 40)
    assert b"Traceback" not in err, err.decode()
    encoding = how.get("PYTHONIOENCODING", "utf-8")
    return process.returncode, out.decode(encoding), err.decode(encoding)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "words.ipynb").write_bytes(read_example("word-budget"))
    return tmp_path


async def test_a_hunt_shows_progress_and_a_table_and_writes_the_notebook(folder):
    models = ("--model", "simulated/hasty", "--model", "simulated/careful")
    code, out, err = await run(folder, "hunt", "words.ipynb", *models, "--hunts", "8", "--out", "done.ipynb")
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
    assert (code, "reference check: passed" in out) == (0, True)


async def test_a_script_gets_json_on_stdout_and_nothing_else_from_stdin_too(folder):
    code, out, err = await run(
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


async def test_a_folder_is_hunted_at_once_and_a_bad_notebook_in_it_stops_nothing(folder):
    (folder / "a-broken.ipynb").write_text("not a notebook")
    (folder / "cake.ipynb").write_bytes(read_example("cake-acrostic"))
    words = ("hunt", ".", "--model", "simulated/hasty", "--hunts", "2", "--out", "finished")
    code, out, err = await run(folder, *words)
    assert code == 2
    assert "a-broken.ipynb: The file is not JSON" in err
    assert "words.ipynb: completed" in out
    assert sorted(path.name for path in (folder / "finished").iterdir()) == ["cake.ipynb", "words.ipynb"]
    code, out, _ = await run(folder, "check", ".", "--json")
    told = [json.loads(line) for line in out.splitlines()]
    assert code == 2
    assert [(t["notebook"], "error" in t) for t in told] == [
        ("a-broken.ipynb", True),
        ("cake.ipynb", False),
        ("words.ipynb", False),
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("hunt", "none.ipynb", "--model", "simulated/hasty"), "none.ipynb cannot be read"),
        (("hunt", "words.ipynb"), "--model"),
        (("hunt", "words.ipynb", "--model", "nobody/x"), "is not a known model"),
        (("hunt", "words.ipynb", "--model", "openrouter/x"), "Set OPENROUTER_API_KEY and restart."),
        (("hunt", "words.ipynb", "--model", "simulated/hasty", "--judge", "x"), "is not a known model"),
        (("hunt", "words.ipynb", "--model", "simulated/hasty", "--hunts", "0"), '"0" is not a number of hunts'),
        (("hunt", "words.ipynb", *["--model", "simulated/hasty"] * 21), "21 models exceed the maximum"),
        (("hunt", "words.ipynb", "--model", "simulated/hasty", "--out", "no/where.ipynb"), "Folder not found: no"),
        (
            ("hunt", "words.ipynb", "words.ipynb", "--model", "simulated/hasty", "--out", "x"),
            "Several notebooks are named",
        ),
        (("check", "words.ipynb", "--judge", "x"), "is not a known model"),
        (("check", "telemetry-of-nobody"), "cannot be read"),
        (("hunt", "-", "--model", "simulated/hasty"), "The file is empty"),
        ((), "required"),
    ],
)
async def test_what_is_not_right_is_a_sentence_and_a_2(folder, words, said):
    code, out, err = await run(folder, *words)
    assert (code, out) == (2, "")
    assert said in err


async def test_a_setting_that_cannot_be_meant_is_a_sentence_and_a_2(folder):
    code, _, err = await run(folder, "check", "words.ipynb", OPENAI_CONCURRENCY="six")
    assert (code, "OPENAI_CONCURRENCY" in err) == (2, True)


async def test_a_default_judge_that_is_none_names_its_variable_and_no_notebook(folder):
    code, out, err = await run(folder, "check", "words.ipynb", DEFAULT_JUDGE="foo")
    assert (code, out) == (2, "")
    assert err.startswith('DEFAULT_JUDGE: "foo" is not a known model.')


async def test_a_misspelt_setting_is_told_once(folder):
    code, _, err = await run(folder, "check", "words.ipynb", OPENROUTER_CONCURENCY="9")
    assert code == 0
    assert err.splitlines() == ["Unknown setting OPENROUTER_CONCURENCY ignored; did you mean OPENROUTER_CONCURRENCY?"]


@pytest.mark.parametrize("command", ["hunt", "check", "demo"])
async def test_help_tells_the_exit_codes(folder, command):
    code, out, _ = await run(folder, command, "--help")
    assert code == 0
    assert all(f"  {number} " in out for number in ("0", "1", "2", "130"))


def broken_criteria():
    notebook = json.loads(read_example("word-budget"))
    (cell,) = (c for c in notebook["cells"] if "**[response_reference]**" in "".join(c["source"]))
    cell["source"] = "**[response_reference]**\n\n" + (
        '[{"id": "C1", "criteria": "One."},\n{"id": "C1", "criteria": "Two."},\n{"id": "C3", "criteria": "Three."}]'
    )
    return json.dumps(notebook).encode()


async def test_criteria_that_were_only_understood_are_shown_and_taken_when_confirmed(folder):
    code, out, _ = await run(folder, "check", "-", stdin=broken_criteria())
    assert code == 1
    assert "recovered, but not confirmed (--confirm-criteria accepts them)" in out
    assert [line.strip() for line in out.splitlines() if line.startswith("  C")] == [
        "C1: One.",
        "C2: Two.",
        "C3: Three.",
    ]
    hunting = ("hunt", "-", "--model", "simulated/hasty", "--hunts", "2", "--json")
    code, out, _ = await run(folder, *hunting, stdin=broken_criteria())
    assert (code, json.loads(out)["error"]["code"]) == (2, "task_incomplete")
    assert "--confirm-criteria accepts them" in json.loads(out)["error"]["hint"]
    code, out, _ = await run(folder, *hunting, "--confirm-criteria", stdin=broken_criteria())
    assert (code, json.loads(out)["counts"]["total"]) == (0, 2)
    code, out, _ = await run(folder, "check", "-", "--json", "--confirm-criteria", stdin=broken_criteria())
    told = json.loads(out)
    assert (told["proposed_criteria"], [c["id"] for c in told["task"]["criteria"]]) == ([], ["C1", "C2", "C3"])


async def test_a_pass_rule_that_is_not_understood_is_asked_for_and_answered_by_an_option(folder):
    notebook = json.loads(read_example("word-budget"))
    (cell,) = (c for c in notebook["cells"] if "**[response_reference]**" in "".join(c["source"]))
    cell["source"] = "".join(cell["source"]).replace("more than 50% of", "at least 50% of")
    raw = json.dumps(notebook).encode()
    code, out, err = await run(folder, "check", "-", stdin=raw)
    assert "at least 50% of the criteria" in " ".join((out + err).split())
    code, out, err = await run(folder, "check", "-", "--json", "--pass-rule", "all", stdin=raw)
    shown = json.loads(out)
    assert (code, shown["task"]["pass_rule"]) == (0, "all")
    assert "pass_rule_unclear" not in {warning["code"] for warning in shown["warnings"]}
    code, _, err = await run(folder, "check", "-", "--pass-rule", "half", stdin=raw)
    assert (code, "there is no pass rule" in err) == (2, True)


async def shell(folder, line):
    """(what the shell tells, error output) of a line with `core` in it."""
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "SIMULATED_SCRIPT": json.dumps(QUICK),
        "TELEMETRY_DIR": str(folder / "telemetry"), "PYTHONUNBUFFERED": "",
    }  # fmt: skip
    pipe = asyncio.subprocess.PIPE
    command = line.replace("core ", f"{sys.executable} -m core ")
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", command, cwd=folder, env=environment, stdout=pipe, stderr=pipe
    )
    out, err = await asyncio.wait_for(process.communicate(), 40)
    return out.decode(), err.decode()


HUNT = "core hunt words.ipynb --model simulated/hasty --hunts 2"


@pytest.mark.parametrize("command", [f"{HUNT} --json", HUNT, "core check words.ipynb", "core hunt --help"])
async def test_a_full_disk_behind_stdout_is_one_sentence_and_a_1(folder, command):
    out, err = await shell(folder, f"{command} > /dev/full; echo $?")
    assert out == "1\n"
    assert err.splitlines()[-1] == "Standard output cannot be written: No space left on device."
    assert "Traceback" not in err
    assert "ignored" not in err


async def test_a_hunt_whose_stdout_is_full_writes_its_notebook_all_the_same(folder):
    _, err = await shell(folder, f"{HUNT} --out done.ipynb > /dev/full")
    assert "Wrote done.ipynb" in err
    assert json.loads((folder / "done.ipynb").read_bytes())["cells"]


@pytest.mark.parametrize("command", [f"{HUNT} --json", "core check words.ipynb"])
async def test_a_reader_who_has_gone_is_no_word(folder, command):
    out, err = await shell(folder, f"{command} | true; echo ${{PIPESTATUS[0]}}")
    assert (out, err) == ("1\n", "")


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
    code, _, err = await run(folder, *words)
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


@pytest.mark.parametrize("encoding", ["iso-8859-1"])
async def test_a_terminal_that_lacks_a_letter_ends_nothing(folder, encoding):
    notebook = json.loads(read_example("word-budget"))
    for cell in notebook["cells"]:
        text = "".join(cell["source"])
        cell["source"] = text.replace("**[prompt]**\n\n", "**[prompt]**\n\n河 – „Fluss“ 🌊\u202f: ").replace(
            '"Gerald\\"', '"Gerald\\" → ok'
        )
    (folder / "河 – fluss.ipynb").write_text(json.dumps(notebook, ensure_ascii=False))
    code, out, err = await run(folder, "check", "河 – fluss.ipynb", PYTHONIOENCODING=encoding)
    assert (code, "Traceback" in out + err) == (0, False)
    code, out, err = await run(
        folder, "hunt", "河 – fluss.ipynb", "--model", "simulated/hasty", "--hunts", "1", PYTHONIOENCODING=encoding
    )
    assert (code, "Traceback" in out + err) == (0, False)
    assert "?" in out


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
    process = await start(folder, "check", "words.ipynb", script={**QUICK, "judge_latency_ms": 5_000})
    written = folder / "telemetry"
    async with asyncio.timeout(30):
        while not any('"created"' in file.read_text() for file in written.glob("*")):
            await asyncio.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = await asyncio.wait_for(process.communicate(), 30)
    assert (process.returncode, b"Traceback" in err) == (130, False)
    assert err.decode().endswith("Stopped.\n")
