"""How far a task is, for lists."""

import pytest

from core.domain.checks import (
    CheckStatus,
    EditProposals,
    ReferenceCheck,
    ReportStatus,
    RobustnessReport,
    TwoSidedCheck,
)
from core.domain.run import RunStatus
from core.domain.session import Selection
from core.domain.task_state import TaskState, has_open_work, listed_state, task_state
from tests.builders import NOW, a_run, a_session, a_task

PASSED = ReferenceCheck(status=CheckStatus.PASSED, task_hash=a_task().content_hash())
ENDED = a_run(status=RunStatus.COMPLETED)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, TaskState.DRAFT),
        ({"check": PASSED}, TaskState.CHECKED),
        ({"check": PASSED, "task": a_task(prompt="Edited since.")}, TaskState.DRAFT),
        ({"runs": (a_run(trial=True),)}, TaskState.DRAFT),
        ({"check": PASSED, "runs": (ENDED,)}, TaskState.HUNTING),
        ({"runs": (ENDED,), "selection": Selection(hunt_ids=("r_one.1",))}, TaskState.TO_REVIEW),
        ({"selection": Selection(hunt_ids=("r_one.1",)), "revealed_at": NOW}, TaskState.REVEALED),
    ],
)
def test_the_state_follows_the_trainers_steps(changes, state):
    assert task_state(a_session(**changes)) is state


@pytest.mark.parametrize(
    ("changes", "is_open"),
    [
        ({"runs": (ENDED,)}, False),
        ({"runs": (a_run(),)}, True),
        ({"check": ReferenceCheck(status=CheckStatus.RUNNING)}, True),
        ({"two_sided_check": TwoSidedCheck(status=CheckStatus.RUNNING)}, True),
        ({"two_sided_check": TwoSidedCheck(proposals=EditProposals(running=True))}, True),
        ({"robustness": RobustnessReport(status=ReportStatus.RUNNING)}, True),
    ],
)
def test_open_work_is_a_run_check_or_report_without_an_end(changes, is_open):
    assert has_open_work(a_session(**changes)) is is_open


def test_a_state_of_another_release_is_unknown():
    assert [listed_state(state) for state in (*TaskState, "sleeping", "")] == [*TaskState, "unknown", "unknown"]
