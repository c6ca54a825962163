"""The commands and their options, and the exit codes that scripts rely on."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core.access.tokens import Scope
from core.cli.check import check
from core.cli.hunt import HuntWish, hunt
from core.cli.opening import CONFIRM
from core.cli.output import OutputLost, give_up_stdout, replace_unencodable, say, to_stdout
from core.cli.simulate import simulate
from core.cli.token import make_token
from core.domain.task import PassRule
from core.env_file import load_env_file
from core.errors import BadInput, HunterError
from core.garbage import collect_rarely
from core.hunt.orders import MOST_MODELS
from core.logs import configure_logs
from core.misspellings import misspellings, sentence
from core.settings import Settings, read_settings, variables_set

EXIT_CODES = """
exit codes:
  0    every hunt ended, with or without breaks; every check passed
  1    a run failed, a check did not pass, no reply was received or judged, or standard output broke
  2    invalid input, option or setting; other notebooks are still processed
  130  Ctrl-C, SIGTERM or a closed terminal (SIGHUP); results so far were written
"""
ABOUT_HUNT = """\
Hunt one or more task notebooks. No reference check is made first: `check` makes it.
The pass rule comes from the notebook: from the prose around the criteria under response_reference
("more than 50%", "all criteria must pass"); where it states none, more than half must pass. A rule that is neither
("at least 3 of 4") is shown as a question; --pass-rule answers it."""
EXAMPLES = Path(__file__).parents[2] / "examples"


def main(arguments: Sequence[str]) -> int:
    replace_unencodable()
    try:
        with to_stdout():  # for --help
            options = _parser().parse_args(arguments)
        load_env_file()
        settings = read_settings()
        configure_logs(settings if options.verbose else _quiet(settings))
        for written, meant in misspellings(variables_set(), settings).items():
            print(sentence(written, meant), file=sys.stderr)
        collect_rarely()
        return _run(options, settings)
    except HunterError as error:
        print(f"{error.message} {error.hint}".strip(), file=sys.stderr)
        return 2
    except OutputLost as lost:
        give_up_stdout()
        if lost.reason:
            print(f"Standard output cannot be written: {lost.reason}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say("Stopped.")
        return 130


def _run(options: argparse.Namespace, settings: Settings) -> int:
    if options.command == "simulate":
        return simulate(options.host, options.port, options.script)
    if options.command == "token":
        print(make_token(options.name, options.scope, settings.tokens))
        return 0
    if options.command == "check":
        how = {"as_json": options.json, "confirm": options.confirm_criteria, "pass_rule": options.pass_rule}
        return asyncio.run(check(settings, options.notebooks, options.judge, **how))
    if options.command == "demo":
        wish = HuntWish((str(EXAMPLES / "word-budget.ipynb"),), ("simulated/hasty",), hunts=16)
        return asyncio.run(hunt(settings, wish))
    if len(options.model) > MOST_MODELS:
        raise BadInput(f"{len(options.model)} models are more than one run may have ({MOST_MODELS}).")
    wish = HuntWish(
        tuple(options.notebooks),
        tuple(options.model),
        options.hunts,
        options.judge,
        options.out,
        as_json=options.json,
        confirm=options.confirm_criteria,
        pass_rule=options.pass_rule,
        judge_cut_replies=options.judge_cut_replies,
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
    _hunt_options(_command(commands, "hunt", "hunt one or more task notebooks", ABOUT_HUNT))
    _check_options(_command(commands, "check", "read notebooks and judge their reference responses"))
    _command(commands, "demo", "hunt an example with the simulated provider")
    simulated = _command(commands, "simulate", "serve the simulated provider over HTTP")
    simulated.add_argument("--host", default="127.0.0.1", help="where to listen (default: 127.0.0.1)")
    simulated.add_argument("--port", type=int, default=9000, help="port, 0 for any free one (default: 9000)")
    simulated.add_argument("--script", default="", help="JSON: what the provider does (docs/simulated.md)")
    token = commands.add_parser("token", help="make a token with which somebody may come in (HUNTER_TOKENS)")
    token.add_argument("name", metavar="NAME", help="whose: small letters, digits and . _ @ -")
    token.add_argument(
        "--scope", choices=[*Scope], default=Scope.TRAINER, help="admins see everything (default: trainer)"
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
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number of hunts; give 1 or more")
    return int(text)


def _notebook_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "notebooks", nargs="+", metavar="NOTEBOOK", help=".ipynb file, a folder of them, or - for stdin"
    )
    parser.add_argument("--judge", default="", metavar="MODEL", help="judge model (default: the default judge)")
    parser.add_argument(
        CONFIRM,
        action="store_true",
        help="take criteria that were understood but not read with certainty, as `check` shows them",
    )
    parser.add_argument(
        "--pass-rule",
        choices=[*PassRule],
        type=PassRule,
        help="more than half of the criteria must pass, or all of them (default: what the notebook's prose states)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object per notebook on stdout, nothing else")


def _hunt_options(parser: argparse.ArgumentParser) -> None:
    _notebook_options(parser)
    parser.add_argument("--model", action="append", required=True, help="provider/model id; may be given several times")
    parser.add_argument(
        "--hunts", type=_count, default=16, help="how many hunts, shared out over the models (default: 16)"
    )
    parser.add_argument(
        "--judge-cut-replies",
        action="store_true",
        help="judge replies that stopped at an output limit, and mark them; otherwise they are errors",
    )
    parser.add_argument("--out", default="", help="where the finished notebook goes; a folder for several")


def _check_options(parser: argparse.ArgumentParser) -> None:
    _notebook_options(parser)
