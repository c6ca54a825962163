"""`make screenshots [OUT]`: pictures of every page, with the simulated provider, in light, dark and phone width."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from tools.dashboard_pictures import take as take_dashboard
from tools.page_pictures import take as take_page


def main(arguments: list[str]) -> int:
    out = Path(arguments[0] if arguments else tempfile.mkdtemp(prefix="model-hunter-pictures-"))
    page = os.environ.get("PAGE_URL", "http://localhost:8000")
    dashboard = os.environ.get("DASHBOARD_URL", "http://localhost:8001")
    take_page(page, out / "page")
    take_dashboard(dashboard, out / "dashboard")
    print(f"Pictures are in {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
