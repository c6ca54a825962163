"""Builders of values for tests: everything has a plausible default, a test names what it is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from core.domain.chat import Reply
from core.domain.criteria import Criterion
from core.domain.hunt import Hunt, HuntStatus
from core.domain.review import Review
from core.domain.run import Run
from core.domain.session import Session
from core.domain.task import Task
from core.domain.verdict import CriterionVerdict, Outcome, Verdict
from core.errors import HunterError

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class HandClock:
    """A clock that only the test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds


def a_task(criteria: int = 3, **changes: object) -> Task:
    made = {
        "prompt": "Name the element with atomic number 36.",
        "response": "Krypton.",
        "criteria": tuple(Criterion(id=f"C{n}", text=f"Says thing {n}.") for n in range(1, criteria + 1)),
    }
    return Task(**(made | changes))


def a_run(hunts: int = 4, **changes: object) -> Run:
    made = {
        "run_id": "r_one",
        "models": ("simulated/hasty",),
        "hunts": hunts,
        "judge_model": "simulated/judge",
        "task": a_task(),
        "first_number": 1,
        "created_at": NOW,
    }
    return Run(**(made | changes))


def a_session(**changes: object) -> Session:
    task = changes.get("task", a_task())
    made = {"session_id": "s_one", "created_at": NOW, "task": task, "loaded_task": task, "name": "task.ipynb"}
    return Session(**(made | changes))


def a_verdict(criterion_id: str = "C1", verdict: Verdict = Verdict.PASS, **changes: object) -> CriterionVerdict:
    return CriterionVerdict(
        criterion_id=criterion_id, verdict=verdict, **({"reason": "It does.", "calls": 1} | changes)
    )


def a_hunt(number: int = 1, **changes: object) -> Hunt:
    made = {"hunt_id": f"r_one.{number}", "run_id": "r_one", "number": number, "model": "simulated/hasty"}
    return Hunt(**(made | changes))


def a_finished_hunt(number: int = 1, outcome: Outcome = Outcome.BROKE, **changes: object) -> Hunt:
    verdict = Verdict.PASS if outcome is Outcome.HELD else Verdict.FAIL
    made = {
        "status": HuntStatus.DONE,
        "outcome": outcome,
        "reply": Reply(text=f"Reply {number}.", cost_usd=0.01),
        "verdicts": tuple(a_verdict(f"C{n}", verdict, cost_usd=0.001) for n in (1, 2, 3)),
        "started_at": NOW,
        "finished_at": NOW + timedelta(seconds=2),
    }
    return a_hunt(number, **(made | changes))


WORDS = "It names the wrong town and gives no source for it."
"""Eleven of them."""


def a_review(hunt_id: str = "r_one.1", said: str = "PFF", explanation: str = WORDS, **changes: object) -> Review:
    """`said`: one letter for each criterion from C1 on, P or F; "-" leaves one out."""
    words = {"P": Verdict.PASS, "F": Verdict.FAIL}
    verdicts = tuple((f"C{n}", words[letter]) for n, letter in enumerate(said, 1) if letter != "-")
    made = {"hunt_id": hunt_id, "verdicts": verdicts, "explanation": explanation, "saved_at": NOW}
    return Review(**(made | changes))


def error_values(error: HunterError) -> dict[str, object]:
    """Everything that an error says, to compare as a whole."""
    return {"message": error.message, "hint": error.hint, "code": error.code, "details": error.details}
