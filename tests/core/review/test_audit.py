"""The draw of held hunts: random, reproducible, and stable once made."""

import hashlib
from collections import Counter

from core.domain.session import Audit, Selection
from core.domain.verdict import Outcome
from core.review.audit import draw_is_due, draw_order, with_draw
from tests.builders import NOW, a_finished_hunt, a_run, a_session, a_task

BREAKS = [a_finished_hunt(n) for n in (1, 2)]
HELD = [a_finished_hunt(n, Outcome.HELD) for n in range(3, 13)]
HUNTS = (*BREAKS, *HELD)


def a_desk(held=2, selected=("r_one.1", "r_one.2"), **changes):
    selection = Selection(hunt_ids=selected, slots=2, least_breaks=0)
    made = {"runs": (a_run(12),), "selection": selection, "audit": Audit(held=held), "card_secret": "a"}
    return a_session(**(made | changes))


def test_held_hunts_are_drawn_by_the_hash_of_seed_and_id():
    drawn = with_draw(a_desk(), HUNTS)
    seed = drawn.audit.seed
    order = sorted((h.hunt_id for h in HELD), key=lambda i: hashlib.sha256(f"{seed} {i}".encode()).hexdigest())
    assert drawn.audit == Audit(held=2, seed=seed, drawn=tuple(order[:2]))
    assert drawn.desk_ids == ("r_one.1", "r_one.2", *order[:2])
    assert len(seed) == 32
    assert with_draw(a_desk(), HUNTS[::-1]) == drawn, "another process, which reads the hunts in another order"


def test_each_held_hunt_is_drawn_equally_often():
    times = Counter(i for n in range(2000) for i in with_draw(a_desk(card_secret=str(n)), HUNTS).audit.drawn)
    assert set(times) == {hunt.hunt_id for hunt in HELD}
    assert all(320 < n < 480 for n in times.values()), times  # 400 expected, standard deviation 18


def test_a_draw_is_not_repeated_and_does_not_change_with_more_hunts():
    drawn = with_draw(a_desk(), HUNTS)
    assert not draw_is_due(drawn)
    assert with_draw(drawn, (*HUNTS, a_finished_hunt(99, Outcome.HELD))) is drawn


def test_where_fewer_held_all_are_drawn_and_later_ones_are_added():
    drawn = with_draw(a_desk(), HUNTS[:3])
    assert drawn.audit.drawn == ("r_one.3",)
    assert draw_is_due(drawn)
    assert with_draw(drawn, HUNTS[:3]) is drawn
    more = with_draw(drawn, HUNTS)
    assert (more.audit.drawn[0], len(more.audit.drawn)) == ("r_one.3", 2)


def test_nothing_is_drawn_before_the_slots_are_full_after_reveal_or_without_the_setting():
    for session in (a_desk(selected=("r_one.1",)), a_desk(selected=()), a_desk(held=0), a_desk(revealed_at=NOW)):
        assert not draw_is_due(session)
        assert with_draw(session, HUNTS) is session


def test_only_held_hunts_of_this_turn_and_of_a_selected_task_are_drawn_without_trials():
    other = a_run(12, run_id="r_task", first_number=20, task=a_task(4))
    earlier = a_run(12, run_id="r_turn", first_number=40)
    trial = a_run(1, run_id="r_try", first_number=-1, trial=True)
    runs = (a_run(12), other, earlier.model_copy(update={"turn": 2}), trial)
    wrong = [
        a_finished_hunt(20, Outcome.HELD, hunt_id="r_task.1", run_id="r_task"),
        a_finished_hunt(40, Outcome.HELD, hunt_id="r_turn.1", run_id="r_turn", turn=2),
        a_finished_hunt(-1, Outcome.HELD, hunt_id="r_try.1", run_id="r_try"),
        a_finished_hunt(3, Outcome.UNDETERMINED),
        a_finished_hunt(4, Outcome.BROKE),
    ]
    selected_held = a_desk(held=9, runs=runs, selected=("r_one.1", "r_one.12"))
    assert with_draw(selected_held, (*wrong, HELD[-1], HELD[-2])).audit.drawn == ("r_one.11",)


def test_a_drawn_hunt_that_is_selected_later_leaves_the_audit_for_another_and_stays_drawn():
    drawn = with_draw(a_desk(), HUNTS)
    first, second = drawn.audit.drawn
    selection = drawn.selection.model_copy(update={"hunt_ids": ("r_one.1", first)})
    swapped = drawn.model_copy(update={"selection": selection})
    assert (swapped.audited_ids, draw_is_due(swapped)) == ((second,), True)
    again = with_draw(swapped, HUNTS)
    assert again.audit.drawn[:2] == (first, second)
    assert again.audited_ids == (second, again.audit.drawn[2])


def test_the_order_of_the_draw_does_not_depend_on_the_order_of_the_hunts():
    ids = [hunt.hunt_id for hunt in HELD]
    assert draw_order("s", ids) == draw_order("s", ids[::-1]) != draw_order("t", ids)
