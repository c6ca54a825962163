"""Runs the parsed command. Imports everything that calls models."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace

from core.cli.check import check
from core.cli.conform import ConformOptions, conform
from core.cli.hunt import HuntOptions, hunt
from core.cli.judges import RejudgeOptions, rejudge, show_judges
from core.cli.library import DeleteOptions, delete_tasks, export_tasks, import_tasks
from core.cli.models import list_models
from core.cli.receipts import judge_receipt, verify, write_receipt
from core.cli.robustness import RobustnessOptions, report_robustness
from core.cli.simulate import simulate
from core.cli.targets import judge_choice, second_opinions, stop_rule, target_requests
from core.cli.tasks import show_tasks
from core.cli.token import make_token
from core.distribution import data_path
from core.env_file import load_env_file
from core.errors import BadInput
from core.garbage import collect_rarely
from core.hunting.dump.export import ExportOrder
from core.hunting.orders import MAX_MODELS
from core.hunting.task_list import read_cursor
from core.library.records import TaskQuery
from core.logs import configure_logs
from core.settings import Settings, read_settings, settings_warnings
from core.settings.library import OFF

LIBRARY_COMMANDS = frozenset({"tasks", "library"})


def execute(options: argparse.Namespace) -> int:
    """Returns the exit code. Raises HunterError for invalid settings or notebooks."""
    load_env_file()
    settings = read_settings()
    if options.command not in LIBRARY_COMMANDS:
        # results are delivered as notebooks, and the library belongs to the server that may run here
        settings = replace(settings, library=replace(settings.library, url=OFF))
    configure_logs(settings if options.verbose else _quiet(settings))
    for warning in settings_warnings(settings):
        print(warning.text, file=sys.stderr)
    collect_rarely()
    return _run(options, settings)


def _run(options: argparse.Namespace, settings: Settings) -> int:
    if options.command == "simulate":
        return simulate(options.host, options.port, options.script)
    if options.command == "token":
        print(make_token(options.name, options.scope, settings.access.tokens))
        return 0
    if options.command in {"conform", "receipt", "verify", "rejudge"}:
        return _run_on_results(options, settings)
    if run := _ASYNC.get(options.command):
        return asyncio.run(run(settings, options))
    if options.command == "demo":
        hunt_options = HuntOptions((str(data_path("examples/word-budget.ipynb")),), ("simulated/hasty",), hunts=16)
        return asyncio.run(hunt(settings, hunt_options))
    if len(options.models) > MAX_MODELS:
        raise BadInput(f"{len(options.models)} models exceed the maximum per run ({MAX_MODELS}).")
    stop = stop_rule(options.stop)
    hunt_options = HuntOptions(
        tuple(options.notebooks),
        target_requests(options.models, options.parameters or ()),
        options.hunts,
        judge_choice(options.judge, options.judge_set),
        options.out,
        as_json=options.json,
        confirm=options.confirm_criteria,
        pass_rule=options.pass_rule,
        judge_cut_replies=options.judge_cut_replies,
        stop=stop,
        second_opinions=second_opinions(options.confirm_judge, options.confirm, options.max_extra_calls, stop),
        allocation=options.allocation,
    )
    return asyncio.run(hunt(settings, hunt_options))


def _tasks(settings: Settings, options: argparse.Namespace) -> Coroutine[None, None, int]:
    query = TaskQuery(
        owner=options.owner,
        states=tuple(options.states),
        archived=options.archived,
        text=" ".join(options.words),
        after=read_cursor(options.after),
        limit=options.limit,
    )
    return show_tasks(settings.library, query, as_json=options.json)


def _library(settings: Settings, options: argparse.Namespace) -> Coroutine[None, None, int]:
    if options.action == "import":
        return import_tasks(settings, options.folder)
    if options.action == "export":
        return export_tasks(settings, ExportOrder(options.owner, options.since, options.until), options.out)
    return delete_tasks(settings, DeleteOptions(options.owner, options.since, options.until, yes=options.yes))


def _check(settings: Settings, options: argparse.Namespace) -> Coroutine[None, None, int]:
    if options.edits_by and not options.two_sided:
        raise BadInput("--edits-by is part of the two-sided check.", hint="Add --two-sided.")
    how = {"as_json": options.json, "confirm": options.confirm_criteria, "pass_rule": options.pass_rule}
    how["edits_by"] = options.edits_by if options.two_sided else None
    return check(settings, options.notebooks, judge_choice(options.judge, options.judge_set), **how)


def _robustness(settings: Settings, options: argparse.Namespace) -> Coroutine[None, None, int]:
    wanted = RobustnessOptions(
        options.notebooks,
        judge_choice(options.judge, options.judge_set),
        options.replies,
        options.families,
        as_json=options.json,
        yes=options.yes,
    )
    return report_robustness(settings, wanted)


def _judges(settings: Settings, options: argparse.Namespace) -> Coroutine[None, None, int]:
    if options.action != "rejudge":
        return show_judges(settings, as_json=options.json)
    rejudge_options = RejudgeOptions(
        options.since,
        judge_choice(options.judge, options.judge_set),
        options.max_calls,
        options.repeat_after_days,
        yes=options.yes,
        as_json=options.json,
    )
    return rejudge(settings, rejudge_options)


def _models(settings: Settings, options: argparse.Namespace) -> Coroutine[None, None, int]:
    return list_models(settings, options.words, options.limit, as_json=options.json)


_ASYNC: Mapping[str, Callable[[Settings, argparse.Namespace], Coroutine[None, None, int]]] = {
    "models": _models,
    "tasks": _tasks,
    "library": _library,
    "judges": _judges,
    "check": _check,
    "robustness": _robustness,
}


def _run_on_results(options: argparse.Namespace, settings: Settings) -> int:
    """Commands about finished notebooks and receipts."""
    if options.command == "receipt":
        return write_receipt(options.notebook, options.hunt, options.out)
    if options.command == "verify":
        return verify(options.receipt, options.notebook, as_json=options.json)
    if options.command == "rejudge":
        chosen = judge_choice(options.judge, options.judge_set)
        return asyncio.run(judge_receipt(settings, options.receipt, chosen, as_json=options.json))
    outputs = (options.out, options.jsonl, options.samples, options.json)
    return conform(ConformOptions(tuple(options.notebooks), *outputs))


def _quiet(settings: Settings) -> Settings:
    """Commands print their own output, so only warnings are logged without -v."""
    quiet = replace(settings.server, log_level="warning")
    return replace(settings, server=quiet) if settings.server.log_level == "info" else settings
