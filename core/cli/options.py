"""Commands, options and exit codes. `--help` is fast because the domain is imported only when an option needs it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from core.cli.option_values import (
    AddModel,
    AddParameter,
    call_count,
    day,
    day_count,
    hunt_count,
    last_day,
    list_limit,
    model_name,
    pass_rule,
    port,
    reply_count,
    sample_count,
    scope,
    setting,
    task_limit,
    task_state,
)
from core.distribution import NAME

EXIT_CODES = """
exit codes:
  0    every hunt ended, with or without breaks; every check, notebook and receipt passed
  1    a run failed; a check, notebook or receipt did not pass; no reply, verdict or match; standard output was closed
  2    invalid input, option or setting; other notebooks are still processed
  130  Ctrl-C, SIGTERM or a closed terminal (SIGHUP); results so far were written
"""
ABOUT_HUNT = """\
Hunt one or more task notebooks. Makes no reference check: use `check`.
The pass rule comes from the notebook: from the prose around the criteria under response_reference
("more than 50%", "all criteria must pass"); by default, more than half must pass. Other rules
("at least 3 of 4") are not supported: the command reports them, and you choose with --pass-rule."""
ABOUT_CONFORM = """\
Say how programs that train and evaluate models read finished notebooks: criteria that they lose or misread, judge
prompt templates that fail, ids and Task IDs that they reject, the rewards of the stored verdicts, and what can be
learnt from the task. The reader is NVIDIA-NeMo/Gym's inverse_if (docs/notebooks.md)."""
ABOUT_JUDGES = """\
Show what the verdicts of each judge are worth, from all reviews in the telemetry (TELEMETRY_DIR): agreement with
people, unusable answers, cost, flips, drift, and which second judge errs differently (docs/judging.md)."""
ABOUT_REJUDGE = """\
Judge the replies of reviewed hunts again, and compare with the first verdicts: has a judge drifted? Shows the number
of calls and their estimated cost first. The verdicts are written into the telemetry; sessions do not change."""
ABOUT_EXPORT = """\
Write everything that the library has of one person, or of one period, into a new folder: notebooks (as loaded, and as
delivered), JSON Lines and Parquet. The server may run meanwhile. The folder has the tasks' full content."""
ABOUT_IMPORT = """\
Read a folder that `library export` wrote into the library of this installation. Tasks that the library has at the same
or a newer version stay as they are, and deleted ones stay deleted. The whole folder is checked before anything is
written. Without Redis, stop the server first."""
ABOUT_DELETE = """\
Delete tasks for good: live sessions, library, journals, and their texts in the telemetry of this host. A record of who
deleted what and when remains. Without Redis, stop the server first. Backups and exports are yours to delete."""
SERVERS = {
    "serve": "serve the API and the hunting page (API_HOST, API_PORT)",
    "dashboard": "serve the dashboard (DASHBOARD_HOST, DASHBOARD_PORT)",
}
CONFIRM = "--confirm-criteria"


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=NAME if Path(sys.argv[0]).stem == NAME else "python -m core",
        description="Model Hunter: find prompts that break language models, and prove it.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="show the log too")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, summary in SERVERS.items():
        commands.add_parser(name, help=summary)
    _hunt_options(_command(commands, "hunt", "hunt one or more task notebooks", ABOUT_HUNT))
    _check_options(_command(commands, "check", "read notebooks and judge their reference responses"))
    _conform_options(
        _command(commands, "conform", "report how a public training program reads finished notebooks", ABOUT_CONFORM)
    )
    _receipt_options(commands)
    _robustness_options(_command(commands, "robustness", "test the judge with attacks in hunted replies"))
    _command(commands, "demo", "hunt an example with the simulated provider")
    _models_options(_command(commands, "models", "list and search the models of all providers"))
    _judges_options(_command(commands, "judges", "show what the verdicts of each judge are worth", ABOUT_JUDGES))
    _tasks_options(_command(commands, "tasks", "list and search the tasks in the library"))
    _library_options(_command(commands, "library", "export, import and delete tasks of the library"))
    simulated = _command(commands, "simulate", "serve the simulated provider over HTTP")
    simulated.add_argument("--host", default="127.0.0.1", help="host to listen on (default: 127.0.0.1)")
    simulated.add_argument("--port", type=port, default=9000, help="port, 0 for any free one (default: 9000)")
    simulated.add_argument("--script", default="", help="provider behaviour as JSON (docs/simulated.md)")
    token = commands.add_parser("token", help="create an access token (HUNTER_TOKENS)")
    token.add_argument("name", metavar="NAME", help="user name: lower-case letters, digits and . _ @ -")
    token.add_argument(
        "--scope",
        type=scope,
        metavar="{trainer,admin}",
        default="trainer",
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


def _notebook_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "notebooks", nargs="+", metavar="NOTEBOOK", help=".ipynb file, a folder of them, or - for stdin"
    )
    _judge_options(parser, "judge model (default: the default judge)")
    parser.add_argument(
        CONFIRM,
        action="store_true",
        help="accept criteria recovered from invalid JSON, as shown by `check`",
    )
    parser.add_argument(
        "--pass-rule",
        type=pass_rule,
        metavar="{majority,all}",
        help="more than half of the criteria must pass, or all of them (default: what the notebook's prose states)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object per notebook on stdout, nothing else")


