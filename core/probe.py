"""Asks an address whether it is well: `python -m core.probe URL …`, for container health checks and deploys.

Images hold no curl; this needs the standard library only and starts fast. Exit code 0 when every address answered
200 in time; otherwise 1, with one line per address that did not. `--revision TEXT`: the answer has to be of that
revision too (the JSON field `revision`).
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
    asked = argparse.ArgumentParser(prog="python -m core.probe", description="Is this address well?")
    asked.add_argument("urls", nargs="+", metavar="URL")
    asked.add_argument("--revision", default="", help="what the field `revision` of the answer has to be")
    asked.add_argument("--timeout", type=float, default=TIMEOUT_S, metavar="SECONDS")
    said = asked.parse_args(words)
    problems = [f"{url}: {why}" for url in said.urls if (why := fault(url, said.revision, said.timeout))]
    sys.stderr.write("".join(f"{problem}\n" for problem in problems))
    return 1 if problems else 0


def fault(url: str, revision: str, timeout_s: float) -> str:
    """What is wrong with the answer of `url`, "" when nothing is."""
    # A proxy from the environment would answer for somebody else.
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
