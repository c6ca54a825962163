"""The name under which an export is downloaded."""

from __future__ import annotations

import unicodedata

NAME_MOST_BYTES = 200
_FORBIDDEN = frozenset('/\\:*?"<>|')


def download_name(name: str) -> str:
    """The user's own file name without path, control and direction characters; letters of every script stay.

    Ends in `.ipynb`; at most NAME_MOST_BYTES in UTF-8. How it travels in a header is the API's business.
    """
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    kept = "".join("_" if c in _FORBIDDEN else c for c in last if unicodedata.category(c)[0] != "C")
    stem = kept.strip().removesuffix(".ipynb").strip(" .") or "notebook"
    stem = stem.encode()[: NAME_MOST_BYTES - len(".ipynb")].decode("utf-8", "ignore").rstrip(" .")
    return f"{stem}.ipynb"
