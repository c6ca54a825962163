"""Delimiters that data cannot forge: a block carries a nonce that follows from everything in the message.

    === REPLY 3f0c… ===
    the data, exactly
    === END REPLY 3f0c… ===

The nonce is derived from the contents and derived again until it occurs in none of them, so whoever writes a
reply cannot know it, and no text can hold it. No chance is involved: the same contents have the same nonce.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal

Label = Literal["REPLY", "PROMPT", "REFERENCE RESPONSE", "CRITERION", "EARLIER PROMPT", "EARLIER REPLY"]

NONCE_CHARS = 16  # hexadecimal: 64 bits, too many to aim at


def nonce_for(contents: Sequence[str]) -> str:
    """16 hexadecimal characters that occur in none of `contents`. The contents must be encodable."""
    digest = hashlib.sha256()
    for content in contents:
        digest.update(hashlib.sha256(content.encode()).digest())
    while True:
        nonce = digest.hexdigest()[:NONCE_CHARS]
        if not any(nonce in content for content in contents):
            return nonce
        digest.update(b"again")


def block(label: Label, nonce: str, data: str) -> str:
    """`data`, unchanged, on lines of its own between its delimiters."""
    return f"=== {label} {nonce} ===\n{data}\n=== END {label} {nonce} ==="
