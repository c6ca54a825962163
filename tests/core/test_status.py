"""The status that the API and the dashboard share."""

from core.domain.verdict import Outcome
from core.status import HuntNumbers


def test_hunts_are_counted_by_every_outcome():
    numbers = HuntNumbers(active=9, done=21, broke=1, held=2, undetermined=3, error=4, cancelled=5, interrupted=6)
    assert numbers.outcomes() == {
        "broke": 1, "held": 2, "undetermined": 3, "error": 4, "cancelled": 5, "interrupted": 6,
    }  # fmt: skip
    assert set(numbers.outcomes()) == {outcome.value for outcome in Outcome}
