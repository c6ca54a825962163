"""What the check of a reference response says."""

import json

from tests.browser.scripted_provider import ScriptedAnswer
from tests.core.cli.test_report import VERDICT, command_at, unpaid_judge


async def test_a_check_reports_the_failure_of_its_judge_once_with_its_criteria(folder):
    code, out, err = await command_at(folder, unpaid_judge, "check", "words.ipynb", "--judge", "told/judge")
    lines = out.splitlines()
    assert (code, (out + err).count("Incorrect API key")) == (1, 1)
    assert any(
        line.startswith("  5 criteria (C1, C2, C3, C4, C5) UNDETERMINED  The judge's call failed") for line in lines
    )
    assert lines[-1] == "  reference check: undetermined, judged by told/judge"


async def test_a_check_keeps_different_failures_and_real_verdicts_apart(folder):
    def judge(body):
        asked = json.dumps(body["messages"])
        if "Does the response consist of exactly" in asked or "Does the response end with" in asked:
            return ScriptedAnswer("Incorrect API key provided", status=401)
        return (
            ScriptedAnswer("No such model", status=404)
            if "Is the response between 50" in asked
            else ScriptedAnswer(VERDICT)
        )

    _, out, _ = await command_at(folder, judge, "check", "words.ipynb", "--judge", "told/judge")
    said = [line.split("  ")[1] for line in out.splitlines() if "UNDETERMINED" in line or " FAIL " in line]
    assert said == ["C1 UNDETERMINED", "2 criteria (C2, C5) UNDETERMINED", "C3 FAIL", "C4 FAIL"]
