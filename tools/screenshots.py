"""`make screenshots`: pictures of every page that there is, of a running product (`make run` in another terminal)."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import httpx

from tools.dashboard_pictures import take as take_dashboard
from tools.page_pictures import take as take_page


def main(arguments: list[str]) -> int:
    asked = argparse.ArgumentParser(prog="python -m tools.screenshots", description=__doc__)
    asked.add_argument("folder", nargs="?", type=Path, help="output folder (default: a new folder in /tmp)")
    out = asked.parse_args(arguments).folder or Path(tempfile.mkdtemp(prefix="model-hunter-pictures-"))
    page = os.environ.get("API_URL", "http://localhost:8000")
    dashboard = os.environ.get("DASHBOARD_URL", "http://localhost:8001")
    for url in (page, dashboard):
        if not _answers(url):
            sys.stderr.write(f"No response from {url}: start `make run` first, or set API_URL and DASHBOARD_URL.\n")
            return 1
    take_page(page, out / "page")
    take_dashboard(dashboard, out / "dashboard")
    print(f"Pictures are in {out}")
    return 0


def _answers(url: str) -> bool:
    try:
        httpx.get(url, timeout=10)
    except httpx.TransportError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
