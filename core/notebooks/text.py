"""Line ends, blank lines and characters that UTF-8 cannot represent, in cell texts. All functions are linear."""

from __future__ import annotations

import re

_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_LONE = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
MAX_LINES = 10_000
"""Of a text that is written line by line."""


def without_surrogates(text: str) -> str:
    """`text` with lone surrogates (allowed in JSON, not in UTF-8) as U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return _PAIR.sub(_joined, text).translate(_LONE)
    return text


def _joined(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16", "surrogatepass").decode("utf-16")


def has_crlf_only(text: str) -> bool:
    """Whether every line break is CRLF: then line breaks are a convention of the file and not part of the text."""
    breaks = text.count("\n")
    return breaks > 0 and text.count("\r\n") == breaks


def neat(text: str) -> str:
    """`text` without blank lines before and after it. Spaces at the beginning and end of lines stay."""
    body = text.lstrip()
    if not body:
        return ""
    start = text.rfind("\n", 0, len(text) - len(body)) + 1
    end = text.find("\n", len(text.rstrip()))
    return text[start:] if end < 0 or end < start else text[start:end]


def one_line(text: str) -> str:
    """`text` with its line breaks as single spaces."""
    return " ".join(line.strip(" \t") for line in text.replace("\r", "\n").split("\n") if line.strip(" \t"))


def shortened(text: str, maximum: int = 60) -> str:
    """The beginning of `text` on one line, for messages."""
    line = one_line(text[: 4 * maximum])
    return line if len(line) <= maximum else line[: maximum - 1] + "…"


def source_lines(text: str) -> list[str]:
    """Lines in the form of notebooks: each with its line break (LF only); "" gives none. A text of very many lines
    stays one string, which notebooks allow; a line each would be a JSON value each."""
    if text.count("\n") > MAX_LINES:
        return [text]
    parts = text.split("\n")
    return [*(part + "\n" for part in parts[:-1]), *([parts[-1]] if parts[-1] else [])]
