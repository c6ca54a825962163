"""Tokens: what is accepted, what is rejected, and that no error contains a secret."""

import pytest

from core.access.cookies import new_cookie, read_cookie
from core.access.tokens import Register, Scope, entry_of, new_token, read_holders
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
    assert all(read_cookie(new_cookie(holder, NOW, 60), register, NOW).holder is holder for holder in holders)


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
def test_invalid_entries_are_rejected_with_an_error_that_reveals_no_secret(text, said):
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
