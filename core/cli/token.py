"""`python -m core token NAME --scope trainer`: a new token, shown once, and the entry that lets it in."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from core.access.tokens import TOKEN_ENTROPY_BYTES, Holder, Scope, entry_of, new_token
from core.errors import BadInput


def make_token(name: str, scope: str, known: Sequence[Holder]) -> str:
    """What a person needs to know: the token and its entry. Raises BadInput for a name that cannot be one."""
    wanted, others = Scope(scope), [holder for holder in known if holder.name == name]
    if any(holder.scope is not wanted for holder in others):
        raise BadInput(
            f"{name} is in HUNTER_TOKENS as {others[0].scope} already.",
            hint="One name has one scope: take the old entry out first, or choose another name.",
        )
    token = new_token(secrets.token_bytes(TOKEN_ENTROPY_BYTES))
    try:
        entry = entry_of(name, wanted, token)
    except ValueError as error:
        raise BadInput(str(error)) from error
    again = f"\n{name} has a token already; both work until you take the old entry out." if others else ""
    return f"""\
The token of {name}. It is shown only once; give it to nobody else:

  {token}

Add this entry to .env (after a comma if HUNTER_TOKENS already has entries), then restart:

  HUNTER_TOKENS={entry}
{again}"""
