"""The commands and their options, and the exit codes that scripts rely on."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core.cli.check import check
from core.cli.hunt import HuntWish, hunt
from core.cli.simulate import simulate
from core.errors import BadInput, HunterError
from core.garbage import collect_rarely
from core.hunt.orders import MOST_MODELS
from core.logs import configure_logs
from core.settings import Settings, read_settings

EXIT_CODES = """
exit codes:
  0    every hunt ended, with or without breaks
  1    a run failed or was stopped, the check did not pass, or every hunt ended in an error
  2    the input, an option or a setting is not right; other notebooks are worked on all the same
  130  Ctrl-C (or SIGTERM): what was there was written
"""
EXAMPLES = Path(__file__).parents[2] / "examples"


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    try:
        settings = read_settings()
        configure_logs(settings if options.verbose else _quiet(settings))
        collect_rarely()
        return _run(options, settings)
    except HunterError as error:
        print(f"{error.message} {error.hint}".strip(), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130


def _run(options: argparse.Namespace, settings: Settings) -> int:
    if options.command == "simulate":
        return simulate(options.host, options.port, options.script)
    if options.command == "check":
        return asyncio.run(check(settings, options.notebooks, options.judge, as_json=options.json))
    if options.command == "demo":
        wish = HuntWish((str(EXAMPLES / "word-budget.ipynb"),), ("simulated/hasty",), hunts=16)
        return asyncio.run(hunt(settings, wish))
    if len(options.model) > MOST_MODELS:
        raise BadInput(f"{len(options.model)} models are more than one run may have ({MOST_MODELS}).")
    wish = HuntWish(
        tuple(options.notebooks), tuple(options.model), options.hunts, options.judge, options.out, as_json=options.json
    )
    return asyncio.run(hunt(settings, wish))


def _quiet(settings: Settings) -> Settings:
    """A command speaks for itself: of the log only warnings reach the terminal, unless -v asks for more."""
    return replace(settings, log_level="warning") if settings.log_level == "info" else settings


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m core",
        description="Model Hunter: find replies that break language models, and prove that they do.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="show the log too")
    commands = parser.add_subparsers(dest="command", required=True)
    _hunt_options(commands.add_parser("hunt", help="hunt one or more task notebooks"))
    _check_options(commands.add_parser("check", help="read notebooks and judge their reference responses"))
    commands.add_parser("demo", help="hunt an example with the simulated provider")
    simulated = commands.add_parser("simulate", help="serve the simulated provider over HTTP")
    simulated.add_argument("--host", default="127.0.0.1", help="where to listen (default: 127.0.0.1)")
    simulated.add_argument("--port", type=int, default=9000, help="port, 0 for any free one (default: 9000)")
    simulated.add_argument("--script", default="", help="JSON: what the provider does (docs/simulated.md)")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number of hunts; give 1 or more")
    return int(text)


def _notebook_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "notebooks", nargs="+", metavar="NOTEBOOK", help=".ipynb file, a folder of them, or - for stdin"
    )
    parser.add_argument("--judge", default="", metavar="MODEL", help="judge model (default: the default judge)")
    parser.add_argument("--json", action="store_true", help="one JSON object per notebook on stdout, nothing else")


def _hunt_options(parser: argparse.ArgumentParser) -> None:
    _notebook_options(parser)
    parser.add_argument("--model", action="append", required=True, help="provider/model id; may be given several times")
    parser.add_argument(
        "--hunts", type=_count, default=16, help="how many hunts, shared out over the models (default: 16)"
    )
    parser.add_argument("--out", default="", help="where the finished notebook goes; a folder for several")


def _check_options(parser: argparse.ArgumentParser) -> None:
    _notebook_options(parser)
