"""Who may see whose items."""

import pytest

from core.access.roles import ANYBODY, Caller, People, SessionRole, caller_of
from core.access.tokens import Holder, Scope

ANA, BEN, ROOT = Caller("ana", Scope.TRAINER), Caller("ben", Scope.TRAINER), Caller("root", Scope.ADMIN)


@pytest.mark.parametrize(
    ("caller", "seen"), [(ANA, {"ana"}), (ROOT, {"ana", "ben", ""}), (ANYBODY, {"ana", "ben", ""})]
)
def test_trainers_own_what_is_theirs_and_admins_everything(caller, seen):
    assert {owner for owner in ("ana", "ben", "") if caller.role(People(owner)) is SessionRole.OWNER} == seen
    assert all(caller.role(People(owner)) is SessionRole.NONE for owner in {"ana", "ben", ""} - seen)


def test_an_earlier_owner_who_kept_access_reads():
    assert [one.role(People("ben", readers=("ana",))) for one in (ANA, BEN, ROOT)] == [
        SessionRole.READER,
        SessionRole.OWNER,
        SessionRole.OWNER,
    ]


@pytest.mark.parametrize("both_reviewed", [False, True])
def test_a_second_reviewer_has_the_desk_and_an_admin_more_only_when_both_are_done(both_reviewed):
    people = People("ana", reviewer="ben", both_reviewed=both_reviewed)
    assert (ANA.role(people), BEN.role(people)) == (SessionRole.OWNER, SessionRole.REVIEWER)
    admin = ROOT.role(People("ana", reviewer="root", both_reviewed=both_reviewed))
    assert admin is (SessionRole.OWNER if both_reviewed else SessionRole.REVIEWER)


def test_without_a_name_nobody_is_the_reviewer():
    assert Caller("", Scope.TRAINER).role(People("ana")) is SessionRole.NONE


def test_a_caller_is_the_holder_of_the_token_for_as_long_as_the_sign_in():
    assert caller_of(Holder("ana", Scope.TRAINER, b""), 5.0) == Caller("ana", Scope.TRAINER, 5.0)
    assert caller_of(Holder("root", Scope.ADMIN, b"")).until_s == float("inf")
