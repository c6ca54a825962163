"""The page's files under a URL with the hash of all of them (decision record 0057).

Browsers cache them for good and never mix two versions: each version has its own URL. What a page links is served as
one stylesheet and one script (`page_bundle.py`). All files are served from memory.
"""

from __future__ import annotations

import hashlib
import mimetypes
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from api.page_bundle import bundle_page

HASH_CHARS = 16
FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class StaticFile:
    name: str
    content: bytes
    modified_ns: int
    path: Path | None = None
    """None for a file that is made of others."""

    @property
    def media_type(self) -> str:
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"

    @property
    def modified_at(self) -> datetime:
        return datetime.fromtimestamp(self.modified_ns // 10**9, UTC)

    def is_current(self) -> bool:
        """Whether the file on disk is still this one."""
        return (
            self.path is not None and self.path.is_file() and _state(self.path) == (self.modified_ns, len(self.content))
        )


@dataclass
class StaticFiles:
    """The files of a folder and the hash of their content, read again when a file changes."""

    folder: Path
    _files: dict[str, StaticFile] = field(default_factory=dict)
    _seen: tuple[tuple[str, int, int], ...] = ()
    _hash: str = ""
    _pages: dict[str, bytes] = field(default_factory=dict)

    def version(self) -> str:
        """The hash of all file names and contents. Looks at every file."""
        paths = {path.relative_to(self.folder).as_posix(): path for path in self.folder.rglob("*") if path.is_file()}
        seen = tuple((name, *_state(paths[name])) for name in sorted(paths))
        if seen != self._seen:
            self._files = {name: StaticFile(name, paths[name].read_bytes(), at, paths[name]) for name, at, _ in seen}
            digest = hashlib.sha256()
            for name, file in self._files.items():
                digest.update(f"{name} {len(file.content)}\n".encode() + file.content)
            self._seen, self._hash, self._pages = seen, digest.hexdigest()[:HASH_CHARS], {}
            self._add_bundles(max((at for _, at, _ in seen), default=0))
        return self._hash

    def _add_bundles(self, modified_ns: int) -> None:
        """Add the joined files of each HTML page, and the pages that link them."""
        sources = dict(self._files)
        for page in [name for name in sources if name.endswith(".html")]:
            bundle = bundle_page(page, lambda name: sources[name].content.decode())
            self._pages[page] = bundle.html.replace('="/static/', f'="/static/v/{self._hash}/').encode()
            for name, text in bundle.files.items():
                self._files[name] = StaticFile(name, text.encode(), modified_ns)

    def has_version(self, version: str, name: str) -> bool:
        """Whether the folder has this version. Looks only at the file `name` if nothing speaks against it."""
        known = self._files.get(name)
        return (version == self._hash and known is not None and known.is_current()) or version == self.version()

    def file(self, name: str) -> StaticFile | None:
        """A file of the version that was seen last; None if there is no such file."""
        return self._files.get(name)

    def page(self, name: str) -> bytes:
        """An HTML file of the folder, with links to this version's files."""
        self.version()
        return self._pages[name]


def _state(path: Path) -> tuple[int, int]:
    """When it was changed last, in nanoseconds, and its size in bytes."""
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size
