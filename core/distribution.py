"""How this code was installed, and the files that come with it.

An installed wheel holds them inside this package (`force-include` in pyproject.toml); a checkout or an image has them
beside it.
"""

from __future__ import annotations

from pathlib import Path

NAME = "model-hunter"
_PACKAGE = Path(__file__).resolve().parent
_INSIDE = _PACKAGE / "data"
INSTALLED = _INSIDE.is_dir()
"""Whether this is an installed wheel: nothing of the user's is beside its code, and nothing is written there."""


def data_path(name: str) -> Path:
    """A file or folder that comes with the code, by its path in the repository."""
    return (_INSIDE if INSTALLED else _PACKAGE.parent) / name
