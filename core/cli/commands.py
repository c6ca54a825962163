"""Runs one command and returns its exit code; errors are printed as one sentence."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from core.cli.options import SERVERS, parser
from core.cli.output import OutputLost, discard_stdout, replace_unencodable, say, to_stdout
from core.errors import HunterError
from core.garbage import collection_paused


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command (default: the process's arguments). Returns the exit code."""
    replace_unencodable()
    try:
        with to_stdout():  # for --help
            options = parser().parse_args(arguments)
        # Imports take a second; --help and option errors skip them.
        if options.command in SERVERS:
            from core.cli.serving import serve

            serve(options.command)
        with collection_paused():
            from core.cli.execute import execute

        return execute(options)
    except HunterError as error:
        print(f"{error.message} {error.hint}".strip(), file=sys.stderr)
        return 2
    except OutputLost as lost:
        discard_stdout()
        if lost.reason:
            print(f"Standard output cannot be written: {lost.reason}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say("Stopped.")
        return 130