def _judge_options(parser: argparse.ArgumentParser, about: str) -> None:
    parser.add_argument("--judge", type=model_name, default="", metavar="MODEL", help=about)
    parser.add_argument(
        "--judge-set",
        type=setting,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="parameter of the judge: temperature=0.2, reasoning.effort=low (docs/providers.md)",
    )


def _hunt_options(parser: argparse.ArgumentParser) -> None:
    _notebook_options(parser)
    parser.add_argument(
        "--model",
        type=model_name,
        action=AddModel,
        dest="models",
        required=True,
        metavar="MODEL",
        help="provider/model ID; repeatable, also the same model with other parameters",
    )
    parser.add_argument(
        "--set",
        type=setting,
        action=AddParameter,
        dest="parameters",
        metavar="NAME=VALUE",
        help="parameter of the --model before it, or of every model if it comes first: temperature=0.2, "
        "reasoning.effort=high, label=cold (docs/providers.md)",
    )
    parser.add_argument(
        "--hunts", type=hunt_count, default=16, help="number of hunts, split across the models (default: 16)"
    )
    parser.add_argument(
        "--stop",
        type=setting,
        action="append",
        default=[],
        metavar="NAME=NUMBER",
        help="start no further hunt at this limit: breaks=4, confirmed_breaks=4, cost_usd=1.5, or futility=0.1, the "
        "lowest break rate that is worthwhile; repeatable, the first limit counts",
    )
    parser.add_argument(
        "--allocation",
        choices=("even", "adaptive"),
        default="even",
        help="even: the hunts go to the models in turn (default); adaptive: a fifth goes to the models in turn, the "
        "rest to the model with the most breaks per dollar so far, and only that fifth counts in break rates",
    )
    _confirm_options(parser)
    parser.add_argument(
        "--judge-cut-replies",
        action="store_true",
        help="judge replies cut off at an output limit, and mark them; otherwise they are errors",
    )
    parser.add_argument("--out", default="", help="output file, folder for several notebooks, or - for stdout")


def _confirm_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--confirm-judge",
        type=model_name,
        action="append",
        default=[],
        metavar="MODEL",
        help="another judge, for second opinions; repeatable: a hunt is confirmed if all of them agree",
    )
    parser.add_argument(
        "--confirm",
        choices=("none", "breaks", "pivotal", "all"),
        help="verdicts that these judges are asked about: the FAILs of breaks (default), also the PASSes of held "
        "replies, or all; of FAILs and PASSes those that could change the outcome",
    )
    parser.add_argument(
        "--max-extra-calls",
        type=call_count,
        metavar="N",
        help="maximum number of judge calls for second opinions (default: 200)",
    )


def _check_options(parser: argparse.ArgumentParser) -> None:
    _notebook_options(parser)
    parser.add_argument(
        "--two-sided",
        action="store_true",
        help="also check that each criterion can fail: judge edits of the reference that violate one criterion each",
    )
    parser.add_argument(
        "--edits-by",
        type=model_name,
        default="",
        metavar="MODEL",
        help="model that proposes the edits that the notebook's record lacks (default: the judge)",
    )


def _conform_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "notebooks", nargs="+", metavar="NOTEBOOK", help=".ipynb file, a folder of them, or - for stdin"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object per notebook on stdout, nothing else")
    parser.add_argument(
        "--jsonl",
        default="",
        metavar="OUT",
        help="write each task as one line of that reader's item form; - for stdout",
    )
    parser.add_argument(
        "--out", default="", help="write each notebook with the proposed edits: a file, or a folder for several"
    )
    parser.add_argument(
        "--samples",
        type=sample_count,
        default=8,
        metavar="G",
        help="samples of a task that training compares with each other (default: 8)",
    )


