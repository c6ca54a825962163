"""The files of a dump and its manifest."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from core.domain.value import Value
from core.errors import BadInput

FORMAT = "model-hunter-library"
SCHEMA = 1
MANIFEST = "manifest.json"
SESSIONS, HUNTS = "sessions.jsonl", "hunts.jsonl"
ORIGINALS, FINISHED = "originals", "notebooks"
"""Folders of notebooks by session ID: as they were loaded, and as they would be delivered."""
READ_BYTES = 1024 * 1024
FOLDER_MODE, FILE_MODE = 0o700, 0o600
"""A dump has everything that the library has of its tasks."""


class DumpedFile(Value):
    sha256: str
    size_bytes: int


class Manifest(Value):
    format: str
    schema_version: int
    release: str
    created_at: datetime
    owner: str | None
    """Whose tasks; None: everyone's."""
    since: datetime | None
    until: datetime | None
    sessions: int
    hunts: int
    files: dict[str, DumpedFile]
    """By path in the folder, with `/`."""


def file_of(path: Path) -> DumpedFile:
    """Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(READ_BYTES):
            digest.update(piece)
        return DumpedFile(sha256=digest.hexdigest(), size_bytes=file.tell())


def read_manifest(folder: Path) -> Manifest:
    """Raises BadInput for a folder that is no dump, or is one of a newer release."""
    try:
        text = (folder / MANIFEST).read_bytes()
    except OSError as error:
        raise BadInput(
            f"{folder} is no dump of a library: its {MANIFEST} cannot be read ({error.strerror}).",
            hint="Name the folder that `library export --out` wrote.",
        ) from error
    try:
        manifest = Manifest.model_validate_json(text, extra="ignore")
    except ValidationError as error:
        raise BadInput(f"{folder / MANIFEST} is not a manifest of a dump.", hint="Export the tasks again.") from error
    if manifest.format != FORMAT or manifest.schema_version > SCHEMA:
        raise BadInput(
            f"{folder} has format {manifest.format[:40]} {manifest.schema_version}; this release reads {FORMAT} "
            f"up to {SCHEMA}.",
            hint="Import it with the release that exported it, or a newer one.",
        )
    return manifest


def check_files(folder: Path, manifest: Manifest) -> None:
    """Raises BadInput if a file is missing, changed or outside the folder."""
    root = folder.resolve()
    for name, expected in manifest.files.items():
        path = (root / name).resolve()
        if not path.is_relative_to(root):
            raise BadInput(f"The manifest names a file outside the dump: {name[:100]}.", hint="Export the tasks again.")
        try:
            found = file_of(path)
        except OSError as error:
            raise BadInput(f"{name} of the dump cannot be read: {error.strerror}.", hint="Copy it again.") from error
        if found != expected:
            raise BadInput(
                f"{name} of the dump is not as it was exported: its hash differs.",
                hint="Copy the dump again, or export the tasks again.",
            )
