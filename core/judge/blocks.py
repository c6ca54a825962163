"""Delimiters that data cannot forge: they contain a nonce that occurs nowhere in the message.

    === REPLY 3f0c… ===
    the data, exactly
    === END REPLY 3f0c… ===

The nonce is a hash of the task, repeated until it occurs neither in the task nor in the reply: no text can contain it.
It is deterministic, and nearly always the same for all replies of a task, so that providers can cache what the messages
about different replies share.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal

Label = Literal["REPLY", "PROMPT", "REFERENCE RESPONSE", "CRITERION", "CRITERIA", "EARLIER PROMPT", "EARLIER REPLY"]

NONCE_CHARS = 16  # hexadecimal: 64 bits, too many to guess


def nonce_for(contents: Sequence[str], reply: str = "") -> str:
    """16 hexadecimal characters, a hash of `contents`, that occur neither in these nor in `reply`. All must be
    encodable."""
    digest = hashlib.sha256()
    for content in contents:
        digest.update(hashlib.sha256(content.encode()).digest())
    while True:
        nonce = digest.hexdigest()[:NONCE_CHARS]
        if nonce not in reply and not any(nonce in content for content in contents):
            return nonce
        digest.update(b"again")


def block(label: Label, nonce: str, data: str) -> str:
    """`data`, unchanged, on separate lines between its delimiters."""
    return f"=== {label} {nonce} ===\n{data}\n=== END {label} {nonce} ==="
