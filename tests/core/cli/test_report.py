"""What the command line says of replies that were cut off, and of a judge that cannot answer."""

import json

import pytest

from tests.browser.scripted_provider import ScriptedAnswer, scripted_provider
from tests.core.cli.running import run

VERDICT = json.dumps({"reason": "It does.", "evidence": "", "verdict": "FAIL"})


async def hunt(folder, answer, *words, hunts=4, judge="told/judge", limits=None, **variables):
    """(exit code, stdout, stderr) of a hunt whose target and judge answer as told."""
    command = ("hunt", "words.ipynb", "--model", "told/writer", "--judge", judge, "--hunts", str(hunts), *words)
    return await command_at(folder, answer, *command, limits=limits, **variables)


async def command_at(folder, answer, *command, limits=None, **variables):
    """The same of any command."""
    with scripted_provider(answer) as port:
        address = f"http://127.0.0.1:{port}/v1"
        row = {"name": "told", "base_url": address, "models": ["writer", "judge"], **(limits or {})}
        return await run(folder, *command, OPENAI_COMPATIBLE=json.dumps([row]), RETRY_WAIT="0.01", **variables)


def cut(body):
    return (
        ScriptedAnswer(VERDICT)
        if body["model"] == "judge"
        else ScriptedAnswer("Seven words and th", finish_reason="length")
    )


async def test_replies_that_were_cut_off_are_errors_with_their_text_and_a_way_out(folder):
    code, out, _ = await hunt(folder, cut)
    assert code == 1
    for words in ("4 × output_limit: The reply was cut off", "cut off hunt 1: Seven words and th", "TARGET_MAX_OUTPUT"):
        assert words in " ".join(out.split())
    assert "break hunt" not in out


@pytest.mark.parametrize(
    ("limits", "setting"),
    [
        ({"target_max_output_tokens": 4096}, "target_max_output_tokens of told in OPENAI_COMPATIBLE (4,096 now)"),
        ({"target_max_output_tokens": 0}, "target_max_output_tokens of told in OPENAI_COMPATIBLE (the provider's own"),
        ({"judge_max_output_tokens": 4096}, "TARGET_MAX_OUTPUT_TOKENS (5,000 now)"),
    ],
)
async def test_a_cut_reply_names_the_setting_that_limits_the_target(folder, limits, setting):
    _, out, _ = await hunt(folder, cut, limits=limits, TARGET_MAX_OUTPUT_TOKENS="5000")
    assert f"Raise {setting}" in " ".join(out.split())


def cut_judge(body):
    return (
        ScriptedAnswer(VERDICT[:20], finish_reason="length")
        if body["model"] == "judge"
        else ScriptedAnswer("A few words.")
    )


@pytest.mark.parametrize(
    ("limits", "setting"),
    [
        ({"judge_max_output_tokens": 300}, "judge_max_output_tokens of told in OPENAI_COMPATIBLE (300 now)"),
        ({"target_max_output_tokens": 300}, "JUDGE_MAX_OUTPUT_TOKENS (16,000 now)"),
    ],
)
async def test_a_judge_that_is_cut_off_names_the_setting_that_limits_it(folder, limits, setting):
    code, out, _ = await hunt(folder, cut_judge, hunts=1, limits=limits)
    assert (code, f"cut off at their output limit: raise {setting}" in " ".join(out.split())) == (1, True)


async def test_cut_replies_are_judged_where_that_is_wanted_and_marked_in_words_and_json(folder):
    code, out, _ = await hunt(folder, cut, "--judge-cut-replies", "--out", "done.ipynb")
    assert code == 0
    assert "break hunt 1 (cut off): Seven words" in out
    assert "4 judged although cut off at the output limit: hunts 1, 2, 3, 4" in out
    notebook = (folder / "done.ipynb").read_text()
    assert notebook.count("The reply was cut off at its output limit.") == 4
    code, out, _ = await hunt(folder, cut, "--judge-cut-replies", "--json")
    told = json.loads(out)
    assert (code, {h["cut_off"] for h in told["hunts"]}, told["counts"]["broke"]) == (0, {True}, 4)


def unpaid_judge(body):
    return (
        ScriptedAnswer("Incorrect API key provided", status=401)
        if body["model"] == "judge"
        else ScriptedAnswer("A few words.")
    )


async def test_a_judge_that_always_fails_stops_the_run_and_its_error_is_reported(folder):
    code, out, _ = await hunt(folder, unpaid_judge, hunts=60, MAX_SAME_FAILURES="5")
    said = " ".join(out.split())
    assert code == 1
    assert "words.ipynb: failed" in said
    assert "The judge told/judge left the last" in said
    assert "Incorrect API key provided" in said
    assert "undecided, judge: unauthorized" in said


async def test_a_few_hunts_that_no_judge_could_judge_are_no_success_either(folder):
    code, out, _ = await hunt(folder, unpaid_judge, hunts=2, judge="told/judge")
    assert (code, "2 undecided, judge: unauthorized: The judge's call failed" in " ".join(out.split())) == (1, True)
