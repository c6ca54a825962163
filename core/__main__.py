"""`python -m core`, the same as the command `model-hunter`: see `python -m core --help`."""

from __future__ import annotations

import sys

from core.cli.commands import main

if __name__ == "__main__":
    sys.exit(main())
