"""`python -m core token NAME --scope trainer`: creates a token, shown once, and its HUNTER_TOKENS entry."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from core.access.tokens import TOKEN_ENTROPY_BYTES, Holder, Scope, entry_of, new_token
from core.errors import BadInput


def make_token(name: str, scope: str, known: Sequence[Holder]) -> str:
    """The token and its entry, as instructions. Raises BadInput for an invalid name."""
    wanted, others = Scope(scope), [holder for holder in known if holder.name == name]
    if any(holder.scope is not wanted for holder in others):
        raise BadInput(
            f"{name} is already in HUNTER_TOKENS with the scope {others[0].scope}.",
            hint="A name can have only one scope: remove the old entry, or choose another name.",
        )
    token = new_token(secrets.token_bytes(TOKEN_ENTROPY_BYTES))
    try:
        entry = entry_of(name, wanted, token)
    except ValueError as error:
        raise BadInput(str(error)) from error
    again = f"\n{name} already has a token; both work until you remove the old entry." if others else ""
    return f"""\
Token for {name} (shown once; keep it secret):

  {token}

Add this entry to .env (after a comma if HUNTER_TOKENS already has entries), then restart:

  HUNTER_TOKENS={entry}
{again}"""
