"""The revision of the code in an image: what `deploy.sh` says, and when it is built by hand, what Git's own files say.

`python core/revision.py REVISION FOLDER` prints it while an image is built (standard library only, no package around).
FOLDER holds what the build was given of .git: HEAD, packed-refs, refs/heads, or nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path

BAKED_IN = Path(__file__).resolve().parent.parent / "REVISION"
"""Where an image keeps it; elsewhere this file does not exist."""
BY_HAND = "-by-hand"
"""Ends the revision of what was built without deploy.sh: whether files were changed since the commit is not known."""
DIGITS = 12


def baked_revision(path: Path = BAKED_IN) -> str:
    """The revision of this image; empty outside of images, and where nobody knew it."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def checked_out(git: Path) -> str:
    """The commit that is checked out, shortened, with BY_HAND; empty when the folder does not say."""
    head = _read(git / "HEAD").strip()
    branch = head.removeprefix("ref: ")
    commit = head if branch == head else _read(git / branch).strip() or _packed(git, branch)
    return commit[:DIGITS] + BY_HAND if commit else ""


def _packed(git: Path, branch: str) -> str:
    lines = (line.split(" ") for line in _read(git / "packed-refs").splitlines())
    return next((words[0] for words in lines if words[1:] == [branch]), "")


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


if __name__ == "__main__":
    sys.stdout.write((sys.argv[1] or checked_out(Path(sys.argv[2]))) + "\n")
