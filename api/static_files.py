"""The page's files under an address that holds the hash of all of them (decision record 0057).

A browser that has them does not ask again, and never mixes files of two versions: another version has another address.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

HASH_CHARS = 16
FOREVER = "public, max-age=31536000, immutable"


@dataclass
class StaticFiles:
    """A folder and the hash of what is in it, made anew when a file has changed."""

    folder: Path
    _seen: tuple[tuple[str, int, int], ...] = ()
    _hash: str = ""
    _pages: dict[str, bytes] = field(default_factory=dict)

    def version(self) -> str:
        """The hash of every file's name and content; what was read once is read again only when a file is another."""
        files = sorted(path for path in self.folder.rglob("*") if path.is_file())
        seen = tuple((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in files)
        if seen != self._seen:
            told = hashlib.sha256()
            for path in files:
                content = path.read_bytes()
                told.update(f"{path.relative_to(self.folder).as_posix()} {len(content)}\n".encode() + content)
            self._seen, self._hash, self._pages = seen, told.hexdigest()[:HASH_CHARS], {}
        return self._hash

    def page(self, name: str) -> bytes:
        """An HTML file of the folder whose links lead to the files of this version."""
        version = self.version()
        if name not in self._pages:
            text = (self.folder / name).read_text(encoding="utf-8")
            self._pages[name] = text.replace('="/static/', f'="/static/v/{version}/').encode()
        return self._pages[name]
