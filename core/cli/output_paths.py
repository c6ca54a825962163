"""Output paths of finished notebooks, validated before any hunt starts, because hunts cost money."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import stat
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from core.cli.input_files import Source
from core.cli.output import discard_stdout
from core.errors import BadInput

MAX_LINKS = 40
"""As in the kernel: links may form a cycle."""
STDOUT = Path("/dev/stdout")
"""Also for `--out -`, and for the file that stdout is redirected to."""


def places(sources: Sequence[Source], out: str) -> list[Path | None]:
    """The output file of each notebook; None without `out`. Raises BadInput if a path is unusable."""
    if not out:
        return [None] * len(sources)
    if out == "-" or _is_stdout(out):
        if len(sources) > 1:
            raise BadInput(f"{len(sources)} notebooks cannot share standard output.", hint="Name a folder with --out.")
        return [STDOUT]
    try:
        return _places(sources, Path(out), is_folder=out.endswith(os.sep))
    except (OSError, RuntimeError) as error:  # a name that is too long; a cycle of links
        why = error.strerror if isinstance(error, OSError) else "its links form a cycle"
        raise BadInput(f"{out} cannot be written: {why}.", hint="Choose another path with --out.") from error


def _places(sources: Sequence[Source], target: Path, *, is_folder: bool) -> list[Path | None]:
    if len(sources) == 1 and not is_folder and not target.is_dir():
        return [_writable(target)]
    if target.exists() and not target.is_dir():
        raise BadInput(f"{target} is a file, and there are {len(sources)} notebooks.", hint="Name a folder with --out.")
    if target.suffix == ".ipynb" and not is_folder and not target.exists():
        raise BadInput(
            f"{target} is the name of one notebook, and there are {len(sources)}.",
            hint=f"Name a folder with --out; {target}{os.sep} is one of that name.",
        )
    twice = [name for name, n in Counter(source.name for source in sources).items() if n > 1]
    if twice:
        raise BadInput(
            f"Several notebooks are named {', '.join(twice)}: one would overwrite the other.",
            hint="Hunt them separately, each with its own --out.",
        )
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"{target} cannot be created: {error.strerror}.", hint="Choose another path with --out."
        ) from error
    return [_writable(target / source.name) for source in sources]


def write_notebook(place: Path, notebook: bytes, *, replaces: Callable[[bytes], bool]) -> Path | None:
    """Write the notebook atomically.

    `replaces(old)` returns whether the new notebook contains everything in the existing file; if not, the old file is
    renamed, and its new path is returned. If writing fails, saves the notebook to a temporary file and raises BadInput
    with its path.
    """
    try:
        return _write(place, notebook, replaces)
    except OSError as error:
        handle, kept = tempfile.mkstemp(prefix="model-hunter-", suffix=".ipynb")
        with os.fdopen(handle, "wb") as file:
            file.write(notebook)
        where = "Standard output" if place == STDOUT else place
        raise BadInput(f"{where} cannot be written: {error.strerror}.", hint=f"The notebook is in {kept}.") from error


def _is_stdout(out: str) -> bool:
    try:
        return os.path.samestat(Path(out).stat(), os.fstat(1))
    except (OSError, ValueError):
        return False


def _write_to_stdout(notebook: bytes) -> None:
    try:
        sys.stdout.buffer.write(notebook)
        sys.stdout.flush()
    except OSError:
        discard_stdout()
        raise


def _is_descriptor(place: Path) -> bool:
    """Whether the path is an open file descriptor: `/dev/stderr`, `/dev/fd/3`, or a link to one."""
    for _ in range(MAX_LINKS):
        if not place.is_symlink():
            break
        if re.fullmatch(r"/proc/\d+/fd", str(place.parent.resolve())):
            return True
        place = place.parent / place.readlink()
    return False


def _write(place: Path, notebook: bytes, replaces: Callable[[bytes], bool]) -> Path | None:
    if place == STDOUT:
        _write_to_stdout(notebook)
        return None
    if _is_descriptor(place):  # others may write to it too: append only
        with place.open("ab") as file:
            file.write(notebook)
        return None
    place = place.resolve()  # replace the link's target, not the link
    if place.exists() and not place.is_file():  # a pipe or a device; a folder raises OSError
        place.write_bytes(notebook)
        return None
    beside = _written_beside(place, notebook)
    try:
        kept = None
        if place.exists():
            shutil.copymode(place, beside)
            if not replaces(place.read_bytes()):
                kept = _free_name(place)
                _keep_copy(place, kept)
        beside.replace(place)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    return kept


def _written_beside(place: Path, notebook: bytes) -> Path:
    """A new file in the same folder, synced to disk before it replaces the old one."""
    handle, name = tempfile.mkstemp(prefix=f".{place.stem[:40]}-", suffix=".part", dir=place.parent)
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(notebook)
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(0o666 & ~_umask())  # mkstemp creates owner-only files
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    return beside


def _umask() -> int:
    now = os.umask(0o077)
    os.umask(now)
    return now


def _free_name(place: Path) -> Path:
    """`done.1.ipynb` for `done.ipynb`, or the next free number."""
    names = (place.with_name(f"{place.stem}.{number}{place.suffix}") for number in itertools.count(1))
    return next(name for name in names if not name.exists())


def _keep_copy(place: Path, kept: Path) -> None:
    """Hard-link the file to a second name; copy it if the file system has no links (FAT, some network drives)."""
    try:
        os.link(place, kept)
    except OSError:
        shutil.copy2(place, kept)


def _writable(place: Path) -> Path:
    if _is_descriptor(place):
        return place
    if place.is_dir():
        raise BadInput(f"{place} is a folder, not a file.", hint="Rename it, or use --out.")
    for folder in (place.parent, place.resolve().parent):  # the path's folder, and that of a link's target
        if not folder.is_dir():
            raise BadInput(f"Folder not found: {folder}.", hint="Create it, or choose another path with --out.")
    if place.exists() and not place.is_file():  # a pipe or a device
        if not os.access(place, os.W_OK):
            raise BadInput(f"{place} cannot be written: no permission.", hint="Choose another path with --out.")
        return place
    if place.is_file() and (not os.access(place, os.W_OK) or _is_read_only(place)):
        raise BadInput(f"{place} is read-only.", hint="Choose another path with --out, or make it writable.")
    _try_to_write_into(place.resolve().parent)
    return place


def _is_read_only(place: Path) -> bool:
    """Whether nobody has the right to write: root may nevertheless, and a rename asks for no rights on the file."""
    return not place.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)


def _try_to_write_into(folder: Path) -> None:
    """Create a file and remove it: its rights alone do not say whether a folder can be written to."""
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise BadInput(
            f"{folder} cannot be written to: {error.strerror}.", hint="Choose another path with --out."
        ) from error
