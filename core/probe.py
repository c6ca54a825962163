"""Checks that URLs are healthy: `python -m core.probe URL …`, for container health checks and deployments.

Images have no curl; this uses only the standard library and starts fast. Exits with 0 if every URL returns 200 in time,
else with 1 and one line per failure. `--revision TEXT`: the JSON field `revision` must also equal TEXT.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import urllib.request
from collections.abc import Sequence

TIMEOUT_S = 3.0


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m core.probe", description="Check that URLs are healthy.")
    parser.add_argument("urls", nargs="+", metavar="URL")
    parser.add_argument("--revision", default="", help="expected value of the JSON field `revision`")
    parser.add_argument("--timeout", type=float, default=TIMEOUT_S, metavar="SECONDS")
    options = parser.parse_args(words)
    problems = [f"{url}: {why}" for url in options.urls if (why := fault(url, options.revision, options.timeout))]
    sys.stderr.write("".join(f"{problem}\n" for problem in problems))
    return 1 if problems else 0


def fault(url: str, revision: str, timeout_s: float) -> str:
    """The problem with the response of `url`, "" if it is healthy."""
    # Bypass the environment's proxies: they could respond for another server.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=timeout_s) as response:
            body = response.read(1_000_000)
    except (OSError, ValueError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    return _other_revision(body, revision) if revision else ""


def _other_revision(body: bytes, wanted: str) -> str:
    try:
        found = json.loads(body)
    except ValueError:
        return "the answer is not JSON"
    shown = found.get("revision") if isinstance(found, dict) else None
    return "" if shown == wanted else f"revision {shown} answers, not {wanted}"


if __name__ == "__main__":
    sys.exit(main())
