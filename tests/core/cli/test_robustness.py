"""`robustness`: a table and an exit code, JSON for scripts, and nothing paid without consent."""

import json

import pytest

from core.cli.robustness import RobustnessOptions, _refuse_unasked
from core.errors import BadInput
from core.hunting.orders import JudgeChoice
from tests.core.cli.running import run

ROLES = ("--family", "roles", "--replies", "1", "--judge", "simulated/judge")


async def test_an_exported_notebook_is_tested_in_words_and_as_json(folder):
    code, *_ = await run(
        folder, "hunt", "words.ipynb", "--model", "simulated/hasty", "--hunts", "4", "--out", "x.ipynb"
    )
    assert code == 0
    code, out, err = await run(folder, "robustness", "x.ipynb", *ROLES)
    assert "1 replies" not in err
    assert "x.ipynb: 1 reply" in err
    assert "judged by simulated/judge (simulated)" in out
    assert "roles" in out
    again, out, _ = await run(folder, "robustness", "x.ipynb", *ROLES, "--json")
    report = json.loads(out)
    assert (again, report["robustness"]["status"], report["estimate"]["usd"]) == (code, "done", 0.0)


async def test_a_notebook_without_hunts_says_what_to_do(folder):
    code, _, err = await run(folder, "robustness", "words.ipynb", *ROLES)
    assert (code, "There is no decided hunt of this turn. Hunt first." in err) == (2, True)


@pytest.mark.parametrize("usd", [0.5, None])
def test_nothing_is_paid_without_consent(usd, capsys):
    estimate = {"judge_model": "a/b", "hunt_ids": ["r.1"], "attacks": 56, "calls": 171, "usd": usd}
    options = {"notebooks": ("x.ipynb",), "judge": JudgeChoice(), "replies": 1}
    with pytest.raises(BadInput, match="has not been started"):
        _refuse_unasked("x.ipynb", estimate, RobustnessOptions(**options))
    _refuse_unasked("x.ipynb", estimate, RobustnessOptions(**options, yes=True))
    _refuse_unasked("x.ipynb", estimate | {"usd": 0.0}, RobustnessOptions(**options))
    assert "at most 171 judge calls" in capsys.readouterr().err
