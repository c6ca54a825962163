"""Tokens and passes as values: what is taken, what is refused, and that nothing secret stands in a sentence."""

import pytest

from core.access.passes import Pass, new_pass, read_pass, service_pass
from core.access.tokens import Holder, Register, Scope, entry_of, new_token, read_holders
from core.errors import BadSettings
from core.settings import read_settings

TOKEN, OTHER = new_token(b"a" * 32), new_token(b"b" * 32)
HASH = entry_of("alice", Scope.TRAINER, TOKEN).rpartition(":")[2]
NOW = 1_800_000_000.0


def test_an_entry_lets_its_token_in_and_no_other():
    text = f" {entry_of('alice', Scope.TRAINER, TOKEN)} , {entry_of('bob@lab-1.example', Scope.ADMIN, OTHER)}, "
    register = Register(read_holders(text))
    alice, bob = register.by_token(TOKEN), register.by_token(OTHER)
    assert (alice.name, alice.scope, bob.name, bob.scope) == ("alice", Scope.TRAINER, "bob@lab-1.example", Scope.ADMIN)
    assert [register.by_token(wrong) for wrong in ("", TOKEN[:-1], TOKEN + "A", HASH, "ü\ud800", "x" * 500)] == [
        None
    ] * 6


def test_a_name_may_have_an_old_and_a_new_token():
    holders = read_holders(f"{entry_of('alice', Scope.TRAINER, TOKEN)},{entry_of('alice', Scope.TRAINER, OTHER)}")
    register = Register(holders)
    assert register.by_token(TOKEN).name == register.by_token(OTHER).name == "alice"
    assert all(read_pass(new_pass(holder, NOW, 60), register, NOW).holder is holder for holder in holders)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("alice", "the scope of alice is none of trainer, admin"), ("alice:boss:" + HASH, "the scope of alice"),
        (f"Alice:trainer:{HASH}", "does not begin with a name"), (f":trainer:{HASH}", "does not begin with a name"),
        (f"al ice:trainer:{HASH}", "does not begin with a name"), (f"{'a' * 61}:trainer:{HASH}", "does not begin with a name"),
        ("alice:trainer:", "64 digits"), (f"alice:trainer:{HASH[:-1]}", "64 digits"), (f"alice:trainer:{HASH.upper()}", "64 digits"),
        (f"alice:trainer:{TOKEN}", "a token instead of its hash"), (TOKEN, "does not begin with a name"),
        (f"alice:trainer:{HASH},bob:trainer:{HASH}", "the same hash"),
        (f"alice:trainer:{HASH},alice:admin:{'0' * 64}", "two scopes"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_with_a_sentence_that_tells_no_secret(text, said):
    with pytest.raises(BadSettings) as refused:
        read_settings({"HUNTER_TOKENS": text})
    assert said in refused.value.message
    assert refused.value.message.startswith("HUNTER_TOKENS: ")
    for secret in (HASH, HASH[:-1], TOKEN, HASH.upper()):
        assert secret not in refused.value.message + repr(refused.value.details)


def test_neither_settings_nor_holders_show_their_hashes():
    settings = read_settings({"HUNTER_TOKENS": entry_of("alice", Scope.TRAINER, TOKEN)})
    assert HASH not in repr(settings)
    assert repr(bytes.fromhex(HASH)) not in repr(settings)


def test_a_pass_is_good_until_it_runs_out():
    alice = Holder("al.ice", Scope.TRAINER, b"1" * 32)
    register = Register((alice,))
    given = new_pass(alice, NOW, 60)
    good = Pass(alice, NOW + 60)
    assert [read_pass(given, register, NOW + s) for s in (0, 59, 60, 61)] == [good, good, None, None]


def test_a_pass_dies_with_its_token_its_scope_and_its_name():
    alice = Holder("alice", Scope.TRAINER, b"1" * 32)
    given = new_pass(alice, NOW, 60)
    others = [
        Holder("alice", Scope.TRAINER, b"2" * 32),
        Holder("alice", Scope.ADMIN, b"1" * 32),
        Holder("bob", Scope.TRAINER, b"1" * 32),
    ]
    assert [read_pass(given, Register((other,)), NOW) for other in others] == [None] * 3
    assert read_pass(given, Register(), NOW) is None


def test_a_service_asks_in_the_name_of_an_admin_or_not_at_all():
    alice, root = Holder("alice", Scope.TRAINER, b"1" * 32), Holder("root", Scope.ADMIN, b"2" * 32)
    assert read_pass(service_pass((alice, root), NOW), Register((alice, root)), NOW).holder is root
    assert service_pass((alice,), NOW) == service_pass((), NOW) == ""
