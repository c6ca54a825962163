"""What docs/deployment.md tells people to type, and which of it was typed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tests.house.tree import ROOT

_GUIDE = ROOT / "docs" / "deployment.md"
_BLOCK = re.compile(r"```(?:sh)?\n(.*?)```", re.DOTALL)
_NO_COMMANDS = re.compile(r"```(?!sh\n)[a-z]+\n.*?```\n", re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_REMARK = re.compile(r"\s+#\s.*$")
_FIRST_WORDS = (
    "docker-compose ",
    "docker ",
    "./deploy.sh",
    "curl ",
    "sudo ",
    "systemctl ",
    "ssh ",
    "git ",
    "rm ",
    "cp ",
    "mv ",
    "install ",
    "HUNTER_HTTP_PORT=",
)


@dataclass
class Guide:
    text: str = field(default_factory=lambda: _NO_COMMANDS.sub("", _GUIDE.read_text(encoding="utf-8")))
    typed: set[str] = field(default_factory=set)

    def block(self, title: str, number: int = 0) -> list[str]:
        """The commands in a section's code block, remarks taken off."""
        said = re.findall(_BLOCK, self._section(title))[number]
        return [_REMARK.sub("", line) for line in said.splitlines()]

    def inline(self, title: str, beginning: str) -> str:
        """The one command in a section's prose that begins so."""
        found = {one for one in self._inline(self._section(title)) if one.startswith(beginning)}
        assert len(found) == 1, f"{title}: {beginning}: {found}"
        return found.pop()

    def left(self) -> set[str]:
        """What nobody typed. A command in prose that is the beginning of a typed one is the same command."""
        blocks = {_REMARK.sub("", line) for block in _BLOCK.findall(self.text) for line in block.splitlines()}
        every = blocks | self._inline(_BLOCK.sub("", self.text))
        return {one for one in every if not any(typed.startswith(one) for typed in self.typed)}

    def _section(self, title: str) -> str:
        found = re.search(rf"^##+ {re.escape(title)}\n(.*?)(?=^##|\Z)", self.text, re.DOTALL | re.MULTILINE)
        assert found, f"the guide has no section {title}"
        return found[1]

    def _inline(self, text: str) -> set[str]:
        return {one for one in _INLINE.findall(text) if one.startswith(_FIRST_WORDS)}
