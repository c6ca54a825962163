"""The page's files under a URL with the hash of all of them (decision record 0057).

Browsers cache them for good and never mix two versions: each version has its own URL.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

HASH_CHARS = 16
FOREVER = "public, max-age=31536000, immutable"


@dataclass
class StaticFiles:
    """A folder and the hash of its content, recomputed when a file changes."""

    folder: Path
    _seen: tuple[tuple[str, int, int], ...] = ()
    _hash: str = ""
    _pages: dict[str, bytes] = field(default_factory=dict)

    def version(self) -> str:
        """The hash of all file names and contents; files are read again only when one changes."""
        files = sorted(path for path in self.folder.rglob("*") if path.is_file())
        seen = tuple((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in files)
        if seen != self._seen:
            digest = hashlib.sha256()
            for path in files:
                content = path.read_bytes()
                digest.update(f"{path.relative_to(self.folder).as_posix()} {len(content)}\n".encode() + content)
            self._seen, self._hash, self._pages = seen, digest.hexdigest()[:HASH_CHARS], {}
        return self._hash

    def page(self, name: str) -> bytes:
        """An HTML file of the folder, with links to this version's files."""
        version = self.version()
        if name not in self._pages:
            text = (self.folder / name).read_text(encoding="utf-8")
            self._pages[name] = text.replace('="/static/', f'="/static/v/{version}/').encode()
        return self._pages[name]
