"""Sign-in cookies: until when and for whom they are valid."""

from core.access.cookies import SignInCookie, new_cookie, read_cookie, service_token
from core.access.tokens import Holder, Register, Scope

NOW = 1_800_000_000.0


def test_a_cookie_is_valid_until_it_expires():
    alice = Holder("al.ice", Scope.TRAINER, b"1" * 32)
    register = Register((alice,))
    given = new_cookie(alice, NOW, 60)
    good = SignInCookie(alice, NOW + 60)
    assert [read_cookie(given, register, NOW + s) for s in (0, 59, 60, 61)] == [good, good, None, None]


def test_a_cookie_is_invalid_without_its_token_scope_or_name():
    alice = Holder("alice", Scope.TRAINER, b"1" * 32)
    given = new_cookie(alice, NOW, 60)
    others = [
        Holder("alice", Scope.TRAINER, b"2" * 32),
        Holder("alice", Scope.ADMIN, b"1" * 32),
        Holder("bob", Scope.TRAINER, b"1" * 32),
    ]
    assert [read_cookie(given, Register((other,)), NOW) for other in others] == [None] * 3
    assert read_cookie(given, Register(), NOW) is None


def test_a_service_signs_its_token_as_an_admin_or_not_at_all():
    alice, root = Holder("alice", Scope.TRAINER, b"1" * 32), Holder("root", Scope.ADMIN, b"2" * 32)
    assert read_cookie(service_token((alice, root), NOW), Register((alice, root)), NOW).holder is root
    assert service_token((alice,), NOW) == service_token((), NOW) == ""
