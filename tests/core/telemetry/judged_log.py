"""A telemetry log with known verdicts of people and of judges, for the judge cards."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.telemetry.records import HuntRecord, Record, ReviewRecord, VerdictRecord, VerdictSource
from tests.dashboard_app.records_made_up import write_log

START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
FIRST, SECOND, LIKE_FIRST = "openai/gpt-5", "fireworks/other", "openai/gpt-5-mini"
PROMPT = "0123456789ab"
CRITERIA = ("C1", "C2", "C3", "C4")
At = tuple[datetime, Record]


def hunted(number: int, verdicts: dict[str, str], **changes: object) -> HuntRecord:
    made = {
        "session": "s", "run_id": "r", "hunt_id": f"r.{number}", "number": number, "notebook": "n.ipynb",
        "task_id": "", "domain": "", "taxonomy": "", "model": "openai/target", "provider": "openai",
        "judge_model": FIRST, "judge_prompt": PROMPT, "simulated": False, "outcome": "broke", "passed": 0,
        "criteria": len(verdicts), "verdicts": verdicts, "task": "0a1b", "reply_mark": f"m{number}",
        "verdict_usd": 0.002, "verdict_ms": 900.0,
    }  # fmt: skip
    return HuntRecord(**(made | changes))


def reviewed(number: int, human: dict[str, str], judge: dict[str, str], **changes: object) -> ReviewRecord:
    made = {
        "session": "s", "run_id": "r", "hunt_id": f"r.{number}", "notebook": "n.ipynb", "task": "0a1b",
        "model": "openai/target", "judge_model": FIRST, "judge_prompt": PROMPT, "simulated": False, "blind": True,
        "human": human, "judge": judge, "human_outcome": "broke", "judge_outcome": "broke",
    }  # fmt: skip
    return ReviewRecord(**(made | changes))


def judged_later(number: int, criterion: str, verdict: str, source: VerdictSource, **changes: object) -> VerdictRecord:
    made = {
        "session": "s", "run_id": "r", "hunt_id": f"r.{number}", "criterion": criterion, "verdict": verdict,
        "source": source, "round": 1, "judge_model": FIRST, "judge_prompt": PROMPT, "judge_parameters": "",
        "simulated": False, "notebook": "n.ipynb", "task": "0a1b", "model": "openai/target",
        "reply_mark": f"m{number}", "blind": True, "verdict_usd": 0.001, "verdict_ms": 500.0,
    }  # fmt: skip
    return VerdictRecord(**(made | changes))


def judged_log(seed: int = 3, hunts: int = 60) -> Iterator[At]:
    """Hunts that are all reviewed. The first judge is wrong in 15 %; SECOND judges all replies and errs for itself;
    LIKE_FIRST gives second opinions on the FAILs and is wrong where the first is; the first is asked again and has
    drifted."""
    chance = random.Random(seed)
    for number in range(1, hunts + 1):
        at = START + timedelta(minutes=10 * number)
        human = {criterion: chance.choice(("PASS", "PASS", "FAIL")) for criterion in CRITERIA}
        first = {c: _answer(chance, word, 0.15) for c, word in human.items()}
        yield at, hunted(number, first)
        for criterion, word in human.items():
            other = _answer(chance, word, 0.2)
            yield at + timedelta(minutes=1), judged_later(number, criterion, other, "drift", judge_model=SECOND)
            if first[criterion] == "FAIL":
                opinion = _answer(chance, first[criterion], 0.05)
                yield (
                    at + timedelta(minutes=2),
                    judged_later(number, criterion, opinion, "opinion", judge_model=LIKE_FIRST),
                )
        yield at + timedelta(minutes=5), reviewed(number, human, first, blind=number % 2 == 0)
        for criterion, word in human.items() if number <= hunts // 2 else ():
            again = _answer(chance, word, 0.4)
            yield at + timedelta(days=2), judged_later(number, criterion, again, "drift", round=2)


def write_judged_log(directory: Path, seed: int = 3, hunts: int = 60) -> None:
    write_log(directory, judged_log(seed, hunts))


def _answer(chance: random.Random, right: str, error: float) -> str:
    drawn = chance.random()
    if drawn < 0.01:
        return "UNDETERMINED"
    wrong = {"PASS": "FAIL", "FAIL": "PASS"}.get(right, right)
    return wrong if drawn < error else right
