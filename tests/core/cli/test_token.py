"""`python -m core token`: the token once, its entry, and refusals in a sentence."""

import re

import pytest

from core.access.tokens import Register, Scope
from core.cli.commands import main
from core.settings import read_settings


@pytest.mark.parametrize(("words", "scope"), [(["alice"], Scope.TRAINER), (["alice", "--scope", "admin"], Scope.ADMIN)])
def test_the_entry_that_is_printed_lets_the_printed_token_in(capsys, words, scope):
    tokens = set()
    for _ in range(2):
        assert main(["token", *words]) == 0
        said = capsys.readouterr().out
        token, entry = re.search(r"mh_\S+", said)[0], re.search(r"HUNTER_TOKENS=(\S+)", said)[1]
        holder = Register(read_settings({"HUNTER_TOKENS": entry}).access.tokens).by_token(token)
        assert (holder.name, holder.scope) == ("alice", scope)
        tokens.add(token)
    assert len(tokens) == 2


def test_a_name_that_cannot_be_one_is_refused(capsys):
    assert main(["token", "Alice Smith"]) == 2
    said = capsys.readouterr()
    assert "lower-case letters" in said.err
    assert "mh_" not in said.out


def test_a_second_token_of_a_name_is_said_and_another_scope_refused(capsys, monkeypatch):
    assert main(["token", "alice"]) == 0
    entry = re.search(r"HUNTER_TOKENS=(\S+)", capsys.readouterr().out)[1]
    monkeypatch.setenv("HUNTER_TOKENS", entry)
    assert main(["token", "alice"]) == 0
    assert "alice already has a token" in capsys.readouterr().out
    assert main(["token", "alice", "--scope", "admin"]) == 2
    assert "alice is already in HUNTER_TOKENS with the scope trainer" in capsys.readouterr().err
