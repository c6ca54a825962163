"""The process that renders Markdown of models: `python -m api.render_child`, started and killed by `api.rendering`.

It reads texts from its standard input and writes HTML to its standard output; each is preceded by its length in bytes
(four bytes, big-endian). One answer without length says that it is ready. It ends when its input does.
"""

from __future__ import annotations

import os
import resource
import struct
import sys
from contextlib import suppress
from typing import BinaryIO

LENGTH = struct.Struct(">I")
READY = LENGTH.pack(0)
MEMORY_MAX_BYTES = 1024 * 1024 * 1024
"""Of address space: hostile Markdown of the greatest length takes some 200 MiB."""
NICENESS = 5
"""Reading is for people, who notice a slow hunt sooner than a slow preview."""


def serve(texts: BinaryIO, answers: BinaryIO) -> None:
    """Render text after text until there are no more. What cannot be rendered is answered with nothing."""
    from api.markdown import render  # loaded before the process says that it is ready

    answers.write(READY)
    answers.flush()
    while len(length := texts.read(LENGTH.size)) == LENGTH.size:
        text = texts.read(LENGTH.unpack(length)[0]).decode("utf-8", "replace")
        try:
            html = render(text).encode("utf-8", "replace")
        except (RecursionError, MemoryError, ValueError):
            html = b""
        answers.write(LENGTH.pack(len(html)) + html)
        answers.flush()


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX_BYTES, MEMORY_MAX_BYTES))
    with suppress(OSError):
        os.nice(NICENESS)
    with suppress(BrokenPipeError):
        serve(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
