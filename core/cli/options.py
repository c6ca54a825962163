"""Commands, options and exit codes. Imports little, so that --help is fast."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from core.access.tokens import Scope
from core.distribution import NAME
from core.domain.run import MAX_HUNTS, MAX_MODEL_CHARS
from core.domain.task import PassRule

EXIT_CODES = """
exit codes:
  0    every hunt ended, with or without breaks; every check passed
  1    a run failed, a check did not pass, no reply was received or judged, or standard output broke
  2    invalid input, option or setting; other notebooks are still processed
  130  Ctrl-C, SIGTERM or a closed terminal (SIGHUP); results so far were written
"""
ABOUT_HUNT = """\
Hunt one or more task notebooks. Makes no reference check: use `check`.
The pass rule comes from the notebook: from the prose around the criteria under response_reference
("more than 50%", "all criteria must pass"); by default, more than half must pass. A rule that is neither
("at least 3 of 4") is shown as a question; --pass-rule answers it."""
SERVERS = {
    "serve": "serve the API and the hunting page (API_HOST, API_PORT)",
    "dashboard": "serve the dashboard (DASHBOARD_HOST, DASHBOARD_PORT)",
}
CONFIRM = "--confirm-criteria"
MAX_PORT = 65535


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=NAME if Path(sys.argv[0]).stem == NAME else "python -m core",
        description="Model Hunter: find replies that break language models, and prove that they do.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="show the log too")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, summary in SERVERS.items():
        commands.add_parser(name, help=summary)
    _hunt_options(_command(commands, "hunt", "hunt one or more task notebooks", ABOUT_HUNT))
    _check_options(_command(commands, "check", "read notebooks and judge their reference responses"))
    _command(commands, "demo", "hunt an example with the simulated provider")
    simulated = _command(commands, "simulate", "serve the simulated provider over HTTP")
    simulated.add_argument("--host", default="127.0.0.1", help="host to listen on (default: 127.0.0.1)")
    simulated.add_argument("--port", type=_port, default=9000, help="port, 0 for any free one (default: 9000)")
    simulated.add_argument("--script", default="", help="provider behaviour as JSON (docs/simulated.md)")
    token = commands.add_parser("token", help="create an access token (HUNTER_TOKENS)")
    token.add_argument("name", metavar="NAME", help="user name: lower-case letters, digits and . _ @ -")
    token.add_argument(
        "--scope",
        type=_scope,
        metavar="{trainer,admin}",
        default=Scope.TRAINER,
        help="admins see everything (default: trainer)",
    )
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str, about: str = ""
) -> argparse.ArgumentParser:
    return commands.add_parser(
        name,
        help=summary,
        description=about or f"{summary[:1].upper()}{summary[1:]}.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _count(text: str) -> int:
    count = _whole_number(text)
    if count is None or not 1 <= count <= MAX_HUNTS:
        raise argparse.ArgumentTypeError(f"{_quoted(text)} is not a number of hunts; give 1 to {MAX_HUNTS}")
    return count


def _model(text: str) -> str:
    if len(text) > MAX_MODEL_CHARS:
        raise argparse.ArgumentTypeError(f"{_quoted(text)} is longer than {MAX_MODEL_CHARS} characters")
    return text


def _port(text: str) -> int:
    port = _whole_number(text)
    if port is None or port > MAX_PORT:
        raise argparse.ArgumentTypeError(f"{_quoted(text)} is not a port; give 0 to {MAX_PORT}")
    return port


def _whole_number(text: str) -> int | None:
    """None for anything else, including numbers of ten or more digits."""
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _pass_rule(text: str) -> PassRule:
    try:
        return PassRule(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"there is no pass rule {_quoted(text)}; give majority (more than half of the criteria must pass) "
            "or all (every criterion must pass)"
        ) from None


def _scope(text: str) -> Scope:
    try:
        return Scope(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"there is no scope {_quoted(text)}; give trainer or admin") from None


def _quoted(text: str) -> str:
    return f'"{text[:40]}{"…" if len(text) > 40 else ""}"'


def _notebook_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "notebooks", nargs="+", metavar="NOTEBOOK", help=".ipynb file, a folder of them, or - for stdin"
    )
    parser.add_argument(
        "--judge", type=_model, default="", metavar="MODEL", help="judge model (default: the default judge)"
    )
    parser.add_argument(
        CONFIRM,
        action="store_true",
        help="accept criteria recovered from invalid JSON, as shown by `check`",
    )
    parser.add_argument(
        "--pass-rule",
        type=_pass_rule,
        metavar="{majority,all}",
        help="more than half of the criteria must pass, or all of them (default: what the notebook's prose states)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object per notebook on stdout, nothing else")


def _hunt_options(parser: argparse.ArgumentParser) -> None:
    _notebook_options(parser)
    parser.add_argument("--model", type=_model, action="append", required=True, help="provider/model ID; repeatable")
    parser.add_argument(
        "--hunts", type=_count, default=16, help="number of hunts, split across the models (default: 16)"
    )
    parser.add_argument(
        "--judge-cut-replies",
        action="store_true",
        help="judge replies cut off at an output limit, and mark them; otherwise they are errors",
    )
    parser.add_argument("--out", default="", help="output file, folder for several notebooks, or - for stdout")


def _check_options(parser: argparse.ArgumentParser) -> None:
    _notebook_options(parser)
