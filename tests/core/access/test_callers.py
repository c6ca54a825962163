"""Who may see whose items."""

import pytest

from core.access.callers import ANYBODY, Caller, caller_of
from core.access.tokens import Holder, Scope


@pytest.mark.parametrize(
    ("caller", "seen"),
    [
        (Caller("ana", Scope.TRAINER), {"ana"}),
        (Caller("root", Scope.ADMIN), {"ana", "ben", ""}),
        (ANYBODY, {"ana", "ben", ""}),
    ],
)
def test_trainers_see_their_own_and_admins_see_all(caller, seen):
    assert {owner for owner in ("ana", "ben", "") if caller.sees(owner)} == seen


def test_a_caller_is_the_holder_of_the_token_for_as_long_as_the_sign_in():
    assert caller_of(Holder("ana", Scope.TRAINER, b""), 5.0) == Caller("ana", Scope.TRAINER, 5.0)
    assert caller_of(Holder("root", Scope.ADMIN, b"")).until_s == float("inf")
