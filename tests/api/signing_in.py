"""People with tokens, for tests of access control."""

from core.access.tokens import Holder, Scope, entry_of, new_token, read_holders

TOKENS = {name: new_token(bytes([number]) * 32) for number, name in enumerate(("alice", "bob", "root"), 1)}
SCOPES = {"alice": Scope.TRAINER, "bob": Scope.TRAINER, "root": Scope.ADMIN}
ENTRIES = ",".join(entry_of(name, SCOPES[name], token) for name, token in TOKENS.items())
"""HUNTER_TOKENS for alice and bob, who hunt, and root, who sees everything."""


def holders() -> tuple[Holder, ...]:
    return read_holders(ENTRIES)


def bearer(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKENS[name]}"}


async def signed_in(client, name="alice", **headers):
    answer = await client.post("/api/sign-in", json={"token": TOKENS[name]}, headers=headers)
    assert answer.status_code == 200
    return answer
