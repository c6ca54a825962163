"""One command: its exit code, and errors as one sentence."""

import pytest

from tests.core.cli.running import run


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


async def test_an_invalid_setting_is_reported_with_exit_code_2(folder):
    code, _, err = await run(folder, "check", "words.ipynb", OPENAI_CONCURRENCY="six")
    assert (code, "OPENAI_CONCURRENCY" in err) == (2, True)


@pytest.mark.parametrize("command", ["hunt", "check", "demo"])
async def test_help_lists_the_exit_codes(folder, command):
    code, out, _ = await run(folder, command, "--help")
    assert code == 0
    assert all(f"  {number} " in out for number in ("0", "1", "2", "130"))
