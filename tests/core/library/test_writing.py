"""Large transactions are written in steps, and others run meanwhile."""

from core.library.writing import STEP_HUNTS, in_steps
from tests.contracts.test_library import a_head, a_stored_hunt, changed


def test_a_large_session_is_divided_and_its_head_comes_first():
    hunts = tuple(a_stored_hunt(number) for number in range(1, 2 * STEP_HUNTS + 11))
    large = changed("s_b", head=a_head("s_b"), notebook=b"{}", hunts=hunts)
    small = changed("s_c", head=a_head("s_c"), hunts=hunts[:3])
    steps = list(in_steps([changed("s_a", deleted_by=""), large, small]))
    assert [[(one.session_id, one.head is not None, len(one.hunts)) for one in step] for step in steps] == [
        [("s_a", False, 0), ("s_b", True, STEP_HUNTS)],
        [("s_b", False, STEP_HUNTS)],
        [("s_b", False, 10), ("s_c", True, 3)],
    ]
    assert sum((one.hunts for step in steps for one in step if one.session_id == "s_b"), ()) == hunts
    assert (steps[0][0].deleted_by, steps[0][1].notebook) == ("", b"{}")


def test_nothing_to_write_takes_no_step():
    assert list(in_steps([])) == []
