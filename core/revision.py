"""The revision of the code in an image: set by `deploy.sh`, or read from Git's files for manual builds.

`python core/revision.py REVISION FOLDER` prints it during an image build (standard library only, without the package).
FOLDER contains HEAD, packed-refs and refs/heads of .git, or nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path

BAKED_IN = Path(__file__).resolve().parent.parent / "REVISION"
"""The file in an image; it does not exist elsewhere."""
BY_HAND = "-by-hand"
"""Suffix for builds without deploy.sh, which may contain uncommitted changes."""
DIGITS = 12


def baked_revision(path: Path = BAKED_IN) -> str:
    """The revision of this image; empty outside images, or if unknown."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def checked_out(git: Path) -> str:
    """The short hash of the checked-out commit with BY_HAND; empty if unknown."""
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
