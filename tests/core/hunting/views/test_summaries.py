"""Rows of a user's sessions."""

from core.domain.run import Counts
from core.domain.session import Selection
from core.domain.verdict import Outcome
from core.errors import NotFound
from core.hunting.views.summaries import summaries
from core.sessions.base import SessionSummary
from tests.builders import NOW, a_finished_hunt, a_run, a_session


class Stored:
    def __init__(self, summary):
        self._summary = summary

    async def summary(self, session_id):
        if session_id != "s_one":
            raise NotFound("No session.")
        return self._summary


async def rows(session, selected=(), **counts):
    summary = SessionSummary(session=session, counts={"r_one": Counts(**counts)}, on_desk=selected)
    return await summaries(Stored(summary), ["s_one", "s_gone"])


async def test_an_expired_session_is_gone_and_the_others_are_counted():
    one, gone = await rows(a_session(runs=(a_run(4),), version=3), total=4, broke=1, held=1)
    assert gone == {"session_id": "s_gone", "gone": True}
    assert (one["version"], one["active_runs"], one["counts"]["broke"], one["check"]) == (
        3, 1, 1, {"status": "none", "stale": False},
    )  # fmt: skip
    assert (one["selection_complete"], one["reviews_complete"], one["revealed"], one["created_at"]) == (
        False,
        False,
        False,
        NOW,
    )


async def test_reviews_of_an_empty_selection_are_not_complete():
    hunts = tuple(a_finished_hunt(n, Outcome.BROKE) for n in range(1, 5))
    session = a_session(runs=(a_run(4),), selection=Selection(hunt_ids=tuple(hunt.hunt_id for hunt in hunts)))
    one, _ = await rows(session, hunts, total=4, broke=4)
    assert (one["selection_complete"], one["reviews_complete"], one["reviews_differ"]) == (True, False, False)
