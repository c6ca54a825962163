"""`check --two-sided`: the matrix, the findings, the exit code, and edits from a notebook's record."""

import json

import pytest

from core.cli.report import StdoutConsole
from core.cli.two_sided import print_two_sided
from core.domain.checks import CheckStatus, TwoSidedCheck, ViolatingEdit
from core.domain.verdict import Verdict
from tests.builders import a_session, a_task, a_verdict
from tests.core.cli.running import QUICK, run

PLANTED = {**QUICK, "models": {"judge": {"judge_reads": {"C1": "Is the response at least 0 words long?"}}}}


def row(letters):
    values = {"P": Verdict.PASS, "F": Verdict.FAIL, "U": Verdict.UNDETERMINED}
    return tuple(a_verdict(f"C{n}", values[letter]) for n, letter in enumerate(letters, 1))


def test_the_matrix_marks_what_is_not_as_expected(capsys):
    task = a_task()
    edits = tuple(
        ViolatingEdit(criterion_id=f"C{n}", text="Argon.", task_hash=task.content_hash(), judged=True, verdicts=row(r))
        for n, r in enumerate(("FPP", "FPU", "PP"), 1)
    )
    check = TwoSidedCheck(
        status=CheckStatus.FAILED, task_hash=task.content_hash(), judge_model="simulated/judge", edits=edits,
        reference=row("PPP"),
    )  # fmt: skip
    print_two_sided(StdoutConsole(), a_session(two_sided_check=check))
    lines = capsys.readouterr().out.splitlines()
    assert [line.rstrip() for line in lines[:5]] == [
        "  edit of   C1  C2  C3",
        "  reference  P   P   P",
        "  C1         F   P   P",
        "  C2         F!  P!  ?!",
        "  C3         P   P   -",
    ]
    assert lines[-1] == "  two-sided check: failed, judged by simulated/judge (simulated)"


async def test_a_check_prints_the_matrix_and_what_it_says(folder):
    code, out, _ = await run(folder, "check", "words.ipynb", "--two-sided", "--edits-by", "simulated/hasty")
    assert "  edit of " in out
    assert (code, "  two-sided check: passed" in out) == (0, True)
    code, out, _ = await run(folder, "check", "words.ipynb", "--two-sided", script=PLANTED)
    assert (code, "  C1 did not fail when it was violated." in out) == (1, True)


async def test_the_json_has_the_whole_check(folder):
    code, out, _ = await run(folder, "check", "words.ipynb", "--two-sided", "--json")
    check = json.loads(out)["two_sided_check"]
    assert (code, check["status"], check["findings"]) == (0, "passed", [])
    assert {edit["model"] for edit in check["edits"]} == {"simulated/judge"}


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--edits-by", "simulated/hasty"), "Add --two-sided."),
        (("--two-sided", "--edits-by", "x"), "is not a known model"),
    ],
)
async def test_wrong_options_are_named(folder, options, problem):
    code, _, err = await run(folder, "check", "words.ipynb", *options)
    assert (code, problem in err) == (2, True)
