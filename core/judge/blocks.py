"""Delimiters that data cannot forge: they contain a nonce that depends on the whole message.

    === REPLY 3f0c… ===
    the data, exactly
    === END REPLY 3f0c… ===

The nonce is a hash of the contents, repeated until it occurs in none of them. The author of a reply cannot know it, and
no text can contain it. It is deterministic: the same contents give the same nonce.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal

Label = Literal["REPLY", "PROMPT", "REFERENCE RESPONSE", "CRITERION", "EARLIER PROMPT", "EARLIER REPLY"]

NONCE_CHARS = 16  # hexadecimal: 64 bits, too many to guess


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
    """`data`, unchanged, on separate lines between its delimiters."""
    return f"=== {label} {nonce} ===\n{data}\n=== END {label} {nonce} ==="
