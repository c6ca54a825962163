"""The names of notebooks as they come and as they are handed out."""

from __future__ import annotations

import re
import unicodedata

MAX_NAME_BYTES = 200
_DELIVERED = re.compile(r"(.*)-hunted(?:-([1-9]\d{0,5}))?")
_FORBIDDEN = frozenset('/\\:*?"<>|')


def download_name(name: str) -> str:
    """The user's own file name without path, control and direction characters; letters of every script stay.

    Ends in `.ipynb`; at most MAX_NAME_BYTES in UTF-8. How it travels in a header is the API's business.
    """
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    kept = "".join("_" if c in _FORBIDDEN else c for c in last if unicodedata.category(c)[0] != "C")
    stem = kept.strip().removesuffix(".ipynb").strip(" .") or "notebook"
    stem = stem.encode()[: MAX_NAME_BYTES - len(".ipynb")].decode("utf-8", "ignore").rstrip(" .")
    return f"{stem}.ipynb"


def delivery_name(name: str) -> str:
    """The name under which a notebook that came as `name` is handed out: never its own, so that saving it beside the
    source overwrites nothing. `task.ipynb` becomes `task-hunted.ipynb`, and that `task-hunted-2.ipynb`."""
    stem = download_name(name).removesuffix(".ipynb")
    before = _DELIVERED.fullmatch(stem)
    ending = f"-hunted-{int(before[2] or 1) + 1}" if before else "-hunted"
    most = MAX_NAME_BYTES - len(f"{ending}.ipynb")
    kept = (before[1] if before else stem).encode()[:most].decode("utf-8", "ignore")
    return f"{kept.rstrip(' .')}{ending}.ipynb"
