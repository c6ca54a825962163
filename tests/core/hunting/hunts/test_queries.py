"""Hunts of a session: all of them, those of a turn, trials."""

import pytest

from core.errors import NotFound
from core.hunting.hunts import queries
from core.hunting.hunts.queries import all_hunts, hunts_of_turn, refuse_unknown_hunt, trials
from core.sessions.base import HuntPage
from tests.builders import a_finished_hunt, a_run, a_session


class Stored:
    """Hunts by number, as a store pages through them."""

    def __init__(self, *numbers):
        self._numbers = sorted(numbers)

    async def hunts(self, _session_id, *, after, limit):
        rest = [number for number in self._numbers if number > after]
        found = tuple(a_finished_hunt(number) for number in rest[:limit])
        return HuntPage(hunts=found, next=found[-1].number if len(rest) > limit else None)


def numbers(hunts):
    return [hunt.number for hunt in hunts]


async def test_all_pages_are_read(monkeypatch):
    monkeypatch.setattr(queries, "PAGE", 2)
    assert numbers(await all_hunts(Stored(1, 2, 3, 4, 5), "s_one")) == [1, 2, 3, 4, 5]
    assert numbers(await all_hunts(Stored(-1, 1, 2), "s_one", after=-9)) == [-1, 1, 2]
    assert await all_hunts(Stored(), "s_one") == ()


async def test_a_turn_has_the_hunts_of_its_runs():
    first, second = a_run(3), a_run(3, run_id="r_two", first_number=4, turn=2)
    session, store = a_session(runs=(first, second)), Stored(1, 2, 3, 4, 5, 6)
    pages = [await hunts_of_turn(store, session, turn, after=0, limit=10) for turn in (1, 2, 3)]
    assert [(numbers(page.hunts), page.next) for page in pages] == [([1, 2, 3], None), ([4, 5, 6], None), ([], None)]
    page = await hunts_of_turn(store, session, 1, after=0, limit=2)
    assert (numbers(page.hunts), page.next) == ([1, 2], None if page.next is None else 2)
    rest = await hunts_of_turn(store, session, 1, after=2, limit=10)
    assert numbers(rest.hunts) == [3]


async def test_trials_are_listed_oldest_first():
    store = Stored(-2, -1, 1)
    assert numbers(await trials(store, a_session(trials_issued=2))) == [-1, -2]
    assert await trials(store, a_session()) == ()


@pytest.mark.parametrize(
    ("hunt_id", "known"), [("r_one.4", True), ("r_one.5", False), ("r_two.1", False), ("x", False)]
)
def test_a_hunt_belongs_to_a_run_whether_or_not_it_has_started(hunt_id, known):
    session = a_session(runs=(a_run(4),))
    if known:
        refuse_unknown_hunt(session, hunt_id)
    else:
        with pytest.raises(NotFound):
            refuse_unknown_hunt(session, hunt_id)
