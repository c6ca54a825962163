"""A standard output that is full, closed or of few letters ends no command with a traceback."""

import asyncio
import json
import os
import sys

import pytest

from core.notebooks.examples import read_example
from tests.core.cli.running import QUICK, run_process
from tests.house.tree import ROOT


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


@pytest.mark.parametrize("encoding", ["iso-8859-1"])
async def test_a_terminal_that_lacks_a_letter_ends_nothing(folder, encoding):
    notebook = json.loads(read_example("word-budget"))
    for cell in notebook["cells"]:
        text = "".join(cell["source"])
        cell["source"] = text.replace("**[prompt]**\n\n", "**[prompt]**\n\n河 – „Fluss“ 🌊\u202f: ").replace(
            '"Gerald\\"', '"Gerald\\" → ok'
        )
    (folder / "河 – fluss.ipynb").write_text(json.dumps(notebook, ensure_ascii=False))
    code, out, err = await run_process(folder, "check", "河 – fluss.ipynb", PYTHONIOENCODING=encoding)
    assert (code, "Traceback" in out + err) == (0, False)
    code, out, err = await run_process(
        folder, "hunt", "河 – fluss.ipynb", "--model", "simulated/hasty", "--hunts", "1", PYTHONIOENCODING=encoding
    )
    assert (code, "Traceback" in out + err) == (0, False)
    assert "?" in out
