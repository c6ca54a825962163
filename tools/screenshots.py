"""`make screenshots`: pictures of every page that there is, of a running product (`make run` in another terminal)."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from tools.dashboard_pictures import take as take_dashboard
from tools.page_pictures import take as take_page


def main(arguments: list[str]) -> int:
    out = Path(arguments[0] if arguments else tempfile.mkdtemp(prefix="model-hunter-pictures-"))
    take_page(os.environ.get("API_URL", "http://localhost:8000"), out / "page")
    take_dashboard(os.environ.get("DASHBOARD_URL", "http://localhost:8001"), out / "dashboard")
    print(f"Pictures are in {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
