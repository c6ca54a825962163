"""Before a notebook is hunted: confirmed criteria and the pass rule."""

import json

from core.cli.input_files import Source
from core.cli.opening import judged_by, process_each
from core.errors import BadInput
from core.notebooks.examples import read_example
from tests.core.cli.running import run


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


async def test_a_notebook_with_an_error_is_reported_and_the_others_are_processed(capsys):
    async def process(source):
        if source.name == "bad":
            raise BadInput("It is bad.")
        return 1

    sources = [Source(name, b"") for name in ("bad", "good")]
    assert await process_each(sources, process, as_json=False) == 2
    assert await process_each(sources[1:], process, as_json=False) == 1
    assert capsys.readouterr().err == "bad: It is bad.\n"


def test_a_simulated_judge_is_named_as_simulated():
    assert judged_by("simulated/judge") == "judged by simulated/judge (simulated)"
    assert judged_by("openai/gpt-5") == "judged by openai/gpt-5"