def _judges_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, nothing else")
    actions = parser.add_subparsers(dest="action", metavar="rejudge")
    rejudge = actions.add_parser(
        "rejudge",
        help="judge reviewed replies again, to see whether a judge has drifted",
        description=ABOUT_REJUDGE,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    rejudge.add_argument(
        "--since", type=day, required=True, metavar="DATE", help="replies reviewed since then, as 2026-11-01 (UTC)"
    )
    rejudge.add_argument(
        "--judge",
        type=model_name,
        default="",
        metavar="MODEL",
        help="another judge (default: that of the reviewed verdicts)",
    )
    rejudge.add_argument(
        "--judge-set",
        type=setting,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="parameter of --judge: temperature=0.2, reasoning.effort=low (docs/providers.md)",
    )
    rejudge.add_argument(
        "--max-calls", type=call_count, default=500, metavar="N", help="maximum number of judge calls (default: 500)"
    )
    rejudge.add_argument(
        "--repeat-after-days",
        type=day_count,
        default=7,
        metavar="DAYS",
        help="skip what was judged again within this many days (default: 7; 0: skip nothing)",
    )
    rejudge.add_argument("--yes", action="store_true", help="pay without asking")
    rejudge.add_argument("--json", action="store_true", help="one JSON object on stdout, nothing else")


def _tasks_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words",
        nargs="*",
        metavar="WORD",
        help="words to find in tasks and their replies; the last one may be incomplete",
    )
    parser.add_argument(
        "--state",
        type=task_state,
        action="append",
        default=[],
        dest="states",
        help="only tasks in this state; repeatable",
    )
    parser.add_argument("--owner", metavar="NAME", help="tasks of one person (default: everyone's)")
    parser.add_argument("--archived", action="store_true", help="list archived tasks only")
    parser.add_argument("--after", default="", metavar="NEXT", help="continue a list from its `next`")
    parser.add_argument("--limit", type=task_limit, default=50, help="maximum number of tasks (default: 50)")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, nothing else")


def _library_options(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    export = _command(actions, "export", "write the tasks of one person or one period into a folder", ABOUT_EXPORT)
    load = _command(actions, "import", "read an exported folder into the library", ABOUT_IMPORT)
    delete = _command(actions, "delete", "delete the tasks of one person or one period for good", ABOUT_DELETE)
    load.add_argument("folder", metavar="FOLDER", help="folder that `library export` wrote")
    export.add_argument("--out", required=True, metavar="DIR", help="folder to create")
    for one in (export, delete):
        one.add_argument("--owner", metavar="NAME", help="tasks of one person (default: everyone's)")
        one.add_argument(
            "--since", type=day, metavar="DATE", help="tasks changed on or after this day, such as 2026-11-01 (UTC)"
        )
        one.add_argument("--until", type=last_day, metavar="DATE", help="tasks created on or before this day (UTC)")
    delete.add_argument("--yes", action="store_true", help="delete without asking")


def _receipt_options(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    receipt = _command(commands, "receipt", "write the receipt of a hunt, evidence that anybody can check")
    receipt.add_argument("notebook", metavar="NOTEBOOK", help="exported notebook, or - for stdin")
    receipt.add_argument(
        "--hunt", required=True, metavar="HUNT", help="number or ID of a hunt of the notebook's record"
    )
    receipt.add_argument("--out", default="-", help="output file (default: stdout)")
    rejudge = _command(commands, "rejudge", "judge the reply of a receipt again, without the server")
    verify = _command(commands, "verify", "verify a receipt and list changed or contradictory parts")
    for one in (rejudge, verify):
        one.add_argument("receipt", metavar="RECEIPT", help="receipt of a hunt, or - for stdin")
        one.add_argument("--json", action="store_true", help="one JSON object on stdout, nothing else")
    _judge_options(rejudge, "judge model (default: the receipt's judge)")
    verify.add_argument("--notebook", default="", help="exported notebook to compare the receipt's hashes with")


def _robustness_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "notebooks", nargs="+", metavar="NOTEBOOK", help="exported .ipynb file, a folder of them, or - for stdin"
    )
    _judge_options(parser, "judge model (default: the default judge)")
    parser.add_argument("--replies", type=reply_count, default=4, help="replies to attack, at most 8 (default: 4)")
    parser.add_argument(
        "--family",
        action="append",
        default=[],
        dest="families",
        choices=["orders", "forged", "openers", "roles", "disguises"],
        help="only this family of attacks; repeatable (default: all)",
    )
    parser.add_argument("--yes", action="store_true", help="start without a question, whatever it costs")
    parser.add_argument("--json", action="store_true", help="one JSON object per notebook on stdout, nothing else")


def _models_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs="*", metavar="WORD", help="words of the name, in any order")
    parser.add_argument("--limit", type=list_limit, default=40, help="maximum number of models (default: 40)")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, nothing else")
