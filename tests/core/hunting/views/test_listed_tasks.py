from datetime import UTC, datetime

import pytest

from core.hunting.views.listed_tasks import listed_task
from core.library.records import StoredTask


def a_stored_task(**changes) -> StoredTask:
    made = {
        "session_id": "s_one", "name": "n.ipynb", "owner": "ada", "state": "hunting", "archived": False, "created_ms": 0,
        "changed_ms": 1500, "excerpt": "Name", "sealed": False, "planned_hunts": 8,
        "outcomes": {"broke": 2, "held": 1, "": 1}, "cost_usd": 0.1 + 0.2, "target_cost_usd": 0.2,
    }  # fmt: skip
    return StoredTask(**(made | changes))


def test_a_task_in_a_list():
    assert listed_task(a_stored_task()) == {
        "session_id": "s_one", "name": "n.ipynb", "state": "hunting", "owner": "ada", "archived": False,
        "created_at": datetime(1970, 1, 1, tzinfo=UTC), "updated_at": datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC),
        "counts": {
            "total": 8, "done": 3, "broke": 2, "held": 1, "undetermined": 0, "error": 0, "cancelled": 0, "interrupted": 0,
        },
        "cost_usd": 0.3, "excerpt": "Name",
    }  # fmt: skip


@pytest.mark.parametrize(("sealed", "cost"), [(True, 0.2), (False, 0.3)])
def test_a_sealed_task_shows_the_cost_of_target_calls_only(sealed, cost):
    assert listed_task(a_stored_task(sealed=sealed))["cost_usd"] == cost
    assert listed_task(a_stored_task(sealed=sealed, cost_usd=None, target_cost_usd=None))["cost_usd"] is None


def test_hunts_of_another_release_count_although_their_runs_are_not_known():
    assert listed_task(a_stored_task(planned_hunts=0))["counts"]["total"] == 4
